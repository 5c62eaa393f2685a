"""What the commands have in common: telling what is wrong, opening the database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import typer
from rich.console import Console
from sqlalchemy import Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from lampfield.configuration import Configuration
from lampfield.database import open_database, upgrade

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


@contextmanager
def database(configuration: Configuration) -> Iterator[Engine]:
    """The database, brought up to date; ends the command with a clear word where it is away, locked or full."""
    url = make_url(configuration.database_url)
    engine = open_database(configuration.database_url)
    try:
        if url.get_backend_name() == "sqlite" and url.database:
            # It holds what phones log in with: nobody else needs to look into the folder.
            Path(url.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        upgrade(engine)
        yield engine
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip()
        give_up(
            f"The database {url.render_as_string(hide_password=True)} cannot be used: {reason}",
            ["Nothing was changed. Is it there, may you write to it, is there room on the disk?"],
        )
    except OSError as error:
        give_up(f"The folder of the database cannot be made: {error}")
    finally:
        engine.dispose()
