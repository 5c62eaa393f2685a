"""`lampfield demo`: a whole call on this machine."""

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from lampfield.child import ChildFailed
from lampfield.cli.terminal import give_up
from lampfield.demo.play import demo as play
from lampfield.demo.world import DemoCannotStart
from sipcore.io.listener import ListenError


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="End after the call; status 0 only if every step was seen.")
    ] = False,
) -> None:
    """Start a server with the example company, play a whole call with simulated phones, and stay up for your softphone.

    Examples: `lampfield demo`, `lampfield demo --once`
    """
    try:
        complete = asyncio.run(play(Console(highlight=False), once=once))
    except (ChildFailed, DemoCannotStart, ListenError, OSError) as error:
        give_up(f"The demo cannot start: {error}")
    if not complete:
        raise typer.Exit(1)
