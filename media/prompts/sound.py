"""Shaping and writing of the packaged audio. Needed to make prompts and music, not to play them."""

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]
"""Mono samples between -1 and 1."""

RATE = 16_000
"""Samples a second of all packaged audio: what G.722 carries, and twice what G.711 does."""
_FRAME = RATE // 50


def decibels(level: float) -> float:
    """A level relative to full scale in dBFS; silence is -120."""
    return float(20 * np.log10(max(level, 1e-6)))


def rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples)))) if samples.size else 0.0


def speech_level(samples: Samples) -> float:
    """Level of the frames of 20 ms that hold sound (within 30 dB of the loudest), dBFS: pauses do not count."""
    frames = samples[: samples.size - samples.size % _FRAME].reshape(-1, _FRAME)
    levels = np.sqrt(np.mean(np.square(frames), axis=1))
    return decibels(rms(frames[levels > levels.max() * 10 ** (-30 / 20)].ravel()))


def equalised(samples: Samples, curve: dict[float, float], rate: int = RATE) -> Samples:
    """Filter without phase shift; `curve` gives gains in dB at frequencies in Hz, straight lines between them.

    The samples are taken as a ring: a loop stays seamless, and a clip that begins and ends in silence loses nothing.
    """
    frequencies = np.fft.rfftfreq(samples.size, 1 / rate)
    gains = np.interp(frequencies, list(curve), list(curve.values()))
    return np.fft.irfft(np.fft.rfft(samples) * 10 ** (gains / 20), samples.size)


def resampled(samples: Samples, from_rate: int, to_rate: int = RATE) -> Samples:
    """Band-limited resampling of a whole clip."""
    length = round(samples.size * to_rate / from_rate)
    spectrum = np.fft.rfft(samples)
    wanted = np.zeros(length // 2 + 1, dtype=np.complex128)
    kept = min(wanted.size, spectrum.size)
    wanted[:kept] = spectrum[:kept]
    return np.fft.irfft(wanted, length) * (length / samples.size)


def normalised(samples: Samples, level_dbfs: float, peak_dbfs: float = -3.0) -> Samples:
    """At a speech level, peaks above `peak_dbfs` bent softly (no clipping in a-law or µ-law)."""
    louder = samples * 10 ** ((level_dbfs - speech_level(samples)) / 20)
    peak = 10 ** (peak_dbfs / 20)
    knee = 0.6 * peak
    over = np.abs(louder) > knee
    bent = np.sign(louder) * (knee + (peak - knee) * np.tanh((np.abs(louder) - knee) / (peak - knee)))
    return np.where(over, bent, louder)


def trimmed(samples: Samples, margin: float = 0.08, threshold_db: float = -34.0) -> Samples:
    """Without silence at the ends, but for `margin` seconds that fade in and out."""
    window = _FRAME
    envelope = np.sqrt(np.convolve(np.square(samples), np.ones(window) / window, mode="same"))
    (loud,) = np.nonzero(envelope > envelope.max() * 10 ** (threshold_db / 20))
    pad = round(margin * RATE)
    padded = np.pad(samples, pad)
    cut = padded[loud[0] : loud[-1] + 1 + 2 * pad].copy()
    fade = 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, pad))
    cut[:pad] *= fade
    cut[-pad:] *= fade[::-1]
    return cut


def write_opus(path: Path, samples: Samples, bit_rate: int, application: str) -> None:
    """Write mono Ogg Opus; the same samples give the same bytes. `application` is `voip` or `audio`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pcm = np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)
    with av.open(str(path), "w", format="ogg", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libopus", rate=RATE, options={"application": application})
        stream.bit_rate = bit_rate
        stream.layout = "mono"
        for start in range(0, pcm.size, _FRAME):
            frame = av.AudioFrame.from_ndarray(pcm[None, start : start + _FRAME], format="s16", layout="mono")
            frame.sample_rate = RATE
            frame.pts = start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def read_audio(path: Path, rate: int = RATE) -> Samples:
    """Decode any audio file to mono at `rate`."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray().ravel() for frame in frames]).astype(np.float64) / 32768
