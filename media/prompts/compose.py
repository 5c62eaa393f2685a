"""Composes the packaged music on hold: `python -m media.prompts.compose`. Needs numpy.

Soft electric piano over a pad, kept between about 200 Hz and 3.4 kHz, which is what a telephone carries. No bar comes
back: chords are voiced anew, the melody wanders, and notes are played a little early or late, so that a listener is not
tired by repetition and any two seconds tell where in the piece they are. A piece is written onto a ring: what rings on
past its end sounds at its beginning, so it loops without a seam. The same scores give the same files.
"""

from dataclasses import dataclass

import numpy as np

from media.prompts.library import PACKAGED
from media.prompts.sound import RATE, Samples, decibels, equalised, rms, write_opus

MUSIC_DBFS = -24.0
"""Below the prompts, so that an announcement stands out."""
BIT_RATE = 24_000
_TELEPHONE = {
    0.0: -60.0,
    150.0: -18.0,
    250.0: 0.0,
    2200.0: 0.0,
    3400.0: -4.0,
    4500.0: -18.0,
    7000.0: -50.0,
    8000.0: -60.0,
}


@dataclass(frozen=True, slots=True)
class Score:
    """A piece: chords as semitones above the key note, one a bar, gone through `rounds` times."""

    name: str
    seed: int
    key: int
    """MIDI note number of the key note."""
    scale: tuple[int, ...]
    chords: tuple[tuple[int, ...], ...]
    rounds: int
    beats: int
    """Beats in a bar."""
    tempo: float
    """Beats a minute."""
    density: float
    """Chance that a half beat has a melody note."""


MAJOR = (0, 2, 4, 5, 7, 9, 11)
DORIAN = (0, 2, 3, 5, 7, 9, 10)

SCORES = (
    Score(
        name="1-morning-ferry",
        seed=11,
        key=60,
        scale=MAJOR,
        chords=(
            (0, 4, 7, 11),
            (9, 12, 16, 19),
            (5, 9, 12, 16),
            (7, 11, 14, 17),
            (4, 7, 11, 14),
            (9, 12, 16, 19),
            (2, 5, 9, 12),
            (7, 12, 14, 17),
        ),
        rounds=3,
        beats=4,
        tempo=76.0,
        density=0.46,
    ),
    Score(
        name="2-harbour-lights",
        seed=23,
        key=57,
        scale=DORIAN,
        chords=(
            (0, 3, 7, 10),
            (5, 9, 12, 15),
            (10, 14, 17, 21),
            (3, 7, 10, 14),
            (8, 12, 15, 19),
            (5, 8, 12, 15),
            (7, 10, 14, 17),
            (7, 11, 14, 17),
        ),
        rounds=4,
        beats=3,
        tempo=84.0,
        density=0.38,
    ),
    Score(
        name="3-long-meadow",
        seed=37,
        key=65,
        scale=MAJOR,
        chords=(
            (0, 4, 7, 14),
            (7, 11, 14, 16),
            (9, 12, 16, 19),
            (5, 9, 12, 19),
            (2, 5, 9, 12),
            (0, 4, 9, 12),
            (5, 9, 12, 14),
        ),
        rounds=3,
        beats=4,
        tempo=68.0,
        density=0.52,
    ),
)


def frequency(note: float) -> float:
    """Hertz of a MIDI note number (A4, 440 Hz, is 69)."""
    return float(440 * 2 ** ((note - 69) / 12))


def piano(note: int, seconds: float, touch: float) -> Samples:
    """A struck tine: a warm fundamental, a soft bell above it that dies away first, and a slow tremolo."""
    t = np.arange(round((seconds + 1.6) * RATE)) / RATE
    f = frequency(note)
    decay = 0.9 + 40 / f
    body = np.exp(-t / (0.55 * decay + 0.35 * seconds))
    tone = np.sin(2 * np.pi * f * t + 0.9 * touch * np.exp(-t / 0.25) * np.sin(2 * np.pi * f * t))
    octave = 0.22 * np.exp(-t / (0.4 * decay)) * np.sin(2 * np.pi * 2.002 * f * t)
    bell = 0.10 * touch * np.exp(-t / 0.12) * np.sin(2 * np.pi * min(4.01 * f, 3100.0) * t)
    tremolo = 1 + 0.10 * np.sin(2 * np.pi * 4.6 * t)
    return touch * (tone * body + octave + bell) * tremolo * _edges(t.size, 0.006, 0.25)


