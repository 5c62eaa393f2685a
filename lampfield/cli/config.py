"""`lampfield config`: the documented configuration."""

from typing import Annotated

import typer

from lampfield.config_description import describe, describe_markdown

app = typer.Typer(help="The server's configuration.", no_args_is_help=True)


@app.callback()
def config() -> None:
    """The server's configuration."""


@app.command("describe")
def describe_command(
    markdown: Annotated[bool, typer.Option("--markdown", help="As a page of tables instead of TOML.")] = False,
) -> None:
    """Print every setting with its default and its meaning, as a file to start from.

    Example: `lampfield config describe > lampfield.toml`
    """
    typer.echo(describe_markdown() if markdown else describe(), nl=False)
