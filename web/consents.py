"""What people have consented to: whether operators may be asked of them, and where they are; given and taken back."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from web.access import Access, Desk


class NewConsent(BaseModel):
    """Whether the person agrees, and who says so: the person, by name, or who has asked them."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"given": True, "by": "Anna Holm"}]})

    given: bool
    by: Annotated[str, Field(min_length=1, max_length=200)]


class Consent(BaseModel):
    """What somebody has said last of a purpose; `at` is null for nothing, `client` the program that told of it."""

    purpose: str
    given: bool
    by: str
    client: str
    at: float | None


def routes(access: Access) -> APIRouter:
    """The endpoints."""
    router = APIRouter(tags=["consents"])
    keeper = Annotated[Desk, Depends(access.to("consent"))]

    @router.get("/states/{person}/consents", response_model=list[Consent], summary="What somebody has consented to")
    async def consents(person: str, desk: keeper) -> Any:
        """For each purpose what was said last: `reachability`, `roaming`, `forwarding`, `location`, `network`."""
        return await desk.ask("api-consents", person=person)

    @router.put("/states/{person}/consents/{purpose}", response_model=Consent, summary="Somebody agrees, or no more")
    async def consent(person: str, purpose: str, wanted: NewConsent, desk: keeper) -> Any:
        """At once: operators are asked no more for what is taken back, and what was kept of it is deleted."""
        given = "true" if wanted.given else "false"
        said = {"given": given, "by": wanted.by, "client": desk.client.name}
        return await desk.ask("api-consent", person=person, purpose=purpose, **said)

    return router
