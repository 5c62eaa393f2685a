"""Signing in with a token, and out."""

import ipaddress
import logging
import math
from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web.backend import Attempts, Clients
from web.pages.cookies import SESSION, VISITOR, forget, keep, kept
from web.pages.desk import SCOPE, PageDesk
from web.pages.rendering import Renderer, to_page
from web.pages.sessions import new_name
from web.pages.words import Fault

logger = logging.getLogger(__name__)


class SignIn:
    """The page, and what its form does. Wrong tokens are counted by the address that they come from."""

    def __init__(
        self, desk: PageDesk, clients: Clients, attempts: Attempts, renderer: Renderer, clock: Callable[[], float]
    ) -> None:
        self._desk = desk
        self._clients = clients
        self._attempts = attempts
        self._renderer = renderer
        self._clock = clock

    def routes(self) -> Sequence[Route]:
        return (
            Route("/sign-in", self.show),
            Route("/sign-in", self.sign_in, methods=["POST"]),
            Route("/sign-out", self.sign_out, methods=["POST"]),
        )

    async def show(self, request: Request) -> Response:
        """The form; for who is signed in, the overview."""
        if self._desk.sessions.find(kept(request, SESSION)) is not None:
            return to_page(request, "/pins")
        return self._form(request, "ended" if "ended" in request.query_params else None)

    async def sign_in(self, request: Request) -> Response:
        """Begin a session, if the token is right."""
        token = (await self._desk.form(request, VISITOR)).get("token", "").strip()
        if not token:
            return self._form(request, "token_missing", 422)
        source = _source(request)
        wait = self._attempts.seconds_to_wait(source, self._clock())
        if wait:
            return self._form(request, "locked", 429, math.ceil(wait))
        self._attempts.tried(source, self._clock())
        client = await self._clients.find(token)
        if client is None:
            logger.info("a wrong token at the pages, from %s", source[1])
            return self._form(request, "token_unknown", 403)
        self._attempts.right(source)
        self._desk.admit(request, client)
        if SCOPE not in client.scopes:
            return self._form(request, "token_scope", 403)
        self._desk.sessions.end(kept(request, SESSION))
        logger.info("%s: %s signed in at the pages", client.company, client.name)
        answer = to_page(request, "/pins")
        keep(request, answer, SESSION, self._desk.sessions.begin(client))
        return answer

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        await self._desk.form(request)
        self._desk.sessions.end(kept(request, SESSION))
        answer = to_page(request, "/sign-in")
        forget(request, answer, SESSION)
        return answer

    def _form(self, request: Request, fault: Fault | None, status: int = 200, wait: int = 0) -> Response:
        name = kept(request, VISITOR) or new_name()
        told = self._renderer.words(request).told(fault, wait) if fault is not None else ""
        answer = self._renderer.page(
            request, "sign_in.html", self._desk.sessions.seal(name), status, told=told, wrong=status != 200
        )
        keep(request, answer, VISITOR, name)
        if wait:
            answer.headers["Retry-After"] = str(wait)
        return answer


def _source(request: Request) -> tuple[str, str]:
    """By which attempts are counted: the address, of IPv6 its network, which somebody has whole."""
    host = request.client.host if request.client is not None else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "sign-in", host
    if address.version == 6:
        return "sign-in", str(ipaddress.ip_network((address, 64), strict=False))
    return "sign-in", host
