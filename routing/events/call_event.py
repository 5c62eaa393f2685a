"""What every event of a call has."""

import msgspec


class CallEvent(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Base: `call` is the call's id, `at` UTC epoch seconds."""

    call: str
    at: float
