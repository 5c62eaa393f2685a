"""`lampfield simulate`: the servers of a simulated world, on loopback."""

import asyncio
import time
from typing import Annotated

import typer

from lampfield.cli.terminal import give_up, out
from status_adapters.simulated.loopback import HOST, LoopbackServer, PortTaken
from status_adapters.simulated.world import SERVERS, SimulatedWorld

app = typer.Typer(help="Simulated servers, to try adapters against.", no_args_is_help=True)


@app.callback()
def simulate() -> None:
    """Simulated servers, to try adapters against."""


@app.command("operators")
def operators(
    port: Annotated[int, typer.Option(help="The port on 127.0.0.1.", min=1, max=65535)] = 8099,
) -> None:
    """Play operators, calendars and other systems on loopback, each below its own path, until Ctrl-C.

    Faults are ordered by HTTP: `curl -X PUT -d '{"kind": "slow", "seconds": 2}' 127.0.0.1:8099/faults/operator`

    Example: `lampfield simulate operators --port 8099`
    """
    try:
        asyncio.run(_serve(port))
    except PortTaken as taken:
        give_up(str(taken))
    except KeyboardInterrupt:
        return


async def _serve(port: int) -> None:
    world = SimulatedWorld(time.time)
    server = LoopbackServer(world, port)
    try:
        await server.start()
        for name in SERVERS:
            out().print(f"http://{HOST}:{port}/{name}/")
        await server.until_over()
    finally:
        await world.close()
        await server.stop()
