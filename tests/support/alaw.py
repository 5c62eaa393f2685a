"""G.711 A-law, for phones that are made of plain sockets."""

import numpy as np
from numpy.typing import NDArray

from media.prompts.sound import Samples


def _levels() -> Samples:
    """What each code stands for, -1 to 1: even bits inverted, sign, segment, place in it (ITU-T G.711 §3.2)."""
    codes = np.arange(256) ^ 0x55
    exponent, mantissa = (codes >> 4) & 7, codes & 15
    magnitude = np.where(exponent == 0, 2 * mantissa + 1, (2 * mantissa + 33) << np.maximum(exponent - 1, 0))
    return np.where(codes & 0x80, magnitude, -magnitude) / 4096.0


_LEVELS = _levels()
_CODES = np.argsort(_LEVELS)
_BORDERS = (_LEVELS[_CODES][1:] + _LEVELS[_CODES][:-1]) / 2


def decode(data: bytes) -> Samples:
    return _LEVELS[np.frombuffer(data, np.uint8)]


def encode(samples: Samples) -> bytes:
    nearest: NDArray[np.int64] = np.searchsorted(_BORDERS, samples)
    return _CODES[nearest].astype(np.uint8).tobytes()
