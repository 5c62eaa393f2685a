"""People: what they want of calls to them."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from web.access import Access, Desk
from web.models import DoNotDisturb, Forward, Person, When


def routes(access: Access) -> APIRouter:
    """The endpoints."""
    router = APIRouter(tags=["people"])
    desk_of_people = Annotated[Desk, Depends(access.to("people"))]

    @router.get("/people", response_model=list[Person], summary="All people, with what they want of calls")
    async def people(desk: desk_of_people) -> Any:
        return await desk.ask("api-people")

    @router.get("/people/{person}", response_model=Person, summary="One of them, by id or extension")
    async def one(person: str, desk: desk_of_people) -> Any:
        return await desk.ask("api-person", person=person)

    @router.put("/people/{person}/do-not-disturb", response_model=Person)
    async def do_not_disturb(person: str, wanted: DoNotDisturb, desk: desk_of_people) -> Any:
        """Let the person's phones ring no more, or again; keys with a lamp follow."""
        return await desk.ask("api-do-not-disturb", person=person, on=_flag(wanted.on))

    @router.put("/people/{person}/forwarding/{when}", response_model=Person)
    async def forwarding(person: str, when: When, wanted: Forward, desk: desk_of_people) -> Any:
        """Have calls of a kind forwarded, or no more; without `to` where they went before."""
        seconds = "" if wanted.seconds is None else f"{wanted.seconds:g}"
        wish = {"to": wanted.to, "on": _flag(wanted.on), "seconds": seconds}
        return await desk.ask("api-forwarding", person=person, when=when, **wish)

    return router


def _flag(value: bool) -> str:
    return "true" if value else "false"
