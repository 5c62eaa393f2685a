"""In which order a queue's free members are offered a caller. Pure.

A strategy is a rank: of the free members, the one with the lowest is offered first. Members never rank equal, so the
order never depends on chance. Another strategy is another function here and its word in `Strategy`.

Whom a member may be offered at all is another question: `threshold`.
"""

import math
from collections.abc import Callable
from typing import Protocol

from routing.model import MemberDetails, Queue, Strategy


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

    @property
    def turn(self) -> int:
        """The number of the last offer that the member took or missed."""
        ...

    @property
    def answered(self) -> int:
        """How many callers the member has answered lately."""
        ...

    @property
    def skill(self) -> int:
        """The levels of the skills that the queue asks for, added up."""
        ...


Rank = tuple[float, float, int]


def longest_idle(member: Candidate) -> Rank:
    """Whose last call ended longest ago; the queue's own order decides among equals."""
    return (member.idle_since, 0.0, member.place)


def priority(member: Candidate) -> Rank:
    """The queue's own order."""
    return (0.0, 0.0, member.place)


def round_robin(member: Candidate) -> Rank:
    """Whose turn was longest ago. Who is passed over, being busy, loses no turn."""
    return (member.turn, 0.0, member.place)


def fewest_calls(member: Candidate) -> Rank:
    """Who has answered the fewest callers lately; among equals who idles longest."""
    return (member.answered, member.idle_since, member.place)


def skills(member: Candidate) -> Rank:
    """Who is most skilled in what the queue asks for; among equals who idles longest."""
    return (-member.skill, member.idle_since, member.place)


RANKS: dict[Strategy, Callable[[Candidate], Rank]] = {
    "longest_idle": longest_idle,
    "priority": priority,
    "all": priority,
    "round_robin": round_robin,
    "fewest_calls": fewest_calls,
    "skills": skills,
}


def skill_of(queue: Queue, member: str) -> int:
    """The member's levels of the skills that the queue asks for, added up."""
    details = queue.details.get(member)
    return 0 if details is None else sum(details.skills.get(skill, 0) for skill in queue.skills)


def threshold(queue: Queue, member: str) -> float:
    """After how many seconds of waiting a caller may be offered to the member; infinite for never.

    Both the member's penalty and, with strategy `skills`, the time until the levels asked for have fallen to the
    member's own have to pass.
    """
    details = queue.details.get(member, MemberDetails())
    if queue.strategy != "skills":
        return details.penalty_seconds
    lacking = max((level - details.skills.get(skill, 0) for skill, level in queue.skills.items()), default=0)
    if lacking <= 0:
        return details.penalty_seconds
    relaxed = lacking * queue.skill_relax_seconds if queue.skill_relax_seconds > 0 else math.inf
    return max(details.penalty_seconds, relaxed)
