"""The header fields of a message: lines as they came, found by name, read once, edited in place."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from typing import ClassVar, Generic, Self, TypeVar, overload

from sipcore.errors import LocalMisuse, ProtocolViolation
from sipcore.header import KEYS, LIST_KEYS, USUAL_KEYS, is_token, split_values

_NO_FIELD = ""
"""Under this key are lines that are no header fields."""

_T = TypeVar("_T")


class Read(Generic[_T]):
    """An accessor that is computed once: its value shadows it in the instance until its header is edited."""

    def __init__(self, compute: Callable[..., _T], key: str | None = None) -> None:
        self.key = key
        """The header that it reads; None where no edit of a header changes it."""
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, fields: None, owner: type) -> Self: ...
    @overload
    def __get__(self, fields: "Fields", owner: type) -> _T: ...
    def __get__(self, fields: "Fields | None", owner: type) -> Self | _T:
        if fields is None:
            return self
        value = self._compute(fields)
        fields.__dict__[self._name] = value
        return value


def reads(name: str) -> Callable[[Callable[..., _T]], Read[_T]]:
    """Make a method an accessor of one header."""
    return lambda compute: Read(compute, KEYS[name])


class Fields:
    """Header fields in order. Names are compared without case, and compact names are the same as full ones."""

    # The lines are in a slot; the dictionary holds only what was read from them.
    __slots__ = ("__dict__", "_lines")

    _readers: ClassVar[Mapping[str, Sequence[str]]] = {}
    """Names of the accessors that read a header, by its key."""

    def __init_subclass__(cls) -> None:
        readers: dict[str, list[str]] = {}
        for owner in cls.__mro__:
            for name, accessor in vars(owner).items():
                if isinstance(accessor, Read) and accessor.key is not None:
                    readers.setdefault(accessor.key, []).append(name)
        cls._readers = readers

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._lines = [_sound_line(name, value) for name, value in fields]

    @property
    def fields(self) -> Sequence[tuple[str, str]]:
        """Names and values in order, as sent; edit them with the methods below."""
        pairs = [line.partition(":") for line in self._lines]
        return [(name.rstrip(" \t"), value.strip(" \t")) for name, _, value in pairs]

    @Read
    def _index(self) -> dict[str, list[str]]:
        index: dict[str, list[str]] = {}
        for name, colon, value in map(str.partition, self._lines, repeat(":")):
            if colon:
                key = KEYS[name]
            else:
                key, value = _NO_FIELD, name
            if key in index:
                index[key].append(value.strip(" \t"))
            else:
                index[key] = [value.strip(" \t")]
        return index

    def header(self, name: str) -> str | None:
        """The first field of this name as sent (a list is not split), None without one; compact names are known."""
        values = self._index.get(KEYS[name])
        return values[0] if values else None

    def find(self, name: str) -> str | None:
        """What `header` gives, for a message that is asked for little, as those we write: no index is made for it."""
        at = self._place(KEYS[name])
        return self._lines[at].partition(":")[2].strip(" \t") if at < len(self._lines) else None

    def headers(self, name: str) -> list[str]:
        """All values of this name in order; comma-separated lists are split."""
        key = KEYS[name]
        lines = self._index.get(key)
        if lines is None:
            return []
        if key not in LIST_KEYS:
            return list(lines)
        if len(lines) == 1:
            return split_values(lines[0])
        return [value for line in lines for value in split_values(line)]

    def has(self, name: str) -> bool:
        """True if there is a field of this name."""
        return KEYS[name] in self._index

    @property
    def malformed_line(self) -> str | None:
        """A header line that is no field, or an unsound field name; None in a sound message."""
        if USUAL_KEYS.issuperset(self._index):
            return None
        unsound = (key or values[0] for key, values in self._index.items() if not is_token(key))
        return next(unsound, None)

    def add(self, name: str, value: str) -> None:
        """Add a field at the end."""
        self._lines.append(_sound_line(name, value))
        self._note(KEYS[name], value, at_end=True)

    def prepend(self, name: str, value: str) -> None:
        """Add a field before all others, as Via and Record-Route are."""
        self._lines.insert(0, _sound_line(name, value))
        self._note(KEYS[name], value, at_end=False)

    def _note(self, key: str, value: str, *, at_end: bool) -> None:
        """Keep the index, where it is read already, in step with a new line."""
        if "_index" in self.__dict__:
            values = self._index.setdefault(key, [])
            values.insert(len(values) if at_end else 0, value)
            self._forget(key)

    def set(self, name: str, value: str) -> None:
        """Put one field in the place of all fields of this name."""
        line = _sound_line(name, value)
        key = KEYS[name]
        at = self._place(key)
        self._lines[at:] = [line, *[other for other in self._lines[at:] if key_of(other) != key]]
        if "_index" in self.__dict__:
            self._index[key] = [value]
            self._forget(key)

    def remove(self, name: str) -> None:
        """Take away all fields of this name."""
        key = KEYS[name]
        if self._index.pop(key, None) is not None:
            self._lines = [line for line in self._lines if key_of(line) != key]
            self._forget(key)

    def replace_first(self, name: str, value: str | None) -> None:
        """Put `value` in the place of the first value of a list header, leaving the rest; None takes it away.

        So a hop notes `received` in the top Via, or takes its Route. Raises ProtocolViolation when there is none.
        """
        key = KEYS[name]
        lines = self._index.get(key)
        if lines is None:
            raise ProtocolViolation(f"Missing {name}")
        others = split_values(lines[0])[1:] if "," in lines[0] else []
        values = others if value is None else [value, *others]
        at = self._place(key)
        if values:
            lines[0] = ", ".join(values)
            self._lines[at] = _sound_line(name, lines[0])
        else:
            del self._lines[at], lines[0]
            if not lines:
                del self._index[key]
        self._forget(key)

    def _place(self, key: str) -> int:
        """Where the first line of this key is; the end without one."""
        for at, line in enumerate(self._lines):
            name, colon, _ = line.partition(":")
            if KEYS[name] == key and colon:
                return at
        return len(self._lines)

    def _forget(self, key: str) -> None:
        """Read these headers anew when they are next asked for."""
        for accessor in self._readers.get(key, ()):
            self.__dict__.pop(accessor, None)

    def _one(self, key: str, name: str) -> str:
        """The only field of this name."""
        try:
            (value,) = self._index[key]
        except KeyError:
            raise ProtocolViolation(f"Missing {name}") from None
        except ValueError:
            raise ProtocolViolation(f"More than one {name}") from None
        return value


def key_of(line: str) -> str:
    return KEYS[line.partition(":")[0]]


def _sound_line(name: str, value: str) -> str:
    """Write a field, refusing one that would break out of its line (header injection)."""
    line = f"{name}: {value}"
    if "\n" in line or "\r" in line or ":" in name:
        raise LocalMisuse(f"Line break in the header {name!r}: {value!r}")
    return line
