"""The pages as one ASGI application, to be mounted in that of the API."""

from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from web.backend import Attempts, Clients, DatabaseAway, NoPinOwner, Pins
from web.pages.desk import PageDesk, PageRefused, SignInFirst
from web.pages.pins import PinPages
from web.pages.rendering import TEMPLATES, Guarded, Renderer, to_page
from web.pages.sessions import Sessions
from web.pages.sign_in import SignIn
from web.pages.words import Fault
from web.rate_limit import RateLimit


def create_pages(
    renderer: Renderer, clients: Clients, pins: Pins, attempts: Attempts, limit: RateLimit, clock: Callable[[], float]
) -> ASGIApp:
    """The pages of self-service. `clock` is monotonic seconds."""
    desk = PageDesk(Sessions(clock), clients, limit)
    pages = Starlette(
        routes=[
            Route("/", _begin),
            *SignIn(desk, clients, attempts, renderer, clock).routes(),
            *PinPages(desk, pins, renderer).routes(),
            Mount("/static", StaticFiles(directory=TEMPLATES.with_name("static"))),
        ],
        exception_handlers=_Refusals(renderer).handlers(),
    )
    # Around all of it, so that no answer is without the guards, not even that to a fault of ours.
    return Guarded(pages)


async def _begin(request: Request) -> Response:
    return to_page(request, "/pins")


class _Refusals:
    """What goes wrong, as pages that say what to do."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer

    def handlers(self) -> dict[Any, Any]:
        """By exception."""
        return {
            SignInFirst: self._sign_in_first,
            PageRefused: self._refused,
            NoPinOwner: self._no_owner,
            DatabaseAway: self._database_away,
            HTTPException: self._no_page,
            ClientDisconnect: self._gone,
            Exception: self._fault,
        }

    async def _sign_in_first(self, request: Request, refusal: SignInFirst) -> Response:
        return to_page(request, "/sign-in?ended" if refusal.ended else "/sign-in")

    async def _refused(self, request: Request, refusal: PageRefused) -> Response:
        return self._told(request, refusal.status, refusal.fault, refusal.wait)

    async def _no_owner(self, request: Request, _: NoPinOwner) -> Response:
        return self._told(request, 404, "no_such_owner")

    async def _database_away(self, request: Request, _: DatabaseAway) -> Response:
        return self._told(request, 503, "database_away", 5)

    async def _no_page(self, request: Request, error: HTTPException) -> Response:
        answer = self._told(request, error.status_code, "no_such_page")
        answer.headers.update(error.headers or {})
        return answer

    async def _gone(self, request: Request, _: ClientDisconnect) -> Response:
        return self._told(request, 400, "stale_form")

    async def _fault(self, request: Request, _: Exception) -> Response:
        return self._told(request, 500, "fault")

    def _told(self, request: Request, status: int, fault: Fault, wait: int = 0) -> Response:
        told = self._renderer.words(request).told(fault, wait)
        answer = self._renderer.page(request, "refused.html", status=status, told=told)
        if wait:
            answer.headers["Retry-After"] = str(wait)
        return answer
