"""An ASGI application served on loopback within the running loop, also one in virtual time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    """Gives the URL, without a slash at its end.

    Not `uvicorn.Server`: that looks at the clock ten times a second, and an hour of virtual time has many of those.
    Bound by host and port, for only then asyncio sets TCP_NODELAY: Nagle's algorithm waits by no virtual clock.
    """
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", ws="websockets-sansio", timeout_keep_alive=86_400
    )
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(lambda: H11Protocol(config, state, {}), "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for connection in list(state.connections):
            connection.shutdown()
        for task in list(state.tasks):
            task.cancel()
        await asyncio.gather(*state.tasks, return_exceptions=True)
