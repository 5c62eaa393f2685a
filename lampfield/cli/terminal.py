"""What the commands have in common: telling what is, and what is wrong."""

import re
from collections.abc import Sequence
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.text import Text

PIPE_WIDTH = 200
"""Columns of a table that no terminal shows."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""What a terminal obeys and does not show, but for the ends of lines and tabs."""


class Shown(Console):
    """Shows text as it is: callers choose their names, and what a stranger has sent is neither markup nor command."""

    def __init__(self, *, markup: bool = False, **options: Any) -> None:
        super().__init__(highlight=False, markup=markup, emoji=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(_CONTROL.sub("\ufffd", text), **options)


def out() -> Shown:
    """Standard output. Into a file or a pipe, lines are as long as their content asks for, up to a limit."""
    console = Shown()
    return console if console.is_terminal else Shown(width=PIPE_WIDTH)


def complain(heading: str, errors: Sequence[str] = (), *, style: str = "bold red") -> None:
    """Tell on standard error what is wrong, one thing a line."""
    console = Shown(stderr=True, soft_wrap=True)
    console.print(heading, style=style)
    for error in errors:
        console.print(f"  {error}")


def warn(heading: str, warnings: Sequence[str]) -> None:
    """Tell on standard error what is probably not meant, where there is such."""
    if warnings:
        complain(f"{heading}: {counted(warnings, 'warning')}", warnings, style="bold yellow")


def give_up(heading: str, errors: Sequence[str] = ()) -> NoReturn:
    """Complain and end with status 1."""
    complain(heading, errors)
    raise typer.Exit(1)


def counted(errors: Sequence[str], what: str = "error") -> str:
    return f"1 {what}" if len(errors) == 1 else f"{len(errors)} {what}s"
