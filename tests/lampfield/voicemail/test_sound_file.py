"""The files of messages."""

import struct
import wave
from pathlib import Path

import pytest

from lampfield.voicemail.sound_file import NoRecording, tidy
from tests.lampfield.voicemail.office import RATE, write_sound


def seconds_of(path: Path) -> float:
    with wave.open(str(path)) as file:
        return float(file.getnframes() / file.getframerate())


def test_silence_at_the_end_is_cut_but_for_half_a_second(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    write_sound(path, 2.0, 5.0)
    assert tidy(path) == pytest.approx(2.5, abs=0.03)
    assert seconds_of(path) == pytest.approx(2.5, abs=0.03)


def test_pauses_within_a_message_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    write_sound(path, 1.0, 4.0, 1.0)
    assert tidy(path) == pytest.approx(6.0, abs=0.03)


def test_nothing_but_silence_is_no_message(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    write_sound(path, 0.0, 10.0)
    assert tidy(path) == 0.5


def test_a_file_whose_recorder_was_killed_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    write_sound(path, 3.0)
    data = bytearray(path.read_bytes())
    # As the engine begins a file: sizes that mean "to the end".
    struct.pack_into("<I", data, 4, 0xFFFFFFFF - 8)
    struct.pack_into("<I", data, 40, 0xFFFFFFFF - 44)
    path.write_bytes(data + b"\x01")
    assert tidy(path) == pytest.approx(3.0, abs=0.001)
    assert seconds_of(path) == pytest.approx(3.0, abs=0.001)
    assert struct.unpack_from("<I", path.read_bytes(), 40) == (3 * RATE * 2,)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no sound at all" * 100])
def test_what_is_no_sound_is_told_apart(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(NoRecording):
        tidy(path)
