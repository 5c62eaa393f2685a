"""Who may come to the pages: cookies, seals of forms, and the session behind them."""

from typing import NamedTuple
from urllib.parse import parse_qs

from starlette.requests import Request

from provisioning.tokens import Client, Scope
from web.backend import Clients
from web.pages.cookies import SESSION, kept
from web.pages.sessions import Session, Sessions
from web.pages.words import Fault
from web.rate_limit import RateLimit
from web.recording import CLIENT

SCOPE: Scope = "pins"
MOST_IN_FORM = 4096
"""Bytes."""
SEAL = "seal"
"""The field of each form that tells that it is from a page of ours."""


class PageRefused(Exception):
    """The page cannot be shown."""

    def __init__(self, status: int, fault: Fault, *, wait: int = 0) -> None:
        super().__init__(fault)
        self.status = status
        self.fault = fault
        self.wait = wait
        """Seconds after which it can."""


class SignInFirst(Exception):
    """Nobody is signed in with this browser; `ended` where somebody was."""

    def __init__(self, *, ended: bool) -> None:
        super().__init__()
        self.ended = ended


class Visit(NamedTuple):
    """A request of somebody who is signed in."""

    session: Session
    seal: str


class PageDesk:
    """Lets people in by their cookies, as `web.access` does programs by their tokens."""

    def __init__(self, sessions: Sessions, clients: Clients, limit: RateLimit) -> None:
        self.sessions = sessions
        self._clients = clients
        self._limit = limit

    async def visit(self, request: Request) -> Visit:
        """Who is signed in. Raises SignInFirst, also where the token was revoked or replaced since; PageRefused."""
        name = kept(request, SESSION)
        session = self.sessions.find(name)
        if session is None:
            raise SignInFirst(ended=bool(name))
        client = await self._clients.named(session.client.company, session.client.name)
        if client is None or client.made_at != session.client.made_at or SCOPE not in client.scopes:
            self.sessions.end(name)
            raise SignInFirst(ended=True)
        self.admit(request, client)
        return Visit(session, self.sessions.seal(name))

    def admit(self, request: Request, client: Client) -> None:
        """Put the request on the client's account and on record. Raises PageRefused."""
        request.scope[CLIENT] = client
        wait = self._limit.seconds_to_wait(f"{client.company}/{client.name}")
        if wait:
            raise PageRefused(429, "too_many", wait=wait)

    async def form(self, request: Request, cookie: str = SESSION) -> dict[str, str]:
        """What was filled in on a page of ours in the browser that has the cookie. Raises PageRefused for any other."""
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MOST_IN_FORM:
                raise PageRefused(413, "too_large")
        try:
            fields = parse_qs(body.decode("ascii"), max_num_fields=20)
        except ValueError as error:  # UnicodeDecodeError is one
            raise PageRefused(403, "stale_form") from error
        form = {field: values[0] for field, values in fields.items()}
        # Browsers say themselves where a form comes from (W3C Fetch Metadata §2.4); the seal is for those that do not.
        from_here = request.headers.get("sec-fetch-site", "same-origin") == "same-origin"
        if not (from_here and self.sessions.sealed(kept(request, cookie), form.get(SEAL, ""))):
            raise PageRefused(403, "stale_form")
        return form
