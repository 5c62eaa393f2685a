"""How a part of a company stands in the file: a value under a key, a table of free names, a table of settings.

A section of the file is a list of `Field`s; what stands here reads them, writes them and goes through them. So a new
setting is one line in the section of its noun, and is read, written, stored, documented and checked by that.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import msgspec

from provisioning.kinds import Kind
from provisioning.problems import joined
from provisioning.toml_table import Absent, TomlTable

S = TypeVar("S", bound=msgspec.Struct)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class TableOf:
    """A table whose keys are free names of one kind; read as a dict in the file's order. Absent it is empty."""

    names: Kind[str]
    values: "Form"
    called: str
    """What documents call such a name, such as KEY."""


@dataclass(frozen=True, slots=True)
class Record:
    """A table of settings of its own."""

    struct: type[msgspec.Struct]
    fields: "tuple[Field, ...]"


@dataclass(frozen=True, slots=True)
class Weekdays:
    """Seven keys, monday to sunday, read as one tuple; a day that is missing is empty."""

    day: Kind[Any]


Form = Kind[Any] | TableOf | Record | Weekdays


@dataclass(frozen=True, slots=True)
class Field:
    """One setting: its key, which is also the name of the struct's field, how it is written, and what it means."""

    key: str
    form: Form
    meaning: str
    of_company: bool = False
    """Without it the company's setting of the same name holds."""


class Leaf(NamedTuple):
    """A single value somewhere in a company, under its key in the file."""

    key: str
    kind: Kind[Any]
    value: Any


def read_fields(
    struct: type[msgspec.Struct], fields: tuple[Field, ...], table: TomlTable, head: Mapping[str, Any]
) -> dict[str, Any]:
    """The values of the fields by their names; `head` holds the company's own settings."""
    defaults = defaults_of(struct)
    return {
        field.key: _read(
            field.form,
            table,
            field.key,
            head[field.key] if field.of_company else defaults.get(field.key, Absent.REQUIRED),
            head,
        )
        for field in fields
    }


def written_fields(struct: msgspec.Struct, fields: tuple[Field, ...], head: msgspec.Struct) -> dict[str, object]:
    """The fields as TOML has them, without those that hold their defaults."""
    defaults = defaults_of(type(struct))
    document: dict[str, object] = {}
    for field in fields:
        value = getattr(struct, field.key)
        # An empty table of what was to be given says no more than no table.
        usual = getattr(head, field.key) if field.of_company else defaults.get(field.key, _empty(field.form))
        if value == usual:
            continue
        if isinstance(field.form, Weekdays):
            days = zip(WEEKDAYS, value, strict=True)
            document |= {day: field.form.day.write(periods) for day, periods in days if periods}
        else:
            document[field.key] = _written(field.form, value, head)
    return document


def leaves_of(struct: msgspec.Struct, fields: tuple[Field, ...], key: str) -> Iterator[Leaf]:
    """Every single value of the fields, those that hold their defaults too."""
    for field in fields:
        value = getattr(struct, field.key)
        if isinstance(field.form, Weekdays):
            for day, periods in zip(WEEKDAYS, value, strict=True):
                yield from _leaves(field.form.day, f"{key}.{day}", periods)
        else:
            yield from _leaves(field.form, f"{key}.{field.key}", value)


def defaults_of(struct: type[msgspec.Struct]) -> dict[str, Any]:
    """The defaults of a struct's fields, without those that have none."""
    known = {}
    for field in msgspec.structs.fields(struct):
        if field.default is not msgspec.NODEFAULT:
            known[field.name] = field.default
        elif field.default_factory is not msgspec.NODEFAULT:
            known[field.name] = field.default_factory()
    return known


def _empty(form: Form) -> object:
    return {} if isinstance(form, TableOf) else Absent.REQUIRED


def _read(form: Form, table: TomlTable, key: str, default: Any, head: Mapping[str, Any]) -> Any:
    match form:
        case Weekdays():
            return tuple(table.take(day, form.day, ()) for day in WEEKDAYS)
        case TableOf():
            table.check_names(key, form.names)
            part = table.table(key)
            return {name: _read(form.values, part, name, Absent.REQUIRED, head) for name in part}
        case Record():
            part = table.table(key)
            values = read_fields(form.struct, form.fields, part, head)
            part.close()
            return form.struct(**values)
    return table.take(key, form, default)


def _written(form: Form, value: Any, head: msgspec.Struct) -> object:
    match form:
        case TableOf():
            return {name: _written(form.values, entry, head) for name, entry in value.items()}
        case Record():
            return written_fields(value, form.fields, head)
        case Weekdays():
            raise TypeError("weekdays stand in the table itself, not below a key")
    return form.write(value)


def _leaves(form: Form, key: str, value: Any) -> Iterator[Leaf]:
    match form:
        case TableOf():
            for name, entry in value.items():
                yield from _leaves(form.values, joined(key, name), entry)
        case Record():
            yield from leaves_of(value, form.fields, key)
        case Kind():
            yield Leaf(key, form, value)
            for inner, part in form.inside(value):
                yield from _leaves(inner, key, part)
