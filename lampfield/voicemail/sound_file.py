"""The WAV files of messages: mono, 16 bit, as the media engine records them."""

from __future__ import annotations

import wave
from array import array
from pathlib import Path

from media.on_disk import put_in_place

LOUD = 800
"""A sample beyond this, of 32,767, is no silence: it was said."""
BLOCK = 160
"""Samples looked at together."""
END_SECONDS = 0.5
"""Of the silence at the end so much is left."""


class NoRecording(Exception):
    """The file holds no sound that can be read."""


def tidy(path: Path) -> float:
    """Cut the silence off at the end and put the file on disk for good; returns its seconds.

    Mends a header that was never completed, because the recorder was killed. Raises NoRecording, OSError.
    """
    rate, samples = _read(path)
    end = min(len(samples), _end_of_speech(samples) + round(END_SECONDS * rate))
    part = path.with_suffix(".part")
    with wave.open(str(part), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(samples[:end].tobytes())
    put_in_place({part: path})
    return end / rate


def _read(path: Path) -> tuple[int, array[int]]:
    try:
        with wave.open(str(path), "rb") as sound:
            if (sound.getnchannels(), sound.getsampwidth()) != (1, 2):
                raise NoRecording(f"{path}: not mono with 16 bit")
            data = sound.readframes(path.stat().st_size // 2)
            return sound.getframerate(), array("h", data[: len(data) // 2 * 2])
    except (wave.Error, EOFError) as error:
        raise NoRecording(f"{path}: {error}") from error


def _end_of_speech(samples: array[int]) -> int:
    for start in range((len(samples) - 1) // BLOCK * BLOCK, -1, -BLOCK):
        block = samples[start : start + BLOCK]
        if block and (max(block) > LOUD or min(block) < -LOUD):
            return start + len(block)
    return 0
