"""A queue as pages, the command line and reports show it: a fold of its log, at any moment."""

from typing import Literal

import msgspec

from routing.queue.events import Obstacle
from routing.queue.member import Member
from routing.queue.state import QueueState

MemberState = Literal["free"] | Obstacle

WHAT_SHOWS: tuple[Obstacle, ...] = ("talking", "claimed", "wrap-up", "gone", "elsewhere", "busy", "resting")
"""Of several obstacles, the one that tells most is shown."""


class WaitingView(msgspec.Struct, frozen=True):
    """A caller in the line."""

    call: str
    position: int
    since: float
    """UTC epoch seconds."""
    offered_to: str | None
    """The member whose phone rings for this caller."""


class MemberView(msgspec.Struct, frozen=True):
    """A member; `call` is the queue's caller with whom the member rings or talks."""

    person: str
    state: MemberState
    idle_since: float
    call: str | None


class QueueView(msgspec.Struct, frozen=True):
    queue: str
    waiting: tuple[WaitingView, ...]
    members: tuple[MemberView, ...]


def view(state: QueueState) -> QueueView:
    """What the queue looks like now."""
    waiting = tuple(
        WaitingView(
            caller.call, position, caller.since, state.offers[caller.offer].member if caller.offer is not None else None
        )
        for position, caller in enumerate(state.in_line(), start=1)
    )
    members = tuple(
        MemberView(member.person, state_of(member), member.idle_since, member.call) for member in state.members.values()
    )
    return QueueView(state.queue.name, waiting, members)


def state_of(member: Member) -> MemberState:
    """`free`, or the obstacle that tells most."""
    return next((obstacle for obstacle in WHAT_SHOWS if obstacle in member.obstacles), "free")
