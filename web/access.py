"""Who asks, and whether they may: a bearer token (RFC 6750) with the scope that the endpoint needs."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.requests import HTTPConnection

from provisioning.tokens import Client, Scope
from web.backend import Clients, DatabaseAway, Signalling, SignallingAway
from web.problem import Problem
from web.rate_limit import RateLimit
from web.recording import CLIENT

_BEARER = HTTPBearer(auto_error=False, description="A token of `lampfield token add`.")


class Desk:
    """A client who was let in, and what is asked for it: always of its own company."""

    def __init__(self, client: Client, signalling: Signalling, welcome: Callable[[], Awaitable[bool]]) -> None:
        self.client = client
        self.welcome = welcome
        """Whether the token is valid still: to be asked by what goes on for long."""
        self._signalling = signalling

    async def ask(self, verb: str, **arguments: str) -> Any:
        """What signalling answers. Raises Problem where it refuses, or is away."""
        try:
            answer = await self._signalling.ask(verb, {"company": self.client.company, **arguments})
        except SignallingAway as away:
            raise Problem(503, "signalling", str(away), "it to answer; try again", {"Retry-After": "2"}) from away
        if isinstance(answer, dict) and "refused" in answer:
            raise Problem(**answer["refused"])
        return answer


class Access:
    """Lets clients in."""

    def __init__(self, clients: Clients, signalling: Signalling, limit: RateLimit) -> None:
        self._clients = clients
        self._signalling = signalling
        self._limit = limit

    def to(self, scope: Scope) -> Callable[..., Awaitable[Desk]]:
        """A dependency that lets in who has the scope."""

        async def let_in(
            request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
        ) -> Desk:
            return await self.let_in(scope, credentials.credentials if credentials is not None else None, request)

        return let_in

    async def let_in(self, scope: Scope, token: str | None, connection: HTTPConnection) -> Desk:
        """Let in who has the token and the scope. Raises Problem."""
        client = await self._client(token)
        connection.scope[CLIENT] = client
        wait = self._limit.seconds_to_wait(f"{client.company}/{client.name}")
        if wait:
            raise Problem(429, "requests", client.name, "fewer in a minute", {"Retry-After": str(wait)})
        if scope not in client.scopes:
            raise Problem(403, "token", client.name, f"one with the scope {scope}")

        async def welcome() -> bool:
            try:
                return scope in (await self._client(token)).scopes
            except Problem as problem:
                # While the database is away nobody who was let in is sent away.
                return problem.status == 503

        return Desk(client, self._signalling, welcome)

    async def _client(self, token: str | None) -> Client:
        try:
            client = None if token is None else await self._clients.find(token)
        except DatabaseAway as away:
            raise Problem(503, "database", "", "it to answer; try again", {"Retry-After": "5"}) from away
        if client is None:
            # Of the token nothing is said: what was sent may have been a password meant for something else.
            raise Problem(401, "Authorization", "", "Bearer and a token that is valid", {"WWW-Authenticate": "Bearer"})
        return client
