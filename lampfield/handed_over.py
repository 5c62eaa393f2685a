"""The configuration as the supervisor hands it to its children: all go by what the server began with.

The file may be half edited at the moment of a crash, or name other addresses than those that are bound.
"""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from lampfield.configuration import Configuration, load


class HandedOver:
    """A copy of the file's text in memory, for as long as the supervisor runs; nothing where there is no file."""

    def __init__(self, source: Path | None) -> None:
        self._source = source
        self.descriptors: Sequence[int] = ()
        """What a child has to inherit."""
        if source is not None:
            copy = os.memfd_create("lampfield configuration")
            self.descriptors = (copy,)
            with open(copy, "wb", closefd=False) as file:
                file.write(source.read_bytes())

    @property
    def arguments(self) -> list[str]:
        """What a child is told."""
        if self._source is None:
            return []
        return ["--config", str(self._source), "--config-copy", f"/proc/self/fd/{self.descriptors[0]}"]

    def close(self) -> None:
        for descriptor in self.descriptors:
            os.close(descriptor)


def take_configuration(parser: ArgumentParser) -> None:
    """Let a child be told what `HandedOver.arguments` are."""
    parser.add_argument("--config", type=Path)
    parser.add_argument("--config-copy", type=Path)


def configuration_of(arguments: Namespace) -> Configuration:
    """The configuration that a child was told of. Raises ConfigurationErrors."""
    return load(arguments.config, arguments.config_copy) if arguments.config else Configuration()
