"""The listening helpers, proven on audio that was spoilt on purpose."""

import struct
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest

from media.prompts.library import PromptLibrary
from media.prompts.sound import Samples, read_audio, resampled
from tests.support import alaw, audio

LIBRARY = PromptLibrary()
CODECS = ["pcm_alaw", "pcm_mulaw", "g722"]


def clip(name: str) -> Samples:
    return audio.load(LIBRARY.find(name, "en"))


@cache
def music() -> dict[str, Samples]:
    return {path.stem: audio.load(path) for path in LIBRARY.music("default")}


def through(codec: str, samples: Samples, path: Path) -> Samples:
    """Encode and decode, so that only what the codec carries is left."""
    rate = 16000 if codec == "g722" else 8000
    pcm = np.round(np.clip(resampled(samples, audio.RATE, rate), -1, 1) * 32767).astype(np.int16)
    with av.open(str(path), "w", format="wav") as container:
        stream = container.add_stream(codec, rate=rate)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(pcm[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return audio.load(path)


def silence(seconds: float) -> Samples:
    return np.random.default_rng(1).normal(0, 1e-4, round(seconds * audio.RATE))


@pytest.mark.parametrize("codec", CODECS)
def test_a_prompt_is_found_through_a_codec_quieter_and_later(codec: str, tmp_path: Path) -> None:
    prompt = clip("please-wait")
    recording = through(codec, np.concatenate([silence(2.35), 0.3 * prompt, silence(1.0)]), tmp_path / "call.wav")
    match = audio.heard(recording, prompt)
    assert match.score > 0.9
    assert match.offset == pytest.approx(2.35, abs=0.02)


def test_another_sentence_of_the_same_voice_is_not_taken_for_it() -> None:
    names = ["greeting", "menu", "please-wait", "closed", "goodbye", "invalid-choice", "please-choose", "busy"]
    for said in names:
        recording = np.concatenate([silence(1.0), clip(said), silence(1.0)])
        others = {name: audio.heard(recording, clip(name)).score for name in names if name != said}
        assert max(others.values()) < audio.HEARD - 0.05, (said, others)


def test_positions_are_told_apart(tmp_path: Path) -> None:
    clips = {f"position/{number}": clip(f"position/{number}") for number in range(1, 11)}
    order = ["position/3", "position/2", "position/1"]
    spoken = np.concatenate([part for name in order for part in (silence(1.0), clips[name])])
    told = audio.timeline(through("pcm_alaw", spoken, tmp_path / "call.wav"), clips)
    assert [each.name for each in told] == order


def test_a_repeated_prompt_is_heard_each_time() -> None:
    prompt = clip("please-choose")
    recording = np.concatenate([silence(0.5), prompt, silence(2.0), prompt, silence(3.0), prompt, silence(0.5)])
    starts = [match.offset for match in audio.occurrences(recording, prompt)]
    length = prompt.size / audio.RATE
    assert starts == pytest.approx([0.5, 2.5 + length, 5.5 + 2 * length], abs=0.02)


def test_frames_lost_and_repeated_by_a_jitter_buffer_do_not_hide_a_prompt() -> None:
    prompt = clip("unavailable")
    frames = [prompt[start : start + 160] for start in range(0, prompt.size, 160)]
    del frames[70], frames[140]
    frames.insert(100, frames[100])
    assert audio.heard(np.concatenate([silence(1.0), *frames, silence(1.0)]), prompt).score > audio.HEARD


def test_silence_and_noise_hold_no_prompt() -> None:
    prompt = clip("greeting")
    assert audio.occurrences(np.zeros(80_000), prompt) == []
    assert audio.occurrences(np.random.default_rng(3).normal(0, 0.2, 160_000), prompt) == []
    assert audio.occurrences(np.zeros(100), prompt) == []


@pytest.mark.parametrize(("number", "codec"), list(enumerate(CODECS)))
def test_each_second_of_music_tells_the_piece_and_the_place(number: int, codec: str, tmp_path: Path) -> None:
    name, piece = list(music().items())[number]
    recording = through(codec, piece[20 * audio.RATE : 40 * audio.RATE], tmp_path / "call.wav")
    told = audio.music_heard(recording, music())
    assert {each.piece for each in told} == {name}
    assert [each.position for each in told] == pytest.approx([20.0 + each.at for each in told], abs=0.05)
    assert len(told) == 20
    assert audio.music_jumps(told) == []


def test_music_that_goes_on_where_it_paused_is_told_from_music_that_starts_anew() -> None:
    pieces = music()
    name, piece = next(iter(pieces.items()))
    announcement = clip("position/2")
    before, cut = piece[: 12 * audio.RATE], 12 * audio.RATE
    length = announcement.size / audio.RATE
    for resumed, stood_still in ((piece[cut : cut + 64000], length), (piece[:64000], length + 12.0)):
        recording = np.concatenate([before, announcement, resumed])
        (announced,) = audio.timeline(recording, {"position/2": announcement})
        told = audio.music_heard(recording, {name: piece}, end=announced.start)
        told += audio.music_heard(recording, {name: piece}, start=announced.end)
        assert audio.music_pause(told, announced) == pytest.approx(stood_still, abs=0.05)


def test_music_that_skips_is_noticed() -> None:
    pieces = music()
    piece = pieces["3-long-meadow"]
    recording = np.concatenate([piece[: 4 * audio.RATE], piece[9 * audio.RATE : 14 * audio.RATE]])
    assert len(audio.music_jumps(audio.music_heard(recording, pieces))) == 1


def test_a_law_is_that_of_others(tmp_path: Path) -> None:
    codes = bytes(range(256))
    assert alaw.encode(alaw.decode(codes)) == codes
    path = tmp_path / "codes.wav"
    header = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 292, b"WAVE", b"fmt ", 16, 6, 1, 8000, 8000, 1, 8, b"data", 256)
    path.write_bytes(header + codes)
    assert np.allclose(read_audio(path, 8000), alaw.decode(codes), atol=1e-4)
