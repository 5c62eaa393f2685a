"""What a session of the engine counts."""

import msgspec

from media.control_line import ControlLine


class Counters(msgspec.Struct, frozen=True):
    """What a session sent and received."""

    packets_in: int
    packets_out: int
    octets_in: int
    octets_out: int
    lost: int
    late: int
    jitter_ms: float
    foreign: int
    """Packets refused because they came from an address that is not the session's."""
    malformed: int
    relay_dropped: int
    mos: float
    """Estimate of what we hear, 1 to 4.5 (ITU-T G.107)."""
    round_trip_ms: float | None = None
    peer_loss: float | None = None
    """Fraction of our packets that the peer missed of late, by its RTCP reports."""
    peer_jitter_ms: float | None = None


def counters_of(reply: ControlLine) -> Counters:
    """What the engine told. Raises msgspec.ValidationError."""
    return msgspec.convert(reply.arguments, Counters, strict=False)
