"""The line of waiting callers, in the order of their keys."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator

_CLASS = 1 << 40
"""Between the keys of two priorities: more tickets than a queue ever gives out."""


def key_of(priority: int, ticket: int) -> int:
    """Where a place stands: a higher priority before, among equals who came first. One number: those sort fast."""
    return ticket - priority * _CLASS


def end_of_priority(key: int) -> int:
    """The first key behind everybody of the same priority."""
    return (key // _CLASS + 1) * _CLASS


class Line:
    """Keys in order. All is O(log n), but for moving a few kilobytes of pointers."""

    __slots__ = ("_keys",)

    def __init__(self) -> None:
        self._keys: list[int] = []

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[int]:
        return iter(self._keys)

    def add(self, key: int) -> None:
        """Put the key in its place; it may not be in the line."""
        insort(self._keys, key)

    def discard(self, key: int) -> None:
        """Remove the key; does nothing when it is not in the line."""
        index = bisect_left(self._keys, key)
        if index < len(self._keys) and self._keys[index] == key:
            del self._keys[index]

    def first(self) -> int:
        """The key of who is next; the line may not be empty."""
        return self._keys[0]

    def after(self, key: int) -> int | None:
        """The next key that is greater; None behind the last."""
        index = bisect_right(self._keys, key)
        return self._keys[index] if index < len(self._keys) else None

    def position(self, key: int) -> int:
        """1 for the first in line."""
        return bisect_left(self._keys, key) + 1
