"""What the media engine tells its controller."""

from typing import Literal

import msgspec

Layer = Literal["music", "announcement"]


class MediaEvent(msgspec.Struct, frozen=True):
    """Base; `session` is the name given to `MediaClient.open`, empty for events about the engine itself."""

    session: str


class DtmfReceived(MediaEvent, frozen=True):
    """A key was pressed and let go: one of 0-9 * # A-D (RFC 4733), or heard as a tone."""

    digit: str
    duration_ms: int


class PlayEnded(MediaEvent, frozen=True):
    """The last frame of a play was sent, or `failed` says why it never began.

    Not told of a play that was stopped or replaced.
    """

    layer: Layer
    play: int
    """The number that `MediaClient.play` returned."""
    failed: str | None = None


class RtpTimeout(MediaEvent, frozen=True):
    """No RTP came for `seconds`, though we expect it; told once for each silence."""

    seconds: int


class RecordEnded(MediaEvent, frozen=True):
    """A recording is complete and its file closed; `dropped_frames` were lost because the disk did not keep up."""

    seconds: float
    dropped_frames: int


class RecordFailed(MediaEvent, frozen=True):
    """A recording could not be begun or went no further; the call goes on."""

    reason: str


class RecordSilence(MediaEvent, frozen=True):
    """The party has said nothing for the time that was asked for; told once for each silence."""


class OrphanClosed(MediaEvent, frozen=True):
    """The engine closed a session that had no RTP while no controller was there."""

    label: str


class CommandFailed(MediaEvent, frozen=True):
    """A command that nobody waits for was refused."""

    verb: str
    reason: str


class EventsLost(MediaEvent, frozen=True):
    """So many events happened while no controller was there that `count` of them were not kept."""

    count: int


class EngineLost(MediaEvent, frozen=True):
    """The connection to the engine is gone. Its calls may go on; we try to reach it again."""


class ControllerReplaced(MediaEvent, frozen=True):
    """Another client has taken control of the engine; this one does not try again."""


class EngineBack(MediaEvent, frozen=True):
    """Connected again; `MediaClient.sessions` tells what the engine still has."""


OF_ENGINE: dict[str, type[MediaEvent]] = {
    "dtmf": DtmfReceived,
    "play_ended": PlayEnded,
    "rtp_timeout": RtpTimeout,
    "record_ended": RecordEnded,
    "record_failed": RecordFailed,
    "record_silence": RecordSilence,
    "orphan_closed": OrphanClosed,
    "events_lost": EventsLost,
}
"""What the engine tells, by the word that its line begins with."""
