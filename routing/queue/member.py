"""A queue's member and caller, as the queue's state knows them."""

from collections import deque
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from routing.queue.events import Obstacle

Standing = Literal["waiting", "held", "callback"]
"""`waiting`: on the line. `held`: away from it, the place is kept. `callback`: hung up, to be called back."""

AWAY: frozenset[Obstacle] = frozenset({"removed", "passive", "gone"})
"""With one of these a member is not present."""

Alarm = tuple[float, str, Obstacle | Literal["wait"]]
"""When a caller's wait or a member's obstacle ends: UTC epoch seconds, the call or the person, and what ends."""


@dataclass(slots=True)
class Member:
    """Who answers the queue's callers. The obstacles say why not now, and since when: UTC epoch seconds."""

    person: str
    """Id of a person, or an outside number in E.164."""
    place: int
    """Where the queue lists the member; 0 is the first."""
    skill: int = 0
    """The levels of the skills that the queue asks for, added up."""
    threshold: float = 0.0
    """The member is offered only callers who have waited so many seconds; infinite for nobody ever."""
    idle_since: float = 0.0
    """When the last call ended or the last offer was missed, UTC epoch seconds."""
    turn: int = 0
    """The number of the last offer that was taken or missed."""
    answers: deque[float] = field(default_factory=deque)
    """When the callers were answered who count still (`routing.queue.answers`), UTC epoch seconds."""
    misses: int = 0
    """Offers missed in a row."""
    obstacles: dict[Obstacle, float] = field(default_factory=lambda: {"gone": 0.0})
    until: dict[Obstacle, float] = field(default_factory=dict)
    """When an obstacle goes by itself, UTC epoch seconds."""
    pause_reason: str = ""
    call: str | None = None
    """The queue's caller with whom the member rings or talks."""

    @property
    def answered(self) -> int:
        """How many callers were answered lately."""
        return len(self.answers)

    @property
    def free(self) -> bool:
        return not self.obstacles

    @property
    def is_present(self) -> bool:
        """Active, with a phone."""
        return AWAY.isdisjoint(self.obstacles)


@dataclass(slots=True)
class Waiting:
    """A caller's place in the line."""

    call: str
    key: int
    """Where the place stands in the line: `routing.queue.line.key_of`."""
    since: float
    """UTC epoch seconds."""
    joined_as: int
    """The position on joining."""
    priority: int = 0
    prefers: str | None = None
    """The member whom the caller is offered to first, where that member is free."""
    member: str | None = None
    """The member who waits here, and is not to be offered themselves."""
    standing: Standing = "waiting"
    number: str = ""
    """Where to call back; empty for who waits on the line."""
    earliest: float = 0.0
    """When to call back at the earliest, UTC epoch seconds."""
    language: str = ""
    """What who is to be called back was spoken to in."""
    attempts: int = 0
    """How often the caller was called back and not reached, since it was ordered last."""
    main_number: str = ""
    """The main number by which the caller came, and while it is closed is not called back; empty for none."""
    offers: tuple[int, ...] = ()
    """The offers that ring for this caller: one, or several with strategy `all`."""
    tries: dict[str, int] = field(default_factory=dict)
    """How often each member was offered this caller, but for offers that were withdrawn."""
    unserved: bool = False
    """True while a member may be offered this caller."""
    queued: bool = False
    """True when nobody was free at first."""


class Offer(msgspec.Struct, frozen=True):
    """A claim of one member for one caller."""

    number: int
    call: str
    member: str
