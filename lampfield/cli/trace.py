"""`lampfield trace`: SIP messages as they pass, as a ladder."""

import time
from typing import Annotated, Any

import msgspec
import typer
from rich.markup import escape

from lampfield.cli.running import follow
from lampfield.cli.server_file import ConfigOption, configuration_of
from lampfield.cli.terminal import Shown
from lampfield.trace import TracedMessage

_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "red")


class Printer:
    """Prints each message; every Call-ID keeps a colour of its own."""

    def __init__(self, console: Shown, whole: bool) -> None:
        self._console = console
        self._whole = whole
        self._colours: dict[str, str] = {}

    def show(self, answer: Any) -> None:
        message = msgspec.convert(answer, TracedMessage)
        self._console.print(self.line(message), soft_wrap=True)
        if self._whole:
            self._console.print(f"[dim]{escape(message.text)}[/dim]")

    def line(self, message: TracedMessage) -> str:
        """`12:00:01.234  udp 127.0.0.1:5071 ───INVITE sip:201@…──▶ Lampfield   anna>201`."""
        colour = self._colours.setdefault(message.call_id, _COLOURS[len(self._colours) % len(_COLOURS)])
        clock = time.strftime("%H:%M:%S", time.localtime(message.at)) + f".{int(message.at * 1000) % 1000:03d}"
        start = escape(message.start_line[:60])
        arrow = f"──{start}──▶" if message.direction == "in" else f"◀──{start}──"
        parties = f"[dim]{escape(message.parties)}[/dim]"
        return f"[dim]{clock}[/dim] {escape(message.peer):>28} [{colour}]{arrow}[/] Lampfield  {parties}"


def trace(
    config: ConfigOption = None,
    phone: Annotated[str | None, typer.Option(help="Only this phone: an extension, an id or an address.")] = None,
    call: Annotated[str | None, typer.Option(help="Only the call with this in its Call-ID.")] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="Show whole messages, without passwords and pressed keys.")
    ] = False,
) -> None:
    """Follow the SIP messages of the running server as a ladder, until Ctrl-C.

    Examples:  lampfield trace --phone 201      lampfield trace --call 8f3a --whole
    """
    arguments = {name: value for name, value in (("phone", phone), ("call", call)) if value is not None}
    follow(configuration_of(config), "trace", arguments, Printer(Shown(markup=True), whole).show)
