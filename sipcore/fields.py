"""The header fields of a message: lines as they came, found by name, edited in place."""

from collections.abc import Iterable, Sequence

from sipcore.errors import LocalMisuse, ProtocolViolation
from sipcore.header import LIST_KEYS, USUAL_KEYS, is_token, key_of, split_values


class Fields:
    """Header fields in order. Names are compared without case, and compact names are the same as full ones."""

    __slots__ = ("_keys", "_lines")

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        lines: list[str] = []
        keys: list[str] = []
        for name, value in fields:
            lines.append(_sound_line(name, value))
            keys.append(key_of(name))
        self._lines: list[str] = lines
        # In step with the lines; of those that were received once a field was looked for.
        self._keys: list[str] | None = keys

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
        at = self._place(key)
        return _value(self._lines[at]) if at >= 0 else None

    def headers(self, name: str) -> list[str]:
        """All values of this name in order; comma-separated lists are split."""
        key = key_of(name)
        lines = self.all_of(key)
        if not lines or key not in LIST_KEYS:
            return lines
        if len(lines) == 1:
            return split_values(lines[0])
        return [value for line in lines for value in split_values(line)]

    def has(self, name: str) -> bool:
        """True if there is a field of this name."""
        return self._place(key_of(name)) >= 0

    @property
    def malformed_line(self) -> str | None:
        """A header line that is no field, or an unsound field name; None in a sound message."""
        for at, key in enumerate(self._known_keys()):
            if key not in USUAL_KEYS and not is_token(key):
                return key or self._lines[at].strip(" \t")
        return None

    def add(self, name: str, value: str) -> None:
        """Add a field at the end."""
        self._insert(len(self._lines), name, value)

    def add_copy(self, key: str, name: str, value: str) -> None:
        """Add a field at the end whose value was a field's of another message, and so is sound."""
        self._known_keys().append(key)
        self._lines.append(f"{name}: {value}")
        self._forget(key)

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
        keys = self._known_keys()
        if key in keys:
            self._lines = [line for at, line in enumerate(self._lines) if keys[at] != key]
            self._keys = None
            self._forget(key)

    def replace_first(self, name: str, value: str | None) -> None:
        """Put `value` in the place of the first value of a list header, leaving the rest; None takes it away.

        So a hop notes `received` in the top Via, or takes its Route. Raises ProtocolViolation when there is none.
        """
        key = key_of(name)
        at = self._place(key)
        if at < 0:
            raise ProtocolViolation(f"Missing {name}")
        values = split_values(_value(self._lines[at]))
        values[:1] = [] if value is None else [value]
        if values:
            self._lines[at] = _sound_line(name, ", ".join(values))
        else:
            del self._lines[at]
            self._keys = None
        self._forget(key)

    def _insert(self, at: int, name: str, value: str) -> None:
        self._lines.insert(at, _sound_line(name, value))
        key = key_of(name)
        if self._keys is not None:
            self._keys.insert(at, key)
        self._forget(key)

    def _known_keys(self) -> list[str]:
        """The key of each line, empty for a line that is no field."""
        keys = self._keys
        if keys is None:
            keys = self._keys = [_line_key(line) for line in self._lines]
        return keys

    def _place(self, key: str) -> int:
        """Where the first line of this key is; -1 without one."""
        for at, known in enumerate(self._known_keys()):
            if known == key:
                return at
        return -1

    def all_of(self, key: str) -> list[str]:
        """The values of all lines of this key, as sent; lists are not split."""
        return [_value(self._lines[at]) for at, known in enumerate(self._known_keys()) if known == key]

    def _one(self, key: str, name: str) -> str:
        """The only field of this name."""
        at = -1
        for place, known in enumerate(self._known_keys()):
            if known == key:
                if at >= 0:
                    raise ProtocolViolation(f"More than one {name}")
                at = place
        if at < 0:
            raise ProtocolViolation(f"Missing {name}")
        return _value(self._lines[at])

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
