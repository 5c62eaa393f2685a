"""What the upload worker is asked and what it tells: all that who asks needs to know, without the audio library."""

from pathlib import Path

import msgspec

OUT_OF_MEMORY = 77
"""The process's status where the limit on memory did not suffice."""


class UploadOrder(msgspec.Struct, frozen=True):
    """What to make of a file."""

    source: str
    target: str
    """The WAV to write: mono, 16 bit, 16 kHz."""
    loudness: float
    """Of the whole, LUFS (EBU R 128)."""
    trim: bool
    """Cut silence off at both ends."""
    longest_seconds: float
    cpu_seconds: int
    memory_bytes: int


class Sound(msgspec.Struct, frozen=True):
    """What was made."""

    seconds: float
    format: str
    """Of the original: `mp3, 44100 Hz, stereo`."""


class Progress(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of the worker's; one field is set."""

    progress: float | None = None
    sound: Sound | None = None
    error: str | None = None


def plain_of(target: Path) -> Path:
    """Where the sound waits to be trimmed and levelled."""
    return target.with_suffix(".plain")
