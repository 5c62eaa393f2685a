"""The command line: one file for each group of commands."""

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
