"""In which order a queue's free members are offered a caller. Pure."""

from collections.abc import Callable, Iterable
from typing import Literal, Protocol, TypeVar

Strategy = Literal["longest_idle", "priority"]


class Candidate(Protocol):
    """What a strategy looks at."""

    @property
    def place(self) -> int:
        """Where the queue lists the member; 0 is the first."""
        ...

    @property
    def idle_since(self) -> float:
        """When the member's last call ended, or last offer failed; UTC epoch seconds."""
        ...


C = TypeVar("C", bound=Candidate)

Rank = tuple[float, int]


def by_idle_time(member: Candidate) -> Rank:
    """The longest idle ranks first; the queue's own order decides among equals."""
    return (member.idle_since, member.place)


def by_place(member: Candidate) -> Rank:
    """The queue's own order."""
    return (0.0, member.place)


RANKS: dict[Strategy, Callable[[Candidate], Rank]] = {"longest_idle": by_idle_time, "priority": by_place}
"""What each strategy sorts by. Members never rank equal, so the order never depends on chance."""


def longest_idle(members: Iterable[C]) -> list[C]:
    """Free members, the one whose last call ended longest ago first."""
    return sorted(members, key=by_idle_time)


def priority(members: Iterable[C]) -> list[C]:
    """Free members in the order in which the queue lists them."""
    return sorted(members, key=by_place)
