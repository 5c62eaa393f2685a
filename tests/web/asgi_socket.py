"""A client's end of a WebSocket to an ASGI application, in memory."""

import asyncio
import json
from types import TracebackType
from typing import Any

from starlette.types import ASGIApp


class AsgiSocket:
    """Connects at its begin; at its end the client leaves, if the other side has not."""

    def __init__(self, app: ASGIApp, path: str, query: str, token: str) -> None:
        self._app = app
        self._scope = {
            "type": "websocket",
            "scheme": "ws",
            "path": path,
            "query_string": query.encode(),
            "headers": [(b"authorization", f"Bearer {token}".encode())],
            "subprotocols": [],
            "extensions": {"websocket.http.response": {}},
        }
        self._in: asyncio.Queue[Any] = asyncio.Queue()
        self._out: asyncio.Queue[Any] = asyncio.Queue()

    async def __aenter__(self) -> "AsgiSocket":
        self._task = asyncio.ensure_future(self._app(self._scope, self._in.get, self._out.put))
        await self._in.put({"type": "websocket.connect"})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._in.put({"type": "websocket.disconnect", "code": 1001})
        await self._task

    async def say(self, said: str | bytes) -> None:
        await self._in.put({"type": "websocket.receive", "text" if isinstance(said, str) else "bytes": said})

    async def next(self) -> Any:
        """The next that the application does: an ASGI message."""
        return await self._out.get()

    async def told(self) -> Any:
        """The next JSON that it sends."""
        while (message := await self.next())["type"] != "websocket.send":
            assert message["type"] == "websocket.accept", message
        return json.loads(message["text"])
