"""A call that was forwarded: by whom and why, as the record and the next one called are told."""

from typing import Literal

import msgspec

Diverted = Literal["unconditional", "busy", "no-answer", "unreachable", "do-not-disturb"]
"""Why a call was forwarded."""


class Diversion(msgspec.Struct, frozen=True):
    """One forwarding of a call."""

    person: str
    """Id of whose call it was."""
    why: Diverted
