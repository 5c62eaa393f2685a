"""What is kept on disk of a call, so that the next run of the process can go on with it.

This module stays Python: the types are read with the data from disk.
"""

from __future__ import annotations

import msgspec

from lampfield.call_control.identity import Identity
from routing.house import Arrival
from sipcore.session_record import InviteRecord, SessionRecord


class KeptInvite(InviteRecord, frozen=True, gc=False):
    """An INVITE of ours that rings."""

    trunk: str = ""
    """As in `KeptLeg`."""


class KeptLeg(msgspec.Struct, frozen=True):
    """A leg that is answered."""

    leg: str
    session: SessionRecord
    rtp: str
    """The engine's name of its audio."""
    party: Identity
    """Who is at the phone."""
    peer: Identity
    language: str
    started: float
    """UTC epoch seconds."""
    trunk: str = ""
    """Name of the trunk that the party is at; empty for phones of the house."""


class KeptTalk(msgspec.Struct, frozen=True):
    """The caller talks to somebody."""

    callee: KeptLeg
    queue: str = ""
    """Where the two were brought together; empty for no queue."""
    place: str = ""
    """The call under which the queue knows the conversation."""


class KeptWay(msgspec.Struct, frozen=True):
    """Where a caller is who neither waits nor talks, and how they came there."""

    destination: str
    """In its written form; empty where the call was sent nowhere yet."""
    menus: tuple[str, ...] = ()
    """That have led there."""
    priority: int = 0
    customer_number: str = ""
    parked_by: str = ""
    """Id of who gets the call back when its time in a park slot is over."""


class KeptCall(msgspec.Struct, frozen=True):
    """A call that is answered: its caller talks, has places in queues, or is somewhere else."""

    call: str
    domain: str
    arrival: Arrival
    caller: KeptLeg
    places: dict[str, str]
    """By queue, the call under which the queue knows the place; the last is where the caller is, or was last."""
    away: bool = False
    """The caller has stepped out of the line."""
    talk: KeptTalk | None = None
    way: KeptWay | None = None
    priority: int = 0
    """With `customer_number` what the call had come to, of who waits or talks; of others `way` has it."""
    customer_number: str = ""
