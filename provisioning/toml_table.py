"""Reading a TOML table key by key, with every problem noted and no key overlooked."""

import tomllib
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import TypeVar

from provisioning.kinds import Kind, Unexpected
from provisioning.problems import Problems, joined

T = TypeVar("T")


class Absent(Enum):
    """Says that a key has no default."""

    REQUIRED = "required"


class TomlTable:
    """One table of a file. Take its keys, then `close` it: what was not taken is reported as unknown."""

    def __init__(self, data: object, key: str, problems: Problems) -> None:
        if not isinstance(data, dict):
            problems.add(key, data, "a table")
            data = {}
        self._data: dict[str, object] = data
        self._key = key
        self._problems = problems
        self._known: list[str] = []

    def __contains__(self, key: str) -> bool:
        return key in self._data

    def key(self, key: str) -> str:
        """The full dotted name of one of this table's keys."""
        return joined(self._key, key)

    def take(self, key: str, kind: Kind[T], default: T | Absent = Absent.REQUIRED) -> T:
        """The value of a key. A missing or bad one is noted and stood in for by the default or the kind's blank."""
        self._known.append(key)
        if key not in self._data:
            if not isinstance(default, Absent):
                return default
            self._problems.missing(self.key(key), kind.expected)
            return kind.blank
        value = self._data[key]
        try:
            return kind.read(value)
        except Unexpected as unexpected:
            self._problems.add(self.key(key), value, unexpected.expected or kind.expected)
        return kind.blank if isinstance(default, Absent) else default

    def table(self, key: str) -> "TomlTable":
        """The table below a key, an empty one where it is missing."""
        self._known.append(key)
        return TomlTable(self._data.get(key, {}), self.key(key), self._problems)

    def tables(self, key: str) -> Iterator[tuple[str, "TomlTable"]]:
        """The named tables below a key, in the file's order."""
        group = self.table(key)
        for name in group._data:
            yield name, group.table(name)

    def values(self, key: str, kind: Kind[T]) -> dict[str, T]:
        """A table whose keys are free and whose values are all of one kind."""
        group = self.table(key)
        return {name: group.take(name, kind) for name in group._data}

    def close(self) -> None:
        """Report the keys that nobody took."""
        for key in self._data:
            if key not in self._known:
                self._problems.unknown(self.key(key), self._known)


def read_toml(source: Path, problems: Problems) -> TomlTable:
    """The file's top table; an unreadable file is one problem and an empty table."""
    data: dict[str, object] = {}
    try:
        data = tomllib.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        problems.sentences.append(f"{source}: cannot be read: {error.strerror or error}")
    except UnicodeDecodeError as error:
        problems.sentences.append(f"{source}: must be UTF-8 text, byte {error.start} is not")
    except tomllib.TOMLDecodeError as error:
        problems.sentences.append(f"{source}: not TOML: {error}")
    return TomlTable(data, "", problems)
