"""One call in progress, as a person would tell of it.

This module stays Python: the command line reads what the control socket says of calls into it.
"""

from typing import Literal

import msgspec

Stage = Literal["arriving", "ringing", "answered", "menu", "queue", "talking", "hold", "parked"]


class LiveCall(msgspec.Struct, frozen=True):
    """A call and where it is."""

    call: str
    company: str
    caller: str
    dialled: str
    started: float
    """UTC epoch seconds."""
    stage: Stage = "arriving"
    where: str = ""
    """The menu, queue or party of the stage."""
    since: float = 0.0
    """When the stage began, UTC epoch seconds."""
