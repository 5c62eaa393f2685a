"""The kinds of value a TOML file may hold: how each is read and written, and how its expectation is told."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Unexpected(ValueError):
    """The value is not of the kind; `expected` says so more exactly than the kind does."""

    def __init__(self, expected: str = "") -> None:
        super().__init__(expected)
        self.expected = expected


def _as_it_is(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _nothing_inside(_: object) -> "Iterable[tuple[Kind[Any], object]]":
    return ()


@dataclass(frozen=True, slots=True, eq=False)
class Kind(Generic[T]):
    """`read` turns what TOML gave into the value or raises Unexpected; `blank` stands in, so that reading goes on."""

    expected: str
    """Continues the sentence "must be ..."."""
    read: Callable[[object], T]
    blank: T
    secret: bool = False
    """The value is never told."""
    write: Callable[[Any], object] = _as_it_is
    """Turns the value back into what TOML holds."""
    inside: "Callable[[Any], Iterable[tuple[Kind[Any], object]]]" = _nothing_inside
    """What a value is made of, each with its own kind: the entries of a list, what is not left empty."""


def text(expected: str = "text", pattern: str = r"(?s).*\S.*", *, max_length: int = 255) -> Kind[str]:
    """A string that matches `pattern` as a whole; by default any that is not empty."""
    compiled = re.compile(pattern)

    def read(value: object) -> str:
        if not isinstance(value, str) or compiled.fullmatch(value) is None:
            raise Unexpected
        if len(value) > max_length:
            raise Unexpected(f"at most {max_length} characters")
        return value

    return Kind(expected, read, "")


def password() -> Kind[str]:
    """What a phone logs in with."""
    read = text(pattern=r"[^\x00-\x1f\x7f]{8,128}").read
    return Kind("a password of 8 to 128 characters on one line", read, "", secret=True)


def choice(*allowed: str) -> Kind[str]:
    """One of some words."""

    def read(value: object) -> str:
        if not isinstance(value, str) or value not in allowed:
            raise Unexpected
        return value

    return Kind(f"one of {', '.join(allowed)}", read, allowed[0])


def whole(low: int, high: int, unit: str = "", *, or_zero: str = "") -> Kind[int]:
    """A whole number between `low` and `high`, both included; with `or_zero` 0 is allowed too and means that."""

    def read(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise Unexpected
        if not low <= value <= high and not (or_zero and value == 0):
            raise Unexpected
        return value

    expected = f"between {low} and {high}{' ' + unit if unit else ''}"
    return Kind(f"{expected}, or 0 ({or_zero})" if or_zero else expected, read, low)


def seconds(low: float, high: float, *, or_zero: str = "", unit: str = "seconds") -> Kind[float]:
    """A duration; with `or_zero` 0 is allowed too and means what that says."""

    def read(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Unexpected
        if not low <= value <= high and not (or_zero and value == 0):
            raise Unexpected
        return float(value)

    expected = f"between {low:g} and {high:g} {unit}"
    return Kind(f"{expected}, or 0 ({or_zero})" if or_zero else expected, read, low)


def days(low: float, high: float, *, or_zero: str = "") -> Kind[float]:
    """A number of days, also of parts of one."""
    return seconds(low, high, or_zero=or_zero, unit="days")


def _read_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Unexpected
    return value


def _read_path(value: object) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise Unexpected
    return Path(value)


def flag() -> Kind[bool]:
    return Kind("true or false", _read_flag, False)


def path(expected: str = "a path") -> Kind[Path]:
    """A path; a relative one is meant from the folder of the file that holds it."""
    return Kind(expected, _read_path, Path())


def list_of(item: Kind[T], *, min_length: int = 0, repeats: bool = False) -> Kind[tuple[T, ...]]:
    """A list, each item of one kind; with `repeats` one may be there twice."""

    def read(value: object) -> tuple[T, ...]:
        if not isinstance(value, list) or len(value) < min_length:
            raise Unexpected
        items: list[T] = []
        for number, entry in enumerate(value, start=1):
            try:
                read_entry = item.read(entry)
            except Unexpected as unexpected:
                raise Unexpected(f"a list in which entry {number} is {unexpected.expected or item.expected}") from None
            if read_entry in items and not repeats:
                raise Unexpected(f"a list without repetition: entry {number} is there before")
            items.append(read_entry)
        return tuple(items)

    return Kind(
        f"a list{' that is not empty' if min_length else ''}, each entry {item.expected}",
        read,
        (),
        item.secret,
        write=lambda items: [item.write(entry) for entry in items],
        inside=lambda items: [(item, entry) for entry in items],
    )


def optional(kind: Kind[T], *, empty: str = "") -> Kind[T | None]:
    """As `kind`, or an empty string for None; `empty` says what that means."""

    def read(value: object) -> T | None:
        return None if value == "" else kind.read(value)

    return Kind(
        _or_empty(kind, empty),
        read,
        None,
        kind.secret,
        write=lambda value: "" if value is None else kind.write(value),
        inside=lambda value: () if value is None else [(kind, value)],
    )


def perhaps(kind: Kind[str], *, empty: str = "") -> Kind[str]:
    """As `kind`, or an empty string; `empty` says what that means."""

    def read(value: object) -> str:
        return "" if value == "" else kind.read(value)

    return Kind(
        _or_empty(kind, empty),
        read,
        "",
        kind.secret,
        write=kind.write,
        inside=lambda value: [(kind, value)] if value else (),
    )


def _or_empty(kind: Kind[Any], empty: str) -> str:
    return f'{kind.expected}, or ""{f" ({empty})" if empty else ""}'
