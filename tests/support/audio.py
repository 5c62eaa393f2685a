"""Tells what was heard: finds prompts and music in recordings by cross-correlation.

Works on waveforms, so it does not mind gain, delay, G.711 or G.722, and a few frames lost or repeated by a jitter
buffer; it does mind another sentence, another piece or another place in it. All times are seconds.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from media.prompts.sound import Samples, equalised, read_audio

RATE = 8000
"""Samples a second at which everything is compared: what G.711 carries."""
HEARD = 0.7
"""Score from which a clip counts as heard; another sentence of the same voice stays below 0.65, even
one that shares half its words (see the self-test)."""
_PIECE = 0.5
_DRIFT = 0.15
_LOW_STEP = 4
_LOW = {0.0: 0.0, 800.0: 0.0, 950.0: -40.0, 1000.0: -80.0, 4000.0: -80.0}
_TELEPHONE = {0.0: -60.0, 200.0: -20.0, 350.0: 0.0, 3200.0: 0.0, 3600.0: -30.0, 4000.0: -60.0}


@dataclass(frozen=True, slots=True)
class Match:
    """Best place of a reference in a recording: `score` 1 is the same waveform, 0 unlike; `offset` where it begins."""

    score: float
    offset: float


@dataclass(frozen=True, slots=True)
class Heard:
    """A clip that was heard, from `start` to `end` in the recording."""

    name: str
    start: float
    end: float
    score: float


@dataclass(frozen=True, slots=True)
class MusicHeard:
    """At `at` in the recording the music was at `position` of `piece`."""

    at: float
    piece: str
    position: float
    score: float
    length: float
    """Of the whole piece, after which it begins again."""

    def until(self, later: "MusicHeard") -> float:
        """How far the music went on from here to `later` in the same piece, round its end if need be."""
        return (later.position - self.position + self.length / 2) % self.length - self.length / 2


def load(path: Path) -> Samples:
    """A recording or clip, limited to the telephone band."""
    return equalised(read_audio(path, RATE), _TELEPHONE, RATE)


def level(samples: Samples, start: float = 0.0, end: float | None = None) -> float:
    """Root mean square between two times, 0 to 1."""
    part = samples[round(start * RATE) : None if end is None else round(end * RATE)]
    return float(np.sqrt(np.mean(np.square(part)))) if part.size else 0.0


def best_match(recording: Samples, reference: Samples) -> Match:
    """Where `reference` fits best into `recording`; it may hang over either end by at most a third."""
    scores, overhang = _correlation(recording, reference)
    best = int(np.argmax(scores))
    return Match(float(scores[best]), (best - overhang) / RATE)


def heard(recording: Samples, clip: Samples) -> Match:
    """How well a whole clip was heard: mean over pieces of half a second, which may slip (jitter buffers)."""
    coarse = best_match(recording, clip)
    return Match(_piecewise(recording, clip, coarse.offset), coarse.offset)


def occurrences(recording: Samples, clip: Samples, threshold: float = HEARD) -> list[Match]:
    """Each time a clip was heard, in order."""
    scores, overhang = _correlation(recording, clip)
    remaining = scores.copy()
    found: list[Match] = []
    # A slipped frame spreads the peak, so weak peaks are candidates and the piecewise score decides.
    while remaining.size and remaining.max() >= threshold / 2 and len(found) < 100:
        best = int(np.argmax(remaining))
        offset = (best - overhang) / RATE
        score = _piecewise(recording, clip, offset)
        if score >= threshold:
            found.append(Match(score, offset))
        elif remaining[best] < threshold:
            break
        remaining[max(0, best - clip.size // 2) : best + clip.size // 2] = 0.0
    return sorted(found, key=lambda match: match.offset)


def timeline(recording: Samples, clips: Mapping[str, Samples], threshold: float = HEARD) -> list[Heard]:
    """Which clips were heard when. Of clips that claim the same time (`position/7` and `8`) the best one stays."""
    claims = [
        Heard(name, match.offset, match.offset + clip.size / RATE, match.score)
        for name, clip in clips.items()
        for match in occurrences(recording, clip, threshold)
    ]
    kept: list[Heard] = []
    for claim in sorted(claims, key=lambda each: -each.score):
        if all(min(claim.end, other.end) - max(claim.start, other.start) < 0.2 for other in kept):
            kept.append(claim)
    return sorted(kept, key=lambda each: each.start)


def music_heard(
    recording: Samples,
    pieces: Mapping[str, Samples],
    start: float = 0.0,
    end: float | None = None,
    *,
    window: float = 1.0,
    threshold: float = HEARD,
) -> list[MusicHeard]:
    """What music, or other sound that goes round, was heard when; told for each `window` that holds any."""
    last = recording.size / RATE if end is None else min(end, recording.size / RATE)
    rings = {name: _low(np.concatenate([piece, piece[: round(window * RATE)]])) for name, piece in pieces.items()}
    told = []
    for index in range(int((last - start) / window)):
        at = start + index * window
        part = recording[round(at * RATE) : round((at + window) * RATE)]
        if level(part) < 1e-3:
            continue
        matches = [(best_match(ring, _low(part)), name) for name, ring in rings.items()]
        match, name = max(matches, key=lambda each: each[0].score)
        if match.score >= threshold:
            length = pieces[name].size / RATE
            told.append(MusicHeard(at, name, match.offset * _LOW_STEP % length, match.score, length))
    return told


def music_jumps(told: Sequence[MusicHeard], tolerance: float = 0.1) -> list[tuple[MusicHeard, MusicHeard]]:
    """Neighbours in uninterrupted music between which it did not simply play on."""
    return [
        (before, after)
        for before, after in itertools.pairwise(told)
        if before.piece != after.piece or abs(before.until(after) - (after.at - before.at)) > tolerance
    ]


def music_pause(told: Sequence[MusicHeard], announced: Heard) -> float:
    """How long the music stood still around an announcement: the announcement's length if it went on where it paused.

    Raises AssertionError when no music was heard on one side, or when it was another piece.
    """
    before = [each for each in told if each.at + 1.0 <= announced.start + 0.1]
    after = [each for each in told if each.at >= announced.end - 0.1]
    assert before and after, f"no music on one side of {announced}: {told}"
    assert before[-1].piece == after[0].piece, f"another piece after {announced.name}: {before[-1]} {after[0]}"
    return (after[0].at - before[-1].at) - before[-1].until(after[0])


def _low(samples: Samples) -> Samples:
    """The lower kilohertz at a quarter of the rate: where music is, and four times less to correlate."""
    return equalised(samples, _LOW, RATE)[::_LOW_STEP]


def _correlation(recording: Samples, reference: Samples) -> tuple[NDArray[np.float64], int]:
    """Normalised correlation at each lag, and how many samples the first lag hangs over the recording's beginning."""
    overhang = reference.size // 3
    if reference.size == 0 or recording.size + 2 * overhang < reference.size:
        return np.zeros(1), 0
    padded = np.pad(recording, overhang)
    size = 1 << (padded.size + reference.size - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(padded, size) * np.conj(np.fft.rfft(reference, size)), size)
    lags = padded.size - reference.size + 1
    energy = np.concatenate([[0.0], np.cumsum(np.square(padded))])
    window = energy[reference.size : reference.size + lags] - energy[:lags]
    # Digital silence and codec noise must not be scaled up until they look like something.
    floor = max(float(window.max()) * 1e-4, 1e-9)
    return product[:lags] / np.sqrt(
        np.maximum(window, floor) * max(float(np.sum(np.square(reference))), 1e-9)
    ), overhang


def _piecewise(recording: Samples, clip: Samples, offset: float) -> float:
    count = max(1, round(clip.size / RATE / _PIECE))
    scores, weights = [], []
    for piece, begin in zip(np.array_split(clip, count), _beginnings(clip.size, count), strict=True):
        lower = round((offset - _DRIFT) * RATE) + begin
        around = recording[max(0, lower) : max(0, lower + piece.size + round(2 * _DRIFT * RATE))]
        scores.append(best_match(around, piece).score if around.size else 0.0)
        weights.append(float(np.sum(np.square(piece))) + 1e-9)
    return float(np.average(scores, weights=weights))


def _beginnings(size: int, count: int) -> list[int]:
    sizes = [part.size for part in np.array_split(np.empty(size), count)]
    return [sum(sizes[:index]) for index in range(count)]
