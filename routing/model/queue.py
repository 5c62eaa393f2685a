"""Hunt groups and waiting queues: a group is a queue whose callers may not be allowed to wait."""

from typing import Literal

import msgspec

from routing.model.destination import Destination

Strategy = Literal["longest_idle", "priority", "all", "round_robin", "fewest_calls", "skills"]

QueueLamp = Literal["waiting", "served", "both"]
"""What the lamp of a queue's extension shows."""


def is_outside(member: str) -> bool:
    """True for an outside number, E.164; else the member is the id of a person."""
    return member.startswith("+")


class MemberDetails(msgspec.Struct, frozen=True):
    """What is particular about a member."""

    skills: dict[str, int] = {}
    """Level by skill, 1 to 10."""
    penalty_seconds: float = 0.0
    """The member is offered only callers who have waited so long."""
    confirm: bool | None = None
    """The member presses 1 to take the call; None: only at outside numbers, so that no voicemail swallows a caller."""


class Queue(msgspec.Struct, frozen=True):
    """A hunt group with its waiting queue and its members."""

    name: str
    members: tuple[str, ...]
    """Ids of people, or outside numbers in E.164 form (`+45...`), in priority order."""
    strategy: Strategy = "longest_idle"
    """Whom a caller is offered to first; `routing.strategies` tells what each means."""
    details: dict[str, MemberDetails] = {}
    """By member."""
    at_once: int = 10
    """How many free members ring together with strategy `all`: the first of the list."""
    skills: dict[str, int] = {}
    """Least level of each skill that a member needs, with strategy `skills`."""
    skill_relax_seconds: float = 0.0
    """After each so many seconds of waiting the levels that a member needs fall by one, down to none; 0: never."""
    ring_seconds: float = 20.0
    rounds: int = 0
    """How often a caller is offered to every member who can be, before `on_unanswered`; 0: without limit.

    Members who talk, finish a call or are away are passed over, not waited for.
    """
    max_wait_seconds: float = 0.0
    """0: without limit; then `on_timeout`."""
    wrap_up_seconds: float = 0.0
    """Time for notes after a queue call, before the next is offered."""
    retry_seconds: float = 5.0
    """How long a member who missed or rejected an offer is left in peace."""
    auto_pause_misses: int = 0
    """Offers missed or rejected in a row after which a member is paused; 0: never, and never after the first."""
    empty_seconds: float = 30.0
    """How long callers wait on when the last member's phone has gone: it may come back."""
    waiting: bool = True
    """Callers may wait; else, when nobody is free, `on_busy`."""
    max_waiting: int = 10
    """Places, those held and those to call back included. Whom a free member is there for is let in all the same."""
    position_every_seconds: float = 30.0
    """0: never told."""
    tell_expected_wait: bool = False
    """With the position also the expected wait, when it has grown shorter."""
    lamp: QueueLamp = "both"
    """Blinks while callers wait, is lit while members talk to callers, or both."""
    music: str = "default"
    welcome_prompt: str | None = "please-wait"
    last_member_days: float = 0.0
    """For how long a caller is offered first to the member they spoke to last, when that member is free; 0: never."""
    callback_key: str | None = None
    """The key with which a waiting caller asks to be called back; None: not offered."""
    callback_attempts: int = 3
    callback_retry_seconds: float = 300.0
    keys: dict[str, Destination] = {}
    """Where a waiting caller's keys lead; the place is kept until the caller is `back` or hangs up."""
    on_full: Destination = Destination("message", "busy")
    on_busy: Destination = Destination("message", "busy")
    """When callers may not wait and nobody is free."""
    on_no_members: Destination = Destination("message", "closed")
    """When no member is active and has a phone registered."""
    on_timeout: Destination = Destination("message", "goodbye")
    on_unanswered: Destination = Destination("message", "goodbye")
    """When `rounds` have passed."""
