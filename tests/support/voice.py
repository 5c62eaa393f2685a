"""What the simulated people say: clips written as WAV files that phones can play."""

import wave
from pathlib import Path

import numpy as np

from media.prompts.sound import read_audio

PAUSE = 0.5
"""Seconds between two rounds."""


def round_length(clip: Path, rate: int) -> int:
    """Samples of one round: the clip and the pause after it."""
    return read_audio(clip, rate).size + round(PAUSE * rate)


def write_voice(path: Path, clip: Path, *, rate: int = 8000, seconds: float = 90.0) -> Path:
    """A WAV (16 bit, mono) that says `clip` again and again with pauses until `seconds` are full."""
    said = np.concatenate([read_audio(clip, rate), np.zeros(round(PAUSE * rate))])
    samples = np.resize(said, round(seconds * rate))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path
