"""How long a request may be: its body is read into memory before it is known who sends it."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 1_000_000


class BodyLimit:
    """An ASGI middleware. Paths below `large` set limits of their own, once they know who sends."""

    def __init__(self, app: ASGIApp, large: str) -> None:
        self._app = app
        self._large = large

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(self._large):
            await self._app(scope, receive, send)
            return
        size = 0

        async def receiving() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > MOST_BYTES:
                raise HTTPException(413, f"at most {MOST_BYTES} bytes")
            return message

        await self._app(scope, receiving, send)
