"""The command line: one file for each group of commands."""

import io
import sys

import typer

from lampfield.cli.commands import Commands

app = typer.Typer(
    name="lampfield",
    cls=Commands,
    help="The main number of a company: menus, queues, phones and their busy lamps.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    rich_markup_mode="markdown",
)


@app.callback()
def lampfield() -> None:
    """The main number of a company: menus, queues, phones and their busy lamps."""
    # A terminal that lacks a name's letter, or a ladder's arrow, shows a question mark in its place.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
