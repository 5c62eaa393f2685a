"""Makes the tones of the telephone network: `python -m media.prompts.tones`."""

import numpy as np

from media.prompts.library import PACKAGED
from media.prompts.sound import RATE, Samples, write_opus

RINGBACK_HZ = 425
"""The ringing tone of most of Europe (ITU-T E.180, table of recommended values)."""
RINGBACK_SECONDS = (1.0, 4.0)
"""Tone and pause."""
LEVEL = 0.1
"""Peak, of full scale: -20 dBFS."""
EDGE_SECONDS = 0.01
"""The tone rises and falls for so long, so that it does not click."""


def ringback() -> Samples:
    """One ring and its pause; looped it is a ringing phone."""
    tone, pause = (int(seconds * RATE) for seconds in RINGBACK_SECONDS)
    time = np.arange(tone) / RATE
    edge = np.clip(np.minimum(time, time[-1] - time) / EDGE_SECONDS, 0, 1)
    rung = LEVEL * np.sin(2 * np.pi * RINGBACK_HZ * time) * edge
    return np.concatenate([rung, np.zeros(pause)])


if __name__ == "__main__":
    write_opus(PACKAGED / "music" / "ringback" / "1-ringback.ogg", ringback(), 24_000, "audio")
