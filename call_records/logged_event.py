"""An event with its place in the log.

This module stays Python: the types are read with the data from disk.
"""

import msgspec

from routing.events import AnyCallEvent
from routing.queue.events import AnyMemberEvent


class MemberLogged(msgspec.Struct, frozen=True, tag=True):
    """What happened to a member of a company's queue; `company` is its id."""

    company: str
    event: AnyMemberEvent


class StateLogged(msgspec.Struct, frozen=True, tag=True):
    """What a person's lamp showed from some moment on; `company` is its domain."""

    company: str
    person: str
    at: float
    """UTC epoch seconds."""
    condition: str
    reason: str
    note: str = ""
    back_at: float | None = None
    source: str = ""
    """The source that won."""


class LoggedEvent(msgspec.Struct, frozen=True):
    """`writer` and `number` say which event of which run of the server it is, so that none is written twice."""

    writer: str
    number: int
    event: AnyCallEvent | MemberLogged | StateLogged
