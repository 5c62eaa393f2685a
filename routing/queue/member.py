"""A queue's member and caller, as the queue's state knows them."""

from dataclasses import dataclass, field

from routing.queue.events import Obstacle


@dataclass(slots=True)
class Member:
    """Who answers the queue's callers."""

    person: str
    place: int
    """Where the queue lists the member; 0 is the first."""
    idle_since: float = 0.0
    """When the last call ended or the last offer was missed, UTC epoch seconds."""
    obstacles: set[Obstacle] = field(default_factory=lambda: {"gone"})
    until: dict[Obstacle, float] = field(default_factory=dict)
    """When an obstacle goes by itself, UTC epoch seconds."""
    call: str | None = None
    """The queue's caller with whom the member rings or talks."""

    @property
    def free(self) -> bool:
        return not self.obstacles


@dataclass(slots=True)
class Waiting:
    """A caller in the line."""

    call: str
    ticket: int
    """The order of joining."""
    since: float
    """UTC epoch seconds."""
    deadline: float | None = None
    """When the wait is over without an answer, UTC epoch seconds; None for never."""
    offer: int | None = None
    """The offer that rings for this caller."""
    tries: dict[str, int] = field(default_factory=dict)
    """How often each member was offered this caller."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A claim of one member for one caller."""

    number: int
    call: str
    member: str
