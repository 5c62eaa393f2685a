"""Webhooks and wishes as the API describes them. Times are UTC epoch seconds."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Event = Literal["state", "gone", "free"]
PersonName = Annotated[str, Field(min_length=1, max_length=255)]


class NewWebhook(BaseModel):
    """Where to tell changes: of which `people`, by id or extension (none: of all), and which events.

    Requests bear `Lampfield-Signature: t=SECONDS,v1=HEX`: the HMAC-SHA256 by `secret` of t, a dot and the body.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"url": "https://crm.example/lampfield", "secret": "only-the-two-of-us-know", "people": ["anna"]}
            ]
        },
    )

    url: Annotated[str, Field(max_length=2000, pattern=r"^https?://[!-~]+$")]
    secret: Annotated[str, Field(min_length=16, max_length=200, pattern=r"^[!-~]+$")]
    people: Annotated[list[PersonName], Field(max_length=1000)] = []
    events: Annotated[list[Event], Field(min_length=1, max_length=3)] = ["state", "gone", "free"]


class ToldWebhook(BaseModel):
    """How a webhook stands: `why` it fails, or was ended."""

    id: str
    url: str
    people: list[str]
    events: list[Event]
    made_at: float
    state: Literal["active", "failing", "ended"]
    why: str
    failures: int
    failing_since: float | None
    delivered_at: float | None
    ended_at: float | None


class NewWish(BaseModel):
    """For whom to wait, by id or extension, and for how long."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"person": "anna", "seconds": 3600}]})

    person: PersonName
    seconds: Annotated[float, Field(ge=1, le=604_800)] = 3600


class Wish(BaseModel):
    """A client waits for somebody; `free` once it was told."""

    id: str
    person: str
    state: Literal["waiting", "free", "expired"]
    made_at: float
    expires_at: float
    free_at: float | None
