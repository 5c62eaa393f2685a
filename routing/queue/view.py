"""A queue as pages, the command line and reports show it: a fold of its log, at any moment."""

from typing import Literal

import msgspec

from routing.queue.events import Obstacle
from routing.queue.expected_wait import expected_wait
from routing.queue.member import Member, Standing, Waiting
from routing.queue.state import QueueState

MemberState = Literal["free"] | Obstacle

WHAT_SHOWS: tuple[Obstacle, ...] = (
    "talking",
    "claimed",
    "wrap-up",
    "removed",
    "passive",
    "paused",
    "do-not-disturb",
    "gone",
    "elsewhere",
    "busy",
    "resting",
)
"""Of several obstacles, the one that tells most is shown."""


class WaitingView(msgspec.Struct, frozen=True):
    """A place in the line. Times are UTC epoch seconds."""

    call: str
    position: int
    since: float
    offered_to: tuple[str, ...] = ()
    """The members whose phones ring for this caller; for a callback, who is claimed for it."""
    priority: int = 0
    standing: Standing = "waiting"
    expected_wait: float | None = None
    """Seconds still to wait, from what others waited lately; None where it is unknown."""
    number: str = ""
    """Where the caller is called back; empty for who waits on the line."""
    attempts: int = 0
    """How often the caller was called back and not reached."""
    earliest: float | None = None
    """When the caller is called back at the earliest."""


class MemberView(msgspec.Struct, frozen=True):
    """A member; `call` is the queue's caller with whom the member rings or talks. Times are UTC epoch seconds."""

    person: str
    state: MemberState
    since: float | None
    """When the state began; None for `free`."""
    idle_since: float
    call: str | None = None
    active: bool = True
    """Takes part in the queue, now or when back."""
    pause_reason: str = ""
    """Empty for who is not paused."""
    paused_since: float | None = None
    until: float | None = None
    """When the state ends by itself, as `wrap-up` and `resting` do; None where it does not."""


class QueueView(msgspec.Struct, frozen=True):
    """Everything of a queue."""

    queue: str
    waiting: tuple[WaitingView, ...]
    """In the order in which they are served."""
    members: tuple[MemberView, ...]
    """In the queue's order, with those behind them who are removed and not done yet."""


def view(state: QueueState, now: float) -> QueueView:
    """What the queue looks like at `now`, UTC epoch seconds."""
    return QueueView(
        state.queue.name,
        tuple(_waiting(state, caller, position, now) for position, caller in enumerate(state.in_line(), start=1)),
        tuple(_member(member) for member in state.members.values() if _shows(member)),
    )


def state_of(member: Member) -> MemberState:
    """`free`, or the obstacle that tells most."""
    return next((obstacle for obstacle in WHAT_SHOWS if obstacle in member.obstacles), "free")


def _waiting(state: QueueState, caller: Waiting, position: int, now: float) -> WaitingView:
    return WaitingView(
        caller.call,
        position,
        caller.since,
        tuple(state.offers[number].member for number in caller.offers),
        caller.priority,
        caller.standing,
        expected_wait(position, state.served, now),
        caller.number,
        caller.attempts,
        caller.earliest if caller.standing == "callback" else None,
    )


def _member(member: Member) -> MemberView:
    shown = state_of(member)
    return MemberView(
        member.person,
        shown,
        None if shown == "free" else member.obstacles[shown],
        member.idle_since,
        member.call,
        "passive" not in member.obstacles,
        member.pause_reason,
        member.obstacles.get("paused"),
        None if shown == "free" else member.until.get(shown),
    )


def _shows(member: Member) -> bool:
    return "removed" not in member.obstacles or state_of(member) in ("talking", "claimed", "wrap-up")
