"""Sound files that people upload: what is made of good ones, and what is said of the others."""

import asyncio
import struct
import wave
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest

from media.prompts.library import PromptLibrary
from media.prompts.sound import Samples, read_audio
from media.upload import RATE, prepare
from media.upload_order import Sound, UploadOrder
from media.uploads import MUSIC_LUFS, SPEECH_LUFS, UploadLimits, UploadRefused, take_in
from tests.media.sound_files import ALL_RATES, ENCODERS, MONO_ONLY, RATES, loudness, write
from tests.support import audio

PROMPT = PromptLibrary().find("closed", "en")
SILENCE = 0.8
"""Seconds before and after what is said."""
LUFS = 1.0
"""How far from the level wanted."""


def channels_of(ending: str, place: int) -> tuple[int, ...]:
    """Both for what people upload most; the others mono and stereo in turn."""
    if ending in ("mp3", "wav", "wma"):
        return (1, 2)
    return (1,) if ending in MONO_ONLY else (1 + place % 2,)


def spoken(rate: int, gain: float = 0.5, silence: float = SILENCE) -> Samples:
    quiet = np.zeros(round(silence * rate))
    return np.concatenate([quiet, gain * read_audio(PROMPT, rate), quiet])


def taken(
    source: Path, *, longest: float = 60.0, music: bool = False, limits: UploadLimits | None = None
) -> tuple[Sound, Path]:
    target = source.parent / "made" / "sound.wav"
    target.parent.mkdir(exist_ok=True)
    return asyncio.run(take_in(source, target, longest_seconds=longest, music=music, limits=limits)), target


def why_refused(source: Path, *, longest: float = 60.0, limits: UploadLimits | None = None) -> str:
    with pytest.raises(UploadRefused) as refused:
        taken(source, longest=longest, limits=limits)
    assert list((source.parent / "made").iterdir()) == [], "nothing half done is left"
    assert str(source.name) in str(refused.value)
    return refused.value.why


@pytest.mark.parametrize("ending", ENCODERS)
def test_every_format_mono_and_stereo_at_every_rate_sounds_as_it_should(ending: str, tmp_path: Path) -> None:
    said = audio.load(PROMPT)
    for place, rate in enumerate(RATES.get(ending, ALL_RATES)):
        for channels in channels_of(ending, place):
            case = (ending, rate, channels)
            source = write(
                tmp_path / f"{rate}-{channels}.{ending.rpartition('.')[2]}",
                spoken(rate),
                rate,
                ending=ending,
                channels=channels,
                tags={"title": "Åbningstid", "artist": "Nordlys", "comment": "x" * 5000},
                cover=ending in ("mp3", "m4a", "flac"),
            )
            target = tmp_path / "made.wav"
            sound = prepare(UploadOrder(str(source), str(target), SPEECH_LUFS, True, 60.0, 60, 1 << 30))
            with wave.open(str(target)) as made:
                assert (made.getframerate(), made.getnchannels(), made.getsampwidth()) == (RATE, 1, 2), case
                assert made.getnframes() / RATE == pytest.approx(sound.seconds), case
            recording = audio.load(target)
            assert audio.heard(recording, said).score > 0.9, case
            assert said.size / audio.RATE - 0.3 < sound.seconds < said.size / audio.RATE + 0.4, case
            assert loudness(target) == pytest.approx(SPEECH_LUFS, abs=LUFS), case
            assert str(rate) in sound.format or ending == "ogg", case


def test_a_worker_of_its_own_does_it_and_tells_how_far_it_is(tmp_path: Path) -> None:
    source = write(tmp_path / "welcome.mp3", spoken(44100), 44100, channels=2)
    told: list[float] = []
    target = tmp_path / "welcome.wav"
    sound = asyncio.run(take_in(source, target, longest_seconds=60.0, progress=told.append))
    assert sound.format == "mp3 mp3float, 44100 Hz, stereo"
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["welcome.mp3", "welcome.wav"]


