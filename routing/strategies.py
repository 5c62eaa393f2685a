"""In which order a queue's free members are offered a caller. Pure.

A strategy is a rank: of the free members, the one with the lowest is offered first. Members never rank equal, so the
order never depends on chance. Another strategy is another function here and its word in `Strategy`.
"""

from collections.abc import Callable
from typing import Protocol

from routing.model import Strategy


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


Rank = tuple[float, int]


def longest_idle(member: Candidate) -> Rank:
    """Whose last call ended longest ago; the queue's own order decides among equals."""
    return (member.idle_since, member.place)


def priority(member: Candidate) -> Rank:
    """The queue's own order."""
    return (0.0, member.place)


RANKS: dict[Strategy, Callable[[Candidate], Rank]] = {"longest_idle": longest_idle, "priority": priority}
