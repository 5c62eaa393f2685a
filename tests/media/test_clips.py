"""Clips: any audio file as ready frames, once for each content."""

import asyncio
import contextlib
import errno
import math
import os
import random
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import av
import numpy
import pytest

from media.clips import ClipError, ClipStore
from media.codec import Codec
from media.file_kind import EXPECTED
from tests.media.running_engine import real_time

DECODERS: dict[Codec, tuple[str, int]] = {
    "PCMA": ("pcm_alaw", 8000),
    "PCMU": ("pcm_mulaw", 8000),
    "G722": ("g722", 16000),
}


def tone(path: Path, *, seconds: float = 1.0, rate: int = 44100, channels: int = 2, level: float = 0.25) -> Path:
    """A WAV file with 440 Hz."""
    samples = [round(level * 32767 * math.sin(2 * math.pi * 440 * i / rate)) for i in range(round(seconds * rate))]
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"".join(sample.to_bytes(2, "little", signed=True) * channels for sample in samples))
    return path


def decoded(clip: Path, codec: Codec) -> tuple[numpy.ndarray, int]:
    """Samples of a clip, by a decoder that is not ours, and their rate."""
    name, rate = DECODERS[codec]
    decoder = av.CodecContext.create(name, "r")
    decoder.sample_rate = rate  # type: ignore[attr-defined]
    decoder.layout = "mono"  # type: ignore[attr-defined]
    frames = decoder.decode(av.Packet(clip.read_bytes()))  # type: ignore[attr-defined]
    return numpy.concatenate([frame.to_ndarray().ravel() for frame in frames]), rate


@contextlib.asynccontextmanager
async def store(directory: Path) -> AsyncIterator[ClipStore]:
    clips = ClipStore(directory)
    try:
        yield clips
    finally:
        await clips.close()


