"""Where people are who have agreed to it: each look-up is on record before it is answered."""

import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict

from web.access import Access, Desk
from web.backend import AccessLog, DatabaseAway
from web.problem import Problem
from web.recording import CLIENT, access_of


class UtmPoint(BaseModel):
    """A point on the UTM grid; `zone` with its latitude band; metres."""

    zone: str
    easting: float
    northing: float


class Place(BaseModel):
    """A point of WGS84 in degrees, with the radius in metres within which the device was `at` that time.

    `utm` is null beyond 84 degrees north and 80 south.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "source": "mobile:telenor",
                    "at": 1795330512.4,
                    "latitude": 55.6761,
                    "longitude": 12.5683,
                    "accuracy": 250.0,
                    "utm": {"zone": "33U", "easting": 347077.5, "northing": 6172710.1},
                }
            ]
        }
    )

    source: str
    at: float
    latitude: float
    longitude: float
    accuracy: float
    utm: UtmPoint | None


def routes(access: Access, log: AccessLog) -> APIRouter:
    """The endpoints."""
    router = APIRouter(tags=["locations"])
    looker = Annotated[Desk, Depends(access.to("location"))]

    async def keep(request: Request, status: int) -> None:
        try:
            await log.keep(access_of(request.scope, status, time.time()))
        except DatabaseAway as away:
            expected = "it to put the look-up on record; try again"
            raise Problem(503, "database", "", expected, {"Retry-After": "5"}) from away
        request.scope[CLIENT] = None

    @router.get("/states/{person}/location", response_model=Place, summary="Where somebody is who has agreed to it")
    async def location(person: str, request: Request, desk: looker) -> Any:
        """409 for whoever has not agreed, 404 where it is not known or was deleted as too old."""
        try:
            place = await desk.ask("api-location", person=person)
        except Problem as problem:
            await keep(request, problem.status)
            raise
        await keep(request, 200)
        return place

    return router
