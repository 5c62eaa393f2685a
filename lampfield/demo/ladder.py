"""The demo's steps, told as a readable ladder."""

import time
from collections.abc import Callable

from rich.console import Console
from rich.markup import escape


class Ladder:
    """Prints each step as it happens and remembers it, so that the end can say what was missing."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._start = clock()
        self._seen: dict[str, float] = {}

    def title(self, text: str) -> None:
        self._console.print(f"\n[bold]{escape(text)}[/bold]")

    def arrow(self, source: str, target: str, what: str, note: str = "") -> None:
        """One line: `source ── what ──▶ target`."""
        arrow = f"[cyan]{escape(source):>18}[/cyan] ── {escape(what)} ──▶ [cyan]{escape(target)}[/cyan]"
        self._console.print(f"[dim]{self._clock() - self._start:7.2f}[/dim] {arrow}  [dim]{escape(note)}[/dim]")

    def lamp(self, watcher: str, person: str, state: str, peer: str) -> None:
        """A watching lamp changed."""
        colour = {"idle": "green", "ringing": "yellow", "calling": "yellow", "talking": "red", "hold": "magenta"}
        light = f"[{colour.get(state, 'white')}]●[/] {escape(state)}"
        with_whom = f" [dim]with {escape(peer)}[/dim]" if peer else ""
        self._console.print(
            f"[dim]{self._clock() - self._start:7.2f}[/dim] {escape(watcher):>18}    lamp "
            f"[bold]{escape(person)}[/bold] {light}{with_whom}"
        )

    def seen(self, step: str) -> None:
        """Note that a step that the demo must show was seen."""
        self._seen.setdefault(step, self._clock() - self._start)

    def missing(self, expected: list[str]) -> list[str]:
        """Those of the expected steps that were not seen."""
        return [step for step in expected if step not in self._seen]
