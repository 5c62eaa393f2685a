"""Opening hours and their switches."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from web.access import Access, Desk
from web.models import Hours, Switch


def routes(access: Access) -> APIRouter:
    """The endpoints."""
    router = APIRouter(tags=["hours"])
    client = Annotated[Desk, Depends(access.to("hours"))]

    @router.get("/hours", response_model=list[Hours], summary="Open or closed, why, and until when")
    async def all_hours(desk: client) -> Any:
        return await desk.ask("api-hours")

    @router.put("/hours/{hours}/switch", response_model=Hours, summary="Turn the switch")
    async def switch(hours: str, to: Switch, desk: client) -> Any:
        """Open or close by hand, or leave it to the calendar."""
        return await desk.ask("api-switch", hours=hours, position=to.position)

    return router
