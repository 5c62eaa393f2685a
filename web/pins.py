"""PINs of people and of groups' boxes: who has one, a new one, one that was chosen, none."""

from collections.abc import Awaitable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Response

from provisioning.pins import fault_of, new_pin
from web.access import Access, Desk
from web.backend import DatabaseAway, NoPinOwner, Pins
from web.models import ChosenPin, MadePin, PinOwner
from web.problem import Discreet, Problem

T = TypeVar("T")


def routes(access: Access, pins: Pins) -> APIRouter:
    """The endpoints. Whoever has a PIN hears the messages that it opens, so the scope is one of its own."""
    router = APIRouter(tags=["pins"], route_class=Discreet)
    client = Annotated[Desk, Depends(access.to("pins"))]

    @router.get("/pins", response_model=list[PinOwner], summary="Who has a PIN, and since when")
    async def owners(desk: client) -> Any:
        return [
            {"owner": owner, "set_at": at} for owner, at in (await _asked(pins.set_at(desk.client.company))).items()
        ]

    @router.post(
        "/pins/{owner}", response_model=MadePin, summary="Ask for a new PIN, which is told now and never again"
    )
    async def make(owner: str, desk: client, response: Response) -> Any:
        """`owner` is a person, by id or extension, or a group's box. It is valid at once."""
        fresh = new_pin()
        response.headers["Cache-Control"] = "no-store"
        return {"owner": await _named(owner, pins.put(desk.client.company, owner, fresh)), "pin": fresh}

    @router.put("/pins/{owner}", status_code=204, response_class=Response, summary="Change it to one that was chosen")
    async def choose(owner: str, chosen: ChosenPin, desk: client) -> None:
        """Refused are those that would be guessed first. Errors never repeat what was sent."""
        if (fault := fault_of(chosen.pin)) is not None:
            raise Problem(422, "pin", "", fault)
        await _named(owner, pins.put(desk.client.company, owner, chosen.pin))

    @router.delete("/pins/{owner}", status_code=204, response_class=Response, summary="Take it away")
    async def remove(owner: str, desk: client) -> None:
        """From outside nobody gets in without a PIN."""
        await _named(owner, pins.remove(desk.client.company, owner))

    return router


async def _named(owner: str, work: Awaitable[T]) -> T:
    try:
        return await _asked(work)
    except NoPinOwner as unknown:
        raise Problem(404, "owner", owner, f"a person or a box: one of {', '.join(unknown.known)}") from unknown


async def _asked(work: Awaitable[T]) -> T:
    try:
        return await work
    except DatabaseAway as away:
        raise Problem(503, "database", "", "it to answer; try again", {"Retry-After": "5"}) from away
