"""A simulated server on a port of loopback, within the loop that runs."""

import asyncio
import contextlib
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

HOST = "127.0.0.1"


class _Server(uvicorn.Server):
    """Signals are the business of who runs it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class PortTaken(OSError):
    """Something else listens at the port."""


class LoopbackServer:
    """Serves an ASGI application by HTTP from `start` until `stop`."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._port = port
        settings = uvicorn.Config(
            app, HOST, port, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1
        )
        self._server = _Server(settings)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Return when it listens. Raises PortTaken."""
        self._serving = asyncio.ensure_future(self._serve())
        while not self._server.started:
            await asyncio.wait({self._serving}, timeout=0.02)
            if self._serving.done():
                self._serving.result()

    async def until_over(self) -> None:
        """Wait until it ends by itself."""
        assert self._serving is not None
        await self._serving

    async def stop(self) -> None:
        self._server.should_exit = True
        if self._serving is not None:
            await asyncio.wait({self._serving})

    async def _serve(self) -> None:
        try:
            await self._server.serve()
        except SystemExit:
            # Uvicorn's way to say so.
            raise PortTaken(f"port {self._port} on {HOST} cannot be had") from None
