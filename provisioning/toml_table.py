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
        if isinstance(data, str):
            # It may be a secret that was meant to be in the table.
            problems.add_secret(key, "a table")
            data = {}
        elif not isinstance(data, dict):
            problems.add(key, data, "a table")
            data = {}
        self._data: dict[str, object] = data
        self._key = key
        self.problems = problems
        """Where this table's problems are noted."""
        self._known: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def key(self, key: str) -> str:
        """The full dotted name of one of this table's keys."""
        return joined(self._key, key)

    def take(self, key: str, kind: Kind[T], default: T | Absent = Absent.REQUIRED) -> T:
        """The value of a key. A missing or bad one is noted and stood in for by the default or the kind's blank."""
        self._known.append(key)
        if key not in self._data:
            if not isinstance(default, Absent):
                return default
            self.problems.missing(self.key(key), kind.expected)
            return kind.blank
        value = self._data[key]
        try:
            return kind.read(value)
        except Unexpected as unexpected:
            expected = unexpected.expected or kind.expected
            if kind.secret:
                self.problems.add_secret(self.key(key), expected)
            else:
                self.problems.add(self.key(key), value, expected)
        return kind.blank if isinstance(default, Absent) else default

    def table(self, key: str) -> "TomlTable":
        """The table below a key, an empty one where it is missing."""
        self._known.append(key)
        return TomlTable(self._data.get(key, {}), self.key(key), self.problems)

    def tables(self, key: str) -> Iterator[tuple[str, "TomlTable"]]:
        """The named tables below a key, in the file's order."""
        group = self.table(key)
        for name in group._data:
            yield name, group.table(name)

    def check_names(self, key: str, kind: Kind[str]) -> None:
        """Note the free names in the table below a key that are not of the kind."""
        group = self._data.get(key, {})
        for name in group if isinstance(group, dict) else ():
            try:
                kind.read(name)
            except Unexpected as unexpected:
                full = joined(self.key(key), name)
                self.problems.sentences.append(f"{full}: the name must be {unexpected.expected or kind.expected}")

    def close(self) -> None:
        """Report the keys that nobody took."""
        for key in self._data:
            if key not in self._known:
                self.problems.unknown(self.key(key), self._known)


def read_toml(source: Path, problems: Problems) -> TomlTable:
    """The file's top table; an unreadable file is one problem and an empty table, of which nothing more is noted."""
    try:
        return TomlTable(tomllib.loads(source.read_text(encoding="utf-8-sig")), "", problems)
    except OSError as error:
        problems.sentences.append(f"{source}: cannot be read: {error.strerror or error}")
    except UnicodeDecodeError as error:
        problems.sentences.append(f"{source}: must be UTF-8 text, byte {error.start} is not")
    except (ValueError, RecursionError) as error:  # a number too long, or tables in tables without end, as well
        problems.sentences.append(f"{source}: not TOML: {error}")
    return TomlTable({}, "", Problems())
