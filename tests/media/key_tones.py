"""Tones of keys, made and found by means of the tests' own, and sound as RTP carries it, by FFmpeg's codecs."""

from collections.abc import Sequence
from typing import Literal, cast

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext

from media.codec import Codec
from media.prompts.sound import Samples

KEYS = "0123456789*#ABCD"
RATE = 8000
FULL = 22300 / 32768
"""Amplitude of a tone of 0 dBm0 (ITU-T G.711 §4), of 1."""
LOW = (697, 770, 852, 941)
HIGH = (1209, 1336, 1477, 1633)
PLACES = {key: (at // 4, at % 4) for at, key in enumerate("123A456B789C*0#D")}
_ENCODINGS = {"PCMA": "pcm_alaw", "PCMU": "pcm_mulaw", "G722": "g722"}


def amplitude(dbm0: float) -> float:
    return float(FULL * 10 ** (dbm0 / 20))


def tone(
    key: str,
    seconds: float = 0.1,
    low: float = -9.0,
    high: float = -9.0,
    *,
    low_astray: float = 0.0,
    high_astray: float = 0.0,
    rate: float = RATE,
    phase: float = 0.0,
) -> Samples:
    """A key's tones, at levels in dBm0, beside their frequencies by parts of 1."""
    row, column = PLACES[key]
    at = 2 * np.pi * np.arange(round(seconds * rate)) / rate
    return np.asarray(
        amplitude(low) * np.sin(at * LOW[row] * (1 + low_astray) + phase)
        + amplitude(high) * np.sin(at * HIGH[column] * (1 + high_astray) + 2 * phase)
    )


def silence(seconds: float, rate: float = RATE) -> Samples:
    return np.zeros(round(seconds * rate))


def dialled(keys: str, seconds: float = 0.1, pause: float = 0.1, rate: float = RATE, **how: float) -> Samples:
    """Keys one after the other, at places that have nothing to do with packets."""
    parts = [silence(0.0931, rate)]
    for at, key in enumerate(keys):
        parts += [tone(key, seconds, rate=rate, phase=0.7 * at, **how), silence(pause, rate)]
    return np.concatenate([*parts, silence(0.2, rate)])


def _context(codec: Codec, mode: Literal["r", "w"]) -> tuple[AudioCodecContext, int]:
    """An encoder or decoder, and its samples a second."""
    context = cast(AudioCodecContext, av.CodecContext.create(_ENCODINGS[codec], mode))
    context.sample_rate = 16000 if codec == "G722" else RATE
    context.layout = "mono"
    if mode == "w":
        context.format = "s16"
    return context, context.sample_rate


def encoded(samples: Samples, codec: Codec) -> bytes:
    """Samples, 8,000 a second or 16,000 for G.722, as payload; whole frames of 20 ms."""
    context, rate = _context(codec, "w")
    whole = np.concatenate([samples, np.zeros(-samples.size % (rate // 50))])
    pcm = np.round(np.clip(whole, -1, 32767 / 32768) * 32768).astype(np.int16)
    size = rate // 50 if codec == "G722" else pcm.size
    data = b""
    for start in range(0, pcm.size, size):
        frame = av.AudioFrame.from_ndarray(pcm[None, start : start + size], format="s16", layout="mono")
        frame.sample_rate = rate
        data += b"".join(bytes(packet) for packet in context.encode(frame))
    return data + b"".join(bytes(packet) for packet in context.encode(None))


def decoded(payloads: Sequence[bytes], codec: Codec) -> Samples:
    context, _ = _context(codec, "r")
    frames = [frame for payload in payloads for frame in context.decode(av.Packet(payload))]
    return np.concatenate([frame.to_ndarray().ravel() for frame in frames]) / 32768


def strengths(samples: Samples, rate: int = RATE) -> dict[int, float]:
    """Level of each frequency of the keys in some sound, dBm0."""
    at = 2j * np.pi * np.arange(samples.size) / rate
    window = np.hanning(samples.size)
    found = {hertz: 2 * abs(np.sum(samples * window * np.exp(-at * hertz))) / np.sum(window) for hertz in (*LOW, *HIGH)}
    return {hertz: float(20 * np.log10(max(each, 1e-9) / FULL)) for hertz, each in found.items()}


def sounding(samples: Samples, rate: int = RATE) -> list[tuple[str, float, float]]:
    """The keys that sound, from when to when in seconds, found by what is loud and its strongest tones."""
    step = rate // 200
    loud = [float(np.abs(samples[at : at + step]).max()) > amplitude(-20) for at in range(0, samples.size, step)]
    keys: list[tuple[str, float, float]] = []
    begun: int | None = None
    for at, is_loud in enumerate([*loud, False]):
        if is_loud and begun is None:
            begun = at
        elif not is_loud and begun is not None:
            levels = strengths(samples[begun * step : at * step], rate)
            pair = LOW.index(max(LOW, key=levels.__getitem__)), HIGH.index(max(HIGH, key=levels.__getitem__))
            key = next(key for key, place in PLACES.items() if place == pair)
            keys.append((key, begun * step / rate, at * step / rate))
            begun = None
    return keys
