"""The API as one ASGI application, with the pages in it."""

from typing import Any

from fastapi import APIRouter, FastAPI, Response
from starlette.types import ASGIApp

from web import (
    adapters,
    consents,
    hours,
    locations,
    missed,
    people,
    pins,
    queues,
    sounds,
    state_socket,
    states,
    voicemail,
    webhooks,
)
from web.access import Access
from web.backend import Clients, DatabaseAway, MissedCalls, Pins, Signalling, SignallingAway, Sounds
from web.body_limit import BodyLimit
from web.models import Health, ProblemModel
from web.problem import MEDIA_TYPE, install
from web.rate_limit import RateLimit
from web.recording import Recording
from web.status_interface import StatusInterface

PREFIX = "/api/v1"
PAGES = "/self-service"


def create_app(
    signalling: Signalling,
    clients: Clients,
    shelves: Sounds,
    missed_calls: MissedCalls,
    pin_table: Pins,
    statuses: StatusInterface,
    limit: RateLimit,
    pages: ASGIApp,
) -> FastAPI:
    """The application; its description is at /api/v1/openapi.json. `pages` are those of self-service."""
    problem: dict[str, Any] = {"model": ProblemModel, "content": {MEDIA_TYPE: {}}}
    app = FastAPI(
        title="Lampfield",
        version="1",
        description="What one company has and does: the one that the token is for.",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses={"4XX": problem | {"description": "Something in the request"}},
    )
    install(app)
    app.add_middleware(BodyLimit, large=f"{PREFIX}/sounds/")
    app.add_middleware(Recording, log=statuses.log, clock=statuses.clock)
    boards = statuses.boards
    access = Access(clients, signalling, limit)
    for router in (
        _health(signalling, clients),
        queues.routes(access),
        missed.routes(access, missed_calls),
        hours.routes(access),
        adapters.routes(access),
        people.routes(access),
        pins.routes(access, pin_table),
        voicemail.routes(access),
        sounds.routes(access, shelves),
        states.routes(access, boards, statuses.streams),
        state_socket.routes(access, boards, statuses.streams),
        locations.routes(access, statuses.log),
        consents.routes(access),
        webhooks.webhook_routes(access, boards, statuses.couriers, statuses.url_fault),
        webhooks.when_free_routes(access, boards, statuses.free),
    ):
        app.include_router(router, prefix=PREFIX)
    app.mount(PAGES, pages)
    return app


def _health(signalling: Signalling, clients: Clients) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/health", response_model=Health, summary="For watchdogs; needs no token")
    async def health(response: Response) -> Any:
        """200 where all is well, else 503."""
        try:
            await signalling.ask("status", {})
            await clients.find("")
        except SignallingAway:
            response.status_code = 503
            return {"status": "signalling away"}
        except DatabaseAway:
            response.status_code = 503
            return {"status": "database away"}
        return {"status": "ok"}

    return router
