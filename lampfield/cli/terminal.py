"""What the commands have in common: telling what is, and what is wrong."""

from collections.abc import Sequence
from typing import NoReturn

import typer
from rich.console import Console

PIPE_WIDTH = 200
"""Columns of a table that no terminal shows."""


def out() -> Console:
    """Standard output. Into a file or a pipe, lines are as long as their content asks for, up to a limit."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPE_WIDTH)


def complain(heading: str, errors: Sequence[str] = (), *, style: str = "bold red") -> None:
    """Tell on standard error what is wrong, one thing a line."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(heading, style=style, markup=False)
    for error in errors:
        console.print(f"  {error}", markup=False)


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