@pytest.mark.parametrize("gain", [0.02, 0.1, 1.0])
def test_whispered_and_shouted_greetings_come_out_at_one_level(gain: float, tmp_path: Path) -> None:
    _, made = taken(write(tmp_path / "greeting.wav", spoken(16000, gain), 16000))
    assert loudness(made) == pytest.approx(SPEECH_LUFS, abs=LUFS)
    assert np.abs(read_audio(made)).max() < 0.9


def test_music_keeps_its_silence_and_stands_below_speech(tmp_path: Path) -> None:
    sound, made = taken(write(tmp_path / "piece.flac", spoken(16000), 16000), music=True)
    assert sound.seconds == pytest.approx(2 * SILENCE + read_audio(PROMPT).size / RATE, abs=0.05)
    assert loudness(made) == pytest.approx(MUSIC_LUFS, abs=LUFS)


def test_a_noisy_line_is_trimmed_too(tmp_path: Path) -> None:
    noise = np.random.default_rng(5).normal(0, 0.0015, spoken(8000).size)
    sound, _ = taken(write(tmp_path / "line.wav", spoken(8000) + noise, 8000))
    assert sound.seconds < read_audio(PROMPT).size / RATE + 0.4


def test_a_wav_whose_writer_could_not_know_its_length_is_read(tmp_path: Path) -> None:
    source = write(tmp_path / "stream.wav", spoken(16000), 16000)
    data = bytearray(source.read_bytes())
    at = data.index(b"data") + 4
    data[4:8] = data[at : at + 4] = b"\xff\xff\xff\xff"
    source.write_bytes(data)
    assert taken(source)[0].seconds > 2.0


@pytest.mark.parametrize(("rate", "channels"), [(16000, 2), (44100, 1), (44100, 2)])
def test_an_mp3_put_together_of_parts_that_differ_is_read_to_its_end(rate: int, channels: int, tmp_path: Path) -> None:
    parts = [
        write(tmp_path / "jingle.mp3", spoken(16000, silence=0), 16000),
        write(tmp_path / "words.mp3", spoken(rate, silence=0), rate, channels=channels),
    ]
    whole = tmp_path / "welcome.mp3"
    whole.write_bytes(b"".join(part.read_bytes() for part in parts))
    sound, made = taken(whole)
    assert sound.seconds == pytest.approx(2 * read_audio(PROMPT).size / RATE, abs=0.5)
    assert loudness(made) == pytest.approx(SPEECH_LUFS, abs=LUFS)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "welcome.mp3").touch()
    assert "the file is empty; expected a sound file: MP3, WAV" in why_refused(tmp_path / "welcome.mp3")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert why_refused(tmp_path / "no.mp3") == "there is no such file"
    assert why_refused(tmp_path) == "it is not a file"


@pytest.mark.parametrize(
    ("begins", "what"),
    [
        (b"%PDF-1.7\n", "a PDF document"),
        (b"\xff\xd8\xff\xe0", "a JPEG picture"),
        (b"<!DOCTYPE html><html>", "a page of text"),
        (b"#EXTM3U\nhttp://192.0.2.1/a.mp3", "a playlist"),
        (b"Rar!\x1a\x07", "a RAR archive"),
        (b"MThd\0\0\0\6", "a MIDI file"),
        (b"\0" * 20_000, "nothing but zeros"),
        (b"Dear Sir or Madam, " * 500, "cannot be read"),
        (np.random.default_rng(1).bytes(50_000), "cannot be read"),
    ],
)
def test_what_is_no_sound_is_named_whatever_its_name_says(begins: bytes, what: str, tmp_path: Path) -> None:
    (tmp_path / "welcome.mp3").write_bytes(begins)
    assert what in why_refused(tmp_path / "welcome.mp3")


def test_a_zip_named_mp3_is_refused(tmp_path: Path) -> None:
    inside = write(tmp_path / "inside.mp3", spoken(16000), 16000)
    with zipfile.ZipFile(tmp_path / "welcome.mp3", "w") as archive:
        archive.write(inside)
    assert "a ZIP archive" in why_refused(tmp_path / "welcome.mp3")


