"""Which caller is offered to which member next, and who need not wait. Pure."""

import math
from collections.abc import Iterable, Iterator, Sequence, Set
from typing import Literal

from routing.queue.events import Obstacle
from routing.queue.member import Member, Waiting
from routing.queue.outcomes import NoRoom
from routing.queue.state import QueueState

SOON_FREE: frozenset[Obstacle] = frozenset({"resting", "claimed"})
"""Obstacles that pass within a ringing time, so that a caller's rounds wait for them."""

RESTING: frozenset[Obstacle] = frozenset({"resting"})


def choose(caller: Waiting, free: list[Member]) -> Member:
    """Whom to offer the caller: of the members tried least often for this caller the preferred, else the first."""
    return min(free, key=lambda member: (caller.tries.get(member.person, 0), member.person != caller.prefers))


LOOK_SECONDS = 60.0
"""Between two looks whether a main number is open: hours begin with a whole minute, and a switch may be turned."""


def next_match(state: QueueState, now: float, shut: Set[str] = frozenset()) -> tuple[Waiting, Member] | float | None:
    """The next caller with the member to claim; else when time alone will make a match, None for never.

    There has to be a free member. Callers come in the line's order. Who is not to be called back yet is passed over,
    and so is a caller for whom each free member either has a threshold that the caller's waiting has not reached or has
    been tried in all rounds. `shut` are the main numbers that are closed: who is to be called back and came by one of
    them is passed over until the next look at it.
    """
    caller, free = state.first_unserved(), state.free
    if caller is None:
        return None
    alike = caller.member is None and not caller.tries
    if free[0].threshold <= 0 and alike and caller.prefers is None and _ready_at(caller, now, shut) <= now:
        return caller, free[0]  # most of all
    in_time = math.inf
    while caller is not None:
        ready_at = _ready_at(caller, now, shut)
        ready = ready_at <= now
        at, member = _match(state, caller, now) if ready else (ready_at, None)
        if member is not None:
            return caller, member
        in_time = min(in_time, at)
        # Who came later has waited less: what is too early for an untried caller is too early for them.
        caller = state.unserved_after(caller, other_priority=ready and caller.member is None and not caller.tries)
    return in_time if in_time < math.inf else None


def _ready_at(caller: Waiting, now: float, shut: Set[str]) -> float:
    """From when on the caller may be offered to somebody; `now`, or before it, for at once."""
    if caller.main_number in shut and caller.standing == "callback":
        return max(caller.earliest, (now // LOOK_SECONDS + 1) * LOOK_SECONDS)
    return caller.earliest


def _match(state: QueueState, caller: Waiting, now: float) -> tuple[float, Member | None]:
    """The member for this caller; else when the first of those who are free may be offered the caller."""
    rounds = state.queue.rounds
    untried = [member for member in state.free if _may_be_tried(caller, member, rounds)]
    fitting = [member for member in untried if caller.since + member.threshold <= now]
    if fitting:
        return now, choose(caller, fitting)
    return min((caller.since + member.threshold for member in untried), default=math.inf), None


def out_of_rounds(state: QueueState, caller: Waiting) -> bool:
    """True when somebody was offered this caller in all rounds, and of those who can be soon nobody is left."""
    rounds = state.queue.rounds
    if not rounds or max(caller.tries.values(), default=0) < rounds:
        return False
    return not _anybody(state.members.values(), caller, rounds, SOON_FREE)


def nobody_free(state: QueueState, caller: Waiting) -> bool:
    """True when no member can be offered this caller without waiting for the end of a call."""
    return not _anybody(state.members.values(), caller, state.queue.rounds, RESTING)


def _anybody(members: Iterable[Member], caller: Waiting, rounds: int, may: frozenset[Obstacle]) -> bool:
    return any(
        member.obstacles.keys() <= may and member.threshold < math.inf and _may_be_tried(caller, member, rounds)
        for member in members
    )


def no_room(state: QueueState, itself: str | None = None) -> NoRoom | None:
    """Why a caller who would come now could not be let in; None for who is served at once, or has a place to wait.

    `itself` is the member who calls.
    """
    caller = state.members.get(itself or "")
    if state.present <= (caller is not None and caller.is_present):
        return "no-members"
    if any(member.threshold <= 0 and member is not caller for member in state.free):
        return None
    if not state.queue.waiting:
        return "busy"
    return "full" if len(state.callers) >= state.queue.max_waiting else None


def hopeless(state: QueueState) -> Sequence[tuple[Waiting, Literal["unanswered", "busy"]]]:
    """The callers on the line whom no member will be offered: out of rounds, or not allowed to wait."""
    if not state.missed or (state.queue.waiting and not state.queue.rounds):
        return ()
    return list(_hopeless(state))


def _hopeless(state: QueueState) -> Iterator[tuple[Waiting, Literal["unanswered", "busy"]]]:
    for caller in state.missed.values():
        if caller.offers or caller.standing != "waiting":
            continue
        if out_of_rounds(state, caller):
            yield caller, "unanswered"
        elif not state.queue.waiting and nobody_free(state, caller):
            yield caller, "busy"


def to_call_back(state: QueueState, number: str) -> list[Waiting]:
    """The places that are to be called back at a number, in the line's order: one, but for places of older versions."""
    callers = state.callers.values()
    found = [caller for caller in callers if caller.standing == "callback" and caller.number == number]
    return sorted(found, key=lambda caller: caller.key)


def empty_deadline(state: QueueState) -> float | None:
    """When unserved callers are let go, because nobody is present. Who is being rung for may still be answered."""
    if state.empty_since is None or not any(map(let_go_when_empty, state.unserved())):
        return None
    return state.empty_since + state.queue.empty_seconds


def let_go_when_empty(caller: Waiting) -> bool:
    """True for who waits on the line and is not being rung for, who may still be answered."""
    return caller.standing == "waiting" and not caller.offers


def _may_be_tried(caller: Waiting, member: Member, rounds: int) -> bool:
    """Nobody is offered themselves, nor a caller more often than there are rounds."""
    return caller.member != member.person and (not rounds or caller.tries.get(member.person, 0) < rounds)
