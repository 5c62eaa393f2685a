"""The server's configuration, as every command finds it."""

import os
from pathlib import Path
from typing import Annotated

import typer

from lampfield.cli.terminal import counted, give_up
from lampfield.configuration import Configuration, ConfigurationErrors, load

PLACES = (Path("lampfield.toml"), Path("/etc/lampfield/lampfield.toml"))
"""Where it is looked for when none is named."""


def _found(named: Path | None) -> Path | None:
    # In a folder that this user may not look into there is none: `Path.is_file` raises there.
    return named or next((place for place in PLACES if os.path.isfile(place)), None)


ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        envvar="LAMPFIELD_CONFIG",
        help="The server's configuration. Unnamed, it is ./lampfield.toml or /etc/lampfield/lampfield.toml, "
        "else the defaults.",
        show_default=False,
        callback=_found,
    ),
]


def configuration_of(source: Path | None) -> Configuration:
    """The configuration in the file, the defaults for none; ends the command where it is wrong."""
    if source is None:
        return Configuration()
    try:
        return load(source)
    except ConfigurationErrors as wrong:
        give_up(f"{source}: {counted(wrong.errors)}", wrong.errors)
