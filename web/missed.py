"""The callers whom a queue has missed, as its members share them."""

import time
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Response

from web.access import Access, Desk
from web.backend import DatabaseAway, MissedCalls
from web.models import Handled, Missed
from web.problem import Problem

DAY = 86_400.0
_DAYS = Query(gt=0, le=366, description="How far to look back.")


def routes(access: Access, missed: MissedCalls) -> APIRouter:
    """The endpoints."""
    router = APIRouter(tags=["missed calls"])
    client = Annotated[Desk, Depends(access.to("missed"))]

    @router.get("/queues/{queue}/missed", response_model=list[Missed], summary="Whom the queue has missed")
    async def missed_calls(queue: str, desk: client, days: Annotated[float, _DAYS] = 7, handled: bool = False) -> Any:
        """Latest first; `handled` shows also those who need nothing more."""
        await desk.ask("api-queue", queue=queue)
        try:
            found = await missed.of(desk.client.company, queue, time.time() - days * DAY)
        except DatabaseAway as away:
            raise _no_database() from away
        return [msgspec.to_builtins(each) for each in found if handled or each.state != "handled"]

    @router.post("/queues/{queue}/missed/{number}/handled", status_code=204, response_class=Response)
    async def mark(queue: str, number: str, who: Handled, desk: client, days: Annotated[float, _DAYS] = 7) -> None:
        """Note that somebody has seen to this caller; `number` may be the id of the call instead."""
        members = (await desk.ask("api-queue", queue=queue))["members"]
        if who.by not in [member["member"] for member in members]:
            raise Problem(422, "by", who.by, f"one of {', '.join(member['member'] for member in members)}")
        now = time.time()
        try:
            marked = await missed.handled(desk.client.company, queue, number, who.by, now, now - days * DAY)
        except DatabaseAway as away:
            raise _no_database() from away
        if not marked:
            raise Problem(404, "number", number, "the number, or call, of one that is not handled yet")

    return router


def _no_database() -> Problem:
    return Problem(503, "database", "", "it to answer; try again", {"Retry-After": "5"})
