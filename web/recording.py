"""Puts on record what each client asks: an ASGI middleware around the whole application."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from provisioning.accesses import Access
from provisioning.tokens import Client
from web.backend import AccessLog

CLIENT = "lampfield.client"
"""Where the connection's scope has the client, once it is known, and None where it is on record already."""
TOO_MANY = "*"
"""The path on record of all that was refused as too much."""


class Recording:
    """Records as the answer begins; who is nobody's client leaves no record."""

    def __init__(self, app: ASGIApp, log: AccessLog, clock: Callable[[], float]) -> None:
        self._app = app
        self._log = log
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            status = _status(message)
            if status is not None and scope.get(CLIENT) is not None:
                self._log.put(access_of(scope, status, self._clock()))
            await send(message)

        await self._app(scope, receive, sending)


def access_of(scope: Any, status: int, at: float) -> Access:
    """What is put on record of a connection's request."""
    client: Client = scope[CLIENT]
    query = scope["query_string"].decode("latin-1")
    path = f"{scope['path']}?{query}" if query else scope["path"]
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        # Nothing was told, and of these there is no limit: each by itself would fill the disk.
        path = TOO_MANY
    return Access(client.company, client.name, at, scope.get("method", "WEBSOCKET"), path, status)


def _status(message: Message) -> int | None:
    match message["type"]:
        case "http.response.start" | "websocket.http.response.start":
            return int(message["status"])
        case "websocket.accept":
            return 101
    return None
