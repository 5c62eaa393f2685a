"""What the simulated people say: clips written as WAV files that phones can play."""

import wave
from pathlib import Path

import numpy as np

from media.prompts.sound import read_audio


def write_voice(path: Path, clip: Path, *, rate: int = 8000, pause: float = 0.5, seconds: float = 90.0) -> Path:
    """A WAV (16 bit, mono) that says `clip` again and again with pauses until `seconds` are full."""
    said = read_audio(clip, rate)
    round_trip = np.concatenate([said, np.zeros(round(pause * rate))])
    samples = np.resize(round_trip, round(seconds * rate))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path