def test_a_wav_that_promises_ten_hours_and_holds_a_second_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "lie.wav", spoken(8000)[:8000], 8000)
    data = bytearray(source.read_bytes())
    at = data.index(b"data") + 4
    data[at : at + 4] = struct.pack("<I", 10 * 3600 * 8000 * 2)
    source.write_bytes(data)
    assert why_refused(source) == "it is cut short or damaged: it promises 36000 seconds and holds 1"


@pytest.mark.parametrize("name", ["half.flac", "half.m4a"])
def test_half_a_file_is_refused(name: str, tmp_path: Path) -> None:
    source = write(tmp_path / name, spoken(16000), 16000)
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    why = why_refused(source)
    assert "cut short" in why or "cannot be read" in why


def test_a_file_with_holes_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "holes.flac", spoken(16000), 16000)
    data = bytearray(source.read_bytes())
    for at in range(3000, len(data) - 400, 4000):
        data[at : at + 400] = np.random.default_rng(at).bytes(400)
    source.write_bytes(data)
    assert "damaged" in why_refused(source)


def test_a_protected_m4a_is_refused(tmp_path: Path) -> None:
    key = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": "00" * 15 + "01", "encryption_kid": "00" * 15 + "02"}
    source = write(tmp_path / "bought.m4a", spoken(16000), 16000, options=key)
    assert "encrypted" in why_refused(source)


def test_a_song_from_a_shop_that_protects_it_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "bought.m4a", spoken(16000), 16000)
    source.write_bytes(source.read_bytes().replace(b"mp4a", b"drms"))
    assert "encrypted" in why_refused(source)


def test_a_protected_wma_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "bought.wma", spoken(16000), 16000)
    data = bytearray(source.read_bytes())
    # A Content Encryption Object in place of the padding's or another object's GUID, in the header.
    data[30:46] = bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e")
    source.write_bytes(data)
    assert "encrypted" in why_refused(source)


def test_a_video_without_sound_is_refused(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "film.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 64
        for _ in range(25):
            picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), dtype=np.uint8), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    assert why_refused(tmp_path / "film.mp4") == "there are only pictures in it"


def test_silence_is_refused(tmp_path: Path) -> None:
    assert why_refused(write(tmp_path / "quiet.wav", np.zeros(16000), 16000)) == "there is only silence in it"


def test_too_long_and_too_short_are_refused_with_the_limit(tmp_path: Path) -> None:
    long, short = tmp_path / "long.mp3", tmp_path / "short.wav"
    assert "longer than 2 seconds" in why_refused(write(long, spoken(16000), 16000), longest=2.0)
    assert "shorter than 0.5 seconds" in why_refused(write(short, spoken(16000)[12800:16000], 16000))


def test_a_file_above_the_size_limit_is_refused_unread(tmp_path: Path) -> None:
    source = tmp_path / "large.wav"
    with source.open("wb") as file:
        file.truncate(3 << 20)
    why = why_refused(source, limits=UploadLimits(bytes=1 << 20))
    assert "3 MB, and 1 MB is the most" in why


def test_a_small_file_that_unpacks_to_hours_is_given_up_at_the_longest_length(tmp_path: Path) -> None:
    source = write(tmp_path / "bomb.flac", np.zeros(8000 * 3600), 8000)
    assert source.stat().st_size < 1_000_000
    assert "longer than 60 seconds" in why_refused(source)


def test_a_file_that_takes_too_much_computing_is_given_up(tmp_path: Path) -> None:
    noise = np.random.default_rng(2).normal(0, 0.1, 48000 * 400)
    source = write(tmp_path / "endless.flac", noise, 48000)
    assert "more than 1 seconds of computing" in why_refused(source, longest=3600.0, limits=UploadLimits(cpu_seconds=1))


def test_a_file_that_takes_too_much_memory_is_given_up(tmp_path: Path) -> None:
    source = write(tmp_path / "fat.wav", spoken(16000), 16000)
    assert "more than 8 MB of memory" in why_refused(source, limits=UploadLimits(memory_bytes=8 << 20))
