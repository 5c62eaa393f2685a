"""The calls in progress, as a table that keeps itself up to date."""

import time
from collections.abc import Sequence
from typing import Any

import msgspec
from rich.live import Live
from rich.table import Table
from rich.text import Text

from lampfield.cli.running import follow
from lampfield.cli.terminal import out
from lampfield.configuration import Configuration
from lampfield.live_call import LiveCall

_COLOURS = {
    "ringing": "yellow",
    "menu": "cyan",
    "queue": "magenta",
    "talking": "green",
    "hold": "blue",
    "parked": "blue",
}


def watch_calls(configuration: Configuration) -> None:
    """Show the calls in progress until Ctrl-C, once where no terminal shows them. Status 1 when no server runs."""
    console = out()
    if not console.is_terminal:
        follow(configuration, "calls", {}, lambda answer: console.print(_table_of(answer)), once=True)
        return
    with Live(live_table([], time.time()), console=console, refresh_per_second=4) as live:

        def show(answer: Any) -> None:
            live.update(_table_of(answer))

        follow(configuration, "calls", {}, show)


def _table_of(answer: Any) -> Table:
    return live_table(msgspec.convert(answer, list[LiveCall]), time.time())


def live_table(calls: Sequence[LiveCall], now: float) -> Table:
    """The calls as they are at `now` (UTC epoch seconds), oldest first."""
    table = Table(title=f"{len(calls)} calls in progress", title_justify="left")
    for heading in ("began", "caller", "dialled", "state", "where", "for"):
        table.add_column(heading)
    for call in calls:
        colour = _COLOURS.get(call.stage, "white")
        table.add_row(
            time.strftime("%H:%M:%S", time.localtime(call.started)),
            call.caller,
            call.dialled,
            Text(call.stage, colour),
            call.where,
            f"{max(0, round(now - call.since))} s",
        )
    return table
