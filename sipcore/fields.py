"""The header fields of a message: lines as they came, found by name, edited in place."""

from collections.abc import Iterable, Sequence

from sipcore.errors import LocalMisuse, ProtocolViolation
from sipcore.header import KEYS, LIST_KEYS, USUAL_KEYS, is_token, key_of, split_values


class Fields:
    """Header fields in order. Names are compared without case, and compact names are the same as full ones."""

    __slots__ = ("_first", "_lines", "_repeated", "_usual")

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._lines: list[str] = []
        # The first value of each key, of what was received read from the lines once a field is looked for.
        self._first: dict[str, str] | None = {}
        # In step with it: the keys that more than one line has, and whether all names are in common use.
        self._repeated: set[str] | None = None
        self._usual = False
        for name, value in fields:
            self._insert(len(self._lines), name, value)

    @property
    def fields(self) -> Sequence[tuple[str, str]]:
        """Names and values in order, as sent; edit them with the methods below."""
        pairs = [line.partition(":") for line in self._lines]
        return [(name.rstrip(" \t"), value.strip(" \t")) for name, _, value in pairs]

    def header(self, name: str) -> str | None:
        """The first field of this name as sent (a list is not split), None without one; compact names are known."""
        return self.first_of(key_of(name))

    def first_of(self, key: str) -> str | None:
        """As `header`, by the key."""
        first = self._first
        return (self._read() if first is None else first).get(key)

    def headers(self, name: str) -> list[str]:
        """All values of this name in order; comma-separated lists are split."""
        key = key_of(name)
        values = self.all_of(key)
        if not values or key not in LIST_KEYS:
            return values
        if len(values) == 1:
            return split_values(values[0])
        return [value for line in values for value in split_values(line)]

    def has(self, name: str) -> bool:
        """True if there is a field of this name."""
        return self.first_of(key_of(name)) is not None

    @property
    def malformed_line(self) -> str | None:
        """A header line that is no field, or an unsound field name; None in a sound message."""
        first = self._first
        if first is None:
            first = self._read()
        if self._usual:
            return None
        for key in first:
            if key not in USUAL_KEYS and not is_token(key):
                return key or self._lines[self._place(key)].strip(" \t")
        return None

    def add(self, name: str, value: str) -> None:
        """Add a field at the end."""
        self._insert(len(self._lines), name, value)

    def add_copy(self, key: str, name: str, value: str) -> None:
        """Add a field at the end whose value was a field's of another message, and so is sound.

        To a message of which nothing was asked yet.
        """
        self._note(len(self._lines), key, value)
        self._lines.append(f"{name}: {value}")

    def prepend(self, name: str, value: str) -> None:
        """Add a field before all others, as Via and Record-Route are."""
        self._insert(0, name, value)

    def set(self, name: str, value: str) -> None:
        """Put one field in the place of all fields of this name."""
        at = self._place(key_of(name))
        if at >= 0:
            self.remove(name)
        self._insert(at if at >= 0 else len(self._lines), name, value)

    def remove(self, name: str) -> None:
        """Take away all fields of this name."""
        key = key_of(name)
        if self.first_of(key) is not None:
            self._lines = self._lines_without(key)
            self._first = None
            self._forget(key)

    def replace_first(self, name: str, value: str | None) -> None:
        """Put `value` in the place of the first value of a list header, leaving the rest; None takes it away.

        So a hop notes `received` in the top Via, or takes its Route. Raises ProtocolViolation when there is none.
        """
        key = key_of(name)
        older = self.first_of(key)
        if older is None:
            raise ProtocolViolation(f"Missing {name}")
        values = split_values(older)[1:] if "," in older else []
        if value is not None:
            values.insert(0, value)
        at = self._place(key)
        if values:
            whole = ", ".join(values)
            self._lines[at] = _sound_line(name, whole)
            if self._first is not None:
                self._first[key] = whole.strip(" \t")
        else:
            del self._lines[at]
            self._first = None
        self._forget(key)

    def all_of(self, key: str) -> list[str]:
        """The values of all lines of this key, as sent; lists are not split."""
        value = self.first_of(key)
        if value is None:
            return []
        repeated = self._repeated
        if repeated is None or key not in repeated:
            return [value]
        return [_value(line) for line in self._lines if _line_key(line) == key]

    def _insert(self, at: int, name: str, value: str) -> None:
        self._lines.insert(at, _sound_line(name, value))
        key = key_of(name)
        self._note(at, key, value.strip(" \t"))
        self._forget(key)

    def _note(self, at: int, key: str, value: str) -> None:
        """A line of this key has come, before all others of it or after them."""
        first = self._first
        if first is None:
            return
        self._usual = False
        if key in first:
            if self._repeated is None:
                self._repeated = set()
            self._repeated.add(key)
            if at:
                return
        first[key] = value

    def _read(self) -> dict[str, str]:
        """Look through the lines: the first value of each key, which is empty for a line that is no field."""
        first: dict[str, str] = {}
        repeated: set[str] | None = None
        usual = True
        for line in self._lines:
            # As nearly all are written: in one cut, and mostly with nothing left to strip.
            name, colon, value = line.partition(": ")
            key = KEYS.get(name) if colon else None
            if key is None:
                key, value = _line_key(line), _value(line)
                usual = usual and key in USUAL_KEYS
            if key in first:
                if repeated is None:
                    repeated = set()
                repeated.add(key)
            else:
                first[key] = value.strip(" \t")
        self._first, self._repeated, self._usual = first, repeated, usual
        return first

    def _lines_without(self, key: str) -> list[str]:
        return [line for line in self._lines if _line_key(line) != key]

    def _place(self, key: str) -> int:
        """Where the first line of this key is; -1 without one."""
        for at, line in enumerate(self._lines):
            if _line_key(line) == key:
                return at
        return -1

    def _one(self, key: str, name: str) -> str:
        """The only field of this name."""
        value = self.first_of(key)
        if value is None:
            raise ProtocolViolation(f"Missing {name}")
        repeated = self._repeated
        if repeated is not None and key in repeated:
            raise ProtocolViolation(f"More than one {name}")
        return value

    def _forget(self, key: str) -> None:
        """The fields of this key are others than they were."""


def _line_key(line: str) -> str:
    colon = line.find(":")
    return key_of(line[:colon]) if colon >= 0 else ""


def _value(line: str) -> str:
    return line[line.find(":") + 1 :].strip(" \t")


def _sound_line(name: str, value: str) -> str:
    """Write a field, refusing one that would break out of its line (header injection)."""
    line = f"{name}: {value}"
    if "\n" in line or "\r" in line or ":" in name:
        raise LocalMisuse(f"Line break in the header {name!r}: {value!r}")
    return line
