"""Makes the tones of the telephone network: `python -m media.prompts.tones`."""

import numpy as np

from media.prompts.library import BEEP, FALLBACK_LANGUAGE, PACKAGED
from media.prompts.sound import RATE, Samples, write_opus

RINGBACK_HZ = 425
"""The ringing tone of most of Europe (ITU-T E.180, table of recommended values)."""
RINGBACK_SECONDS = (1.0, 4.0)
"""Tone and pause."""
BEEP_HZ = 1000
BEEP_SECONDS = 0.3
LEVEL = 0.1
"""Peak, of full scale: -20 dBFS."""
EDGE_SECONDS = 0.01
"""The tone rises and falls for so long, so that it does not click."""


def tone(hertz: float, seconds: float) -> Samples:
    """A tone without clicks."""
    time = np.arange(int(seconds * RATE)) / RATE
    edge = np.clip(np.minimum(time, time[-1] - time) / EDGE_SECONDS, 0, 1)
    sounding: Samples = LEVEL * np.sin(2 * np.pi * hertz * time) * edge
    return sounding


def ringback() -> Samples:
    """One ring and its pause; looped it is a ringing phone."""
    sounding, pause = RINGBACK_SECONDS
    return np.concatenate([tone(RINGBACK_HZ, sounding), np.zeros(int(pause * RATE))])


if __name__ == "__main__":
    write_opus(PACKAGED / "music" / "ringback" / "1-ringback.ogg", ringback(), 24_000, "audio")
    write_opus(PACKAGED / FALLBACK_LANGUAGE / f"{BEEP}.ogg", tone(BEEP_HZ, BEEP_SECONDS), 24_000, "audio")
