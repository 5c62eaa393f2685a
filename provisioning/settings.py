"""A setting: a dataclass field that carries how it is read from TOML and what it means."""

from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from provisioning.kinds import Kind
from provisioning.toml_table import Absent, TomlTable


class Section(Protocol):
    """Any dataclass of settings."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


S = TypeVar("S", bound=Section)


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known of one field beside its name."""

    kind: Kind[Any]
    meaning: str
    example: object
    """As TOML has it: the default, or for a required setting a value worth showing."""
    optional: bool


def setting(kind: Kind[Any], default: object, meaning: str) -> Any:
    """A field with a default, given as TOML has it, so that defaults pass through the same door as a file's values."""
    return field(default=kind.read(default), metadata={"setting": Setting(kind, meaning, default, optional=True)})


def required(kind: Kind[Any], example: object, meaning: str) -> Any:
    """A field that the file must hold."""
    return field(metadata={"setting": Setting(kind, meaning, example, optional=False)})


def settings(section: type[Section]) -> Iterator[tuple[Field[Any], Setting]]:
    """The fields of a section that a file may hold."""
    for entry in fields(section):
        known = entry.metadata.get("setting")
        if isinstance(known, Setting):
            yield entry, known


def read_section(section: type[S], table: TomlTable, **given: str) -> S:
    """A section from its table and what is `given`; each bad value is noted and the default stands in for it."""
    values = {
        entry.name: table.take(entry.name, known.kind, Absent.REQUIRED if entry.default is MISSING else entry.default)
        for entry, known in settings(section)
    }
    table.close()
    return section(**given, **values)


def below(folder: Path, section: Any) -> Any:
    """The section with its relative paths meant from `folder`."""
    found = {
        entry.name: folder / value.expanduser()
        for entry in fields(section)
        if isinstance(value := getattr(section, entry.name), Path)
    }
    return replace(section, **found) if found else section
