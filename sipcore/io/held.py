"""What connections hold of memory together: beginnings of messages, and what their peers do not read."""

from collections.abc import Hashable
from typing import Generic, TypeVar

C = TypeVar("C", bound=Hashable)


class HeldBytes(Generic[C]):
    """Counts what each holds, at most `most` bytes together.

    Beyond that those have to go that hold the most, until a quarter is free: so it is seldom looked who they are, and
    however many strangers hold a little each, nobody has to go who holds less than they.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: dict[C, int] = {}
        self._sum = 0

    def hold(self, connection: C, held: int) -> list[C]:
        """The connection holds so many bytes now; gives those that have to go."""
        self.let_go(connection)
        if held:
            self._held[connection] = held
            self._sum += held
        if self._sum <= self._most:
            return []
        rest, gone = self._sum, []
        for each, its in sorted(self._held.items(), key=lambda item: item[1], reverse=True):
            if rest <= self._most * 3 // 4:
                break
            rest -= its
            gone.append(each)
        return gone

    def let_go(self, connection: C) -> None:
        """The connection holds nothing any more."""
        self._sum -= self._held.pop(connection, 0)