@pytest.mark.parametrize(("rate", "channels"), [(44100, 2), (8000, 1), (16000, 1)])
@pytest.mark.parametrize("codec", ["PCMA", "PCMU", "G722"])
def test_a_clip_sounds_like_its_file_and_as_loud(tmp_path: Path, codec: Codec, rate: int, channels: int) -> None:
    source = tone(tmp_path / "tone.wav", seconds=1.01, rate=rate, channels=channels)

    @real_time
    async def run() -> None:
        async with store(tmp_path / "cache") as clips:
            clip = await clips.clip(source, codec)
        assert clip.stat().st_size == 51 * 160, "whole frames, the last filled up with silence"
        samples, rate = decoded(clip, codec)
        middle = samples[rate // 5 : rate * 4 // 5].astype(float)
        spectrum = numpy.abs(numpy.fft.rfft(middle * numpy.hanning(len(middle))))
        assert abs(spectrum.argmax() * rate / len(middle) - 440) < 3
        loudness = math.sqrt(float((middle**2).mean()))
        assert loudness == pytest.approx(0.25 * 32767 / math.sqrt(2), rel=0.03)

    run()


@real_time
async def test_the_same_content_is_transcoded_once_whatever_its_name(tmp_path: Path) -> None:
    async with store(tmp_path / "cache") as clips:
        one = tone(tmp_path / "one.wav")
        two = tmp_path / "two.wav"
        two.write_bytes(one.read_bytes())
        found = await asyncio.gather(*(clips.clip(path, "PCMA") for path in (one, two, one)))
        assert len(set(found)) == 1
        made = found[0].stat().st_mtime_ns
        assert (await clips.clip(one, "G722")).exists()
    async with store(tmp_path / "cache") as again:
        assert (await again.clip(two, "PCMA")).stat().st_mtime_ns == made
    assert len(list((tmp_path / "cache").iterdir())) == 3


@real_time
async def test_it_is_known_how_long_a_clip_lasts(tmp_path: Path) -> None:
    source = tone(tmp_path / "tone.wav", seconds=1.01)
    for _ in ("made", "found on disk"):
        async with store(tmp_path / "cache") as clips:
            clip = await clips.clip(source, "PCMA")
            assert clips.seconds(clip) == pytest.approx(1.02)
    await clips.forget(source)
    assert clips.seconds(clip) == 0


@real_time
async def test_the_clip_of_a_file_that_is_forgotten_stays_for_another_of_the_same_sound(tmp_path: Path) -> None:
    async with store(tmp_path / "cache") as clips:
        draft = tone(tmp_path / "draft.wav")
        greeting = tmp_path / "greeting.wav"
        greeting.write_bytes(draft.read_bytes())
        clip = await clips.clip(greeting, "PCMA")
        assert await clips.clip(draft, "PCMA") == clip
        await clips.forget(draft)
        assert clip.exists()
        await clips.forget(greeting)
        assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize("left", [b"", b"\xd5" * 4096])
def test_a_clip_that_a_power_cut_has_left_unfinished_is_made_anew(tmp_path: Path, left: bytes) -> None:
    @real_time
    async def run() -> None:
        source = tone(tmp_path / "tone.wav")
        async with store(tmp_path / "cache") as clips:
            whole = (await clips.clip(source, "PCMA")).read_bytes()
        for clip in (tmp_path / "cache").iterdir():
            clip.write_bytes(left)
        async with store(tmp_path / "cache") as clips:
            clip = await clips.clip(source, "PCMA")
            assert clip.read_bytes() == whole
            assert clips.seconds(clip) == pytest.approx(1.0)

    run()


@real_time
async def test_a_clip_that_is_not_on_disk_for_good_has_no_name_yet(tmp_path: Path) -> None:
    def refused(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    source = tone(tmp_path / "tone.wav")
    async with store(tmp_path / "cache") as clips:
        with pytest.MonkeyPatch.context() as patch, pytest.raises(ClipError, match="Input/output error"):
            patch.setattr(os, "fsync", refused)
            await clips.clip(source, "PCMA")
        assert list((tmp_path / "cache").iterdir()) == []
        assert (await clips.clip(source, "PCMA")).exists()


@real_time
async def test_a_replaced_file_is_another_clip(tmp_path: Path) -> None:
    async with store(tmp_path / "cache") as clips:
        first = await clips.clip(tone(tmp_path / "a.wav"), "PCMA")
        second = await clips.clip(tone(tmp_path / "a.wav", seconds=2), "PCMA")
        assert first != second
        assert second.stat().st_size == 2 * first.stat().st_size


def age(clips: Path, days: float) -> None:
    """Let the files of a folder be as old as that."""
    for clip in clips.iterdir():
        at = clip.stat().st_mtime - days * 86_400
        os.utime(clip, (at, at))


@real_time
async def test_clips_that_nobody_has_asked_for_in_a_month_go_and_those_of_this_run_stay(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    async with store(cache) as before:
        gone = await before.clip(tone(tmp_path / "gone.wav", seconds=0.5), "PCMA")
        greeting = await before.clip(tone(tmp_path / "greeting.wav"), "PCMA")
    (cache / f"{gone.name}.4711.part").write_bytes(b"half")
    (cache / "letter.txt").write_text("not ours")
    age(cache, days=40)
    async with store(cache) as clips:
        assert await clips.clip(tmp_path / "greeting.wav", "PCMA") == greeting
        age(cache, days=20)
        new = await clips.clip(tone(tmp_path / "new.wav", seconds=2), "G722")
        age(cache, days=20)
        await clips.tidy()
        assert {path for path in cache.iterdir() if path.suffix in (".pcma", ".part", ".txt")} == {
            greeting,
            new.with_suffix(".pcma"),
            cache / "letter.txt",
        }
        assert clips.seconds(greeting) == 1.0
    async with store(cache) as neighbour:
        age(cache, days=29)
        await neighbour.tidy()
        assert greeting.exists(), "it was in use a month ago"
        age(cache, days=2)
        await neighbour.tidy()
        assert list(cache.iterdir()) == [cache / "letter.txt"]


@real_time
async def test_a_folder_of_clips_that_is_not_there_is_tidy(tmp_path: Path) -> None:
    async with store(tmp_path / "cache") as clips:
        await clips.tidy()


@real_time
async def test_what_cannot_be_read_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "noise.mp3").write_bytes(random.Random(0).randbytes(5000))
    (tmp_path / "mistaken.mp3").write_bytes(random.Random(131).randbytes(5000))
    (tmp_path / "empty.wav").write_bytes(b"")
    (tmp_path / "list.m3u8").write_text(f"#EXTM3U\n#EXTINF:1,\n{tone(tmp_path / 'tone.wav')}\n")
    tone(tmp_path / "silent.wav", seconds=0)
    bad = [
        ("noise.mp3", f"it cannot be read (Invalid data found when processing input); {EXPECTED}"),
        ("mistaken.mp3", f"it cannot be read (Invalid argument); {EXPECTED}"),
        ("empty.wav", EXPECTED),
        ("list.m3u8", EXPECTED),
        ("silent.wav", "no sound"),
        ("none.wav", "No such file"),
        (".", "Is a directory"),
    ]
    async with store(tmp_path / "cache") as clips:
        for name, why in bad:
            path = tmp_path / name
            with pytest.raises(ClipError) as caught:
                await clips.clip(path, "PCMA")
            assert str(path) in str(caught.value)
            assert why in caught.value.why
        # And the worker is none the worse for it.
        assert (await clips.clip(tmp_path / "tone.wav", "PCMU")).exists()
    assert not list((tmp_path / "cache").glob("*.part"))


def _workers() -> list[int]:
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [int(pid) for pid in children if b"media.transcode" in Path(f"/proc/{pid}/cmdline").read_bytes()]


@real_time
async def test_a_transcoder_that_dies_is_started_again(tmp_path: Path) -> None:
    async with store(tmp_path / "cache") as clips:
        await clips.clip(tone(tmp_path / "a.wav"), "PCMA")
        (worker,) = _workers()
        os.kill(worker, 9)
        # Whether this file was in work then or not:
        with contextlib.suppress(ClipError):
            await clips.clip(tone(tmp_path / "b.wav", seconds=2), "PCMA")
        assert (await clips.clip(tmp_path / "b.wav", "PCMA")).exists()
