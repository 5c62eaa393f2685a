"""The line of waiting callers, in the order of their tickets."""

from bisect import bisect_left, insort
from collections.abc import Iterator


class Line:
    """Tickets in order. All is O(log n), but for moving a few kilobytes of pointers."""

    __slots__ = ("_tickets",)

    def __init__(self) -> None:
        self._tickets: list[int] = []

    def __len__(self) -> int:
        return len(self._tickets)

    def __iter__(self) -> Iterator[int]:
        return iter(self._tickets)

    def add(self, ticket: int) -> None:
        insort(self._tickets, ticket)

    def discard(self, ticket: int) -> None:
        """Remove the ticket; does nothing when it is not in the line."""
        index = bisect_left(self._tickets, ticket)
        if index < len(self._tickets) and self._tickets[index] == ticket:
            del self._tickets[index]

    def first(self) -> int:
        """The ticket of who waits longest; the line may not be empty."""
        return self._tickets[0]

    def position(self, ticket: int) -> int:
        """1 for the first in line."""
        return bisect_left(self._tickets, ticket) + 1
