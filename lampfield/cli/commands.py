"""The commands by name, each imported when it is asked for: a server starts, and help comes, without all the others."""

import errno
from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

from lampfield.cli.terminal import give_up


class Commands(TyperGroup):
    """A group whose commands are modules of `lampfield.cli`: `app` in them is a group, else a function the command."""

    modules: ClassVar[Mapping[str, tuple[str, str]]] = {
        "serve": ("serve", "serve"),
        "check": ("check", "check"),
        "calls": ("calls", "calls"),
        "missed": ("missed", "missed"),
        "trace": ("trace", "trace"),
        "why": ("why", "why_command"),
        "history": ("history", "history"),
        "hours": ("hours", "hours"),
        "company": ("company", "app"),
        "sounds": ("sounds", "app"),
        "music": ("music", "app"),
        "members": ("members", "app"),
        "person": ("person", "app"),
        "token": ("token", "app"),
        "pin": ("pin", "pin"),
        "voicemail": ("voicemail", "app"),
        "config": ("config", "app"),
        "adapters": ("adapters", "app"),
        "simulate": ("simulate", "app"),
        "demo": ("demo", "demo"),
    }
    """The module and what in it is the command, in the order in which help lists them."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what the machine refuses, as room on the disk for what is printed, is told in a line."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # Nobody reads on: Typer ends the command without a word.
            give_up(str(error))

    def list_commands(self, ctx: Any) -> list[str]:
        return list(self.modules)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in self.modules:
            return None
        module, attribute = self.modules[cmd_name]
        found = getattr(import_module(f"lampfield.cli.{module}"), attribute)
        command: Any
        if isinstance(found, typer.Typer):
            found.rich_markup_mode = "markdown"
            command = get_group(found)
        else:
            alone = typer.Typer(add_completion=False, rich_markup_mode="markdown")
            alone.command(cmd_name)(found)
            command = get_command(alone)
        command.name = cmd_name
        return command