def pad(note: int, seconds: float, warmth: float) -> Samples:
    """A held chord note: three voices a few cents apart, swelling in and out."""
    t = np.arange(round((seconds + 1.8) * RATE)) / RATE
    voices = [
        np.sin(2 * np.pi * frequency(note + cents) * t + phase)
        for cents, phase in ((-0.05, 0.3), (0.0, 1.9), (0.06, 4.0))
    ]
    fifths = 0.25 * warmth * np.sin(2 * np.pi * 3 * frequency(note) * t + 0.7)
    return (sum(voices, np.zeros_like(t)) / 3 + fifths * np.exp(-t / 2.5)) * _edges(t.size, 0.9, 1.8)


def _edges(size: int, attack: float, release: float) -> Samples:
    envelope = np.ones(size)
    rise, fall = round(attack * RATE), round(release * RATE)
    envelope[:rise] = 0.5 - 0.5 * np.cos(np.linspace(0, np.pi, rise))
    envelope[-fall:] *= 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, fall))
    return envelope


class Ring:
    """A loop of samples onto which notes are laid; what goes past the end sounds at the beginning."""

    def __init__(self, seconds: float) -> None:
        self.samples: Samples = np.zeros(round(seconds * RATE))

    def lay(self, at: float, note: Samples, gain: float) -> None:
        start = round(at * RATE) % self.samples.size
        np.add.at(self.samples, (start + np.arange(note.size)) % self.samples.size, gain * note)


def perform(score: Score) -> Samples:
    """Play a score."""
    rng = np.random.default_rng(score.seed)
    beat = 60 / score.tempo
    bar = score.beats * beat
    ring = Ring(bar * len(score.chords) * score.rounds)
    melody = score.key + 12
    for index in range(len(score.chords) * score.rounds):
        chord = score.chords[index % len(score.chords)]
        voiced = _voiced(chord, score.key, rng)
        _accompany(ring, index * bar, bar, voiced, rng)
        melody = _sing(ring, score, index * bar, melody, voiced, rng)
    shaped = equalised(ring.samples, _TELEPHONE)
    return shaped * 10 ** ((MUSIC_DBFS - decibels(rms(shaped))) / 20)


def _voiced(chord: tuple[int, ...], key: int, rng: np.random.Generator) -> list[int]:
    """Each chord note in one of its octaves between A3 and F5, never twice the same way in a row but by chance."""
    notes = []
    for degree in chord:
        octaves = [note for note in range(57, 78) if (note - key - degree) % 12 == 0]
        notes.append(int(rng.choice(octaves)))
    return sorted(set(notes))


def _accompany(ring: Ring, start: float, bar: float, notes: list[int], rng: np.random.Generator) -> None:
    for note in notes:
        ring.lay(start, pad(note, bar, float(rng.uniform(0.3, 1.0))), 0.16)
    order = notes if rng.random() < 0.7 else notes[::-1]
    spread = float(rng.uniform(0.02, 0.07))
    for step, note in enumerate(order):
        ring.lay(start + step * spread, piano(note, bar * 0.5, float(rng.uniform(0.5, 0.75))), 0.22)
    if rng.random() < 0.6:
        ring.lay(start + bar * float(rng.uniform(0.48, 0.54)), piano(int(rng.choice(notes)), bar * 0.3, 0.5), 0.2)


def _sing(ring: Ring, score: Score, start: float, melody: int, chord: list[int], rng: np.random.Generator) -> int:
    """One bar of melody: steps along the scale, chord notes on the beat; returns the note it ended on."""
    half = 30 / score.tempo
    for step in range(score.beats * 2):
        if rng.random() > score.density * (1.3 if step % 2 == 0 else 0.6):
            continue
        tones = (
            {note % 12 for note in chord} if step % 4 == 0 else {(score.key + degree) % 12 for degree in score.scale}
        )
        near = [note for note in range(69, 87) if note % 12 in tones and 0 < abs(note - melody) <= 5]
        weights = np.array([1 / (1 + abs(note - melody) + 0.35 * abs(note - 76)) for note in near])
        melody = int(rng.choice(near, p=weights / weights.sum()))
        late = float(rng.uniform(-0.012, 0.018))
        ring.lay(
            start + step * half + late,
            piano(melody, half * float(rng.uniform(1.2, 2.6)), float(rng.uniform(0.6, 0.95))),
            0.42,
        )
    return melody


if __name__ == "__main__":
    for piece in SCORES:
        performed = perform(piece)
        write_opus(PACKAGED / "music" / "default" / f"{piece.name}.ogg", performed, BIT_RATE, "audio")
        print(f"{piece.name}: {performed.size / RATE:.1f} s, peak {decibels(float(np.abs(performed).max())):.1f} dBFS")
