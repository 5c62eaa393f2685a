"""Every packaged prompt is there in every language, and sounds as prompts should."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from media.prompts.library import HALF_DAYS, LANGUAGES, PACKAGED, PromptLibrary, PromptMissing
from media.prompts.make import sentences
from media.prompts.sound import RATE, decibels, read_audio, rms, speech_level

LIBRARY = PromptLibrary()
MEGABYTE = 1024 * 1024
PIECES = {
    "number",
    "hundreds",
    "time",
    "hour",
    "minute",
    "day",
    "month",
    "weekday",
    "word",
    "key",
    "wait/minutes",
    "voicemail/from",
}
"""What numbers, times, dates, opening hours, keys and waits are put together from."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_prompt_of_its_own(language: str) -> None:
    found = {name: LIBRARY.find(name, language) for name in LIBRARY.names()}
    assert all(path.is_relative_to(PACKAGED / language) for path in found.values())
    assert len(set(found.values())) == len(LIBRARY.names())


@pytest.mark.parametrize("language", LANGUAGES)
def test_text_tables_say_every_prompt_and_nothing_else(language: str) -> None:
    table = tomllib.loads((PACKAGED / "texts" / f"{language}.toml").read_text(encoding="utf-8"))
    said = dict(sentences(table))
    assert sorted(said.keys() - HALF_DAYS) == LIBRARY.names()
    assert all(text.endswith((".", ",")) for text in said.values())


def test_a_half_day_is_said_in_english_alone() -> None:
    for name in HALF_DAYS:
        assert LIBRARY.find(name, "en").is_relative_to(PACKAGED / "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_prompts_decode_are_loud_enough_not_clipped_and_trimmed(language: str) -> None:
    for name in LIBRARY.names():
        samples = read_audio(LIBRARY.find(name, language))
        seconds = samples.size / RATE
        piece = name in PIECES or name.partition("/")[0] in PIECES
        shortest, longest = (0.3, 2.6) if piece else (0.9, 17.0)
        assert shortest < seconds < longest, (name, seconds)
        assert -22.0 < speech_level(samples) < -18.0, name
        assert np.abs(samples).max() < 0.95, name
        quiet = 0.01 * np.abs(samples).max()
        (loud,) = np.nonzero(np.abs(samples) > quiet)
        lead, trail = loud[0] / RATE, (samples.size - loud[-1]) / RATE
        assert lead < 0.2, (name, lead)
        assert trail < 0.25, (name, trail)


def test_music_is_long_calm_and_quieter_than_speech() -> None:
    pieces = LIBRARY.music("default")
    assert 2 <= len(pieces) <= 3
    for path in pieces:
        samples = read_audio(path)
        assert 60 <= samples.size / RATE <= 90
        assert -26.0 < decibels(rms(samples)) < -22.0
        assert np.abs(samples).max() < 0.7
        seconds = samples[: samples.size // RATE * RATE].reshape(-1, RATE)
        assert min(rms(second) for second in seconds) > 0.1 * rms(samples), "a caller would think the line is dead"
        band = np.abs(np.fft.rfft(samples)) ** 2
        hertz = np.fft.rfftfreq(samples.size, 1 / RATE)
        assert band[(hertz > 200) & (hertz < 3400)].sum() > 0.95 * band.sum()


def test_packaged_audio_stays_small() -> None:
    assert sum(path.stat().st_size for path in PACKAGED.rglob("*.ogg")) < 8 * MEGABYTE


def test_a_language_without_prompts_falls_back_to_english() -> None:
    assert LIBRARY.find("greeting", "fi") == PACKAGED / "en" / "greeting.ogg"


def test_a_companys_own_recording_wins_in_any_format(tmp_path: Path) -> None:
    own = tmp_path / "da" / "position" / "1.wav"
    own.parent.mkdir(parents=True)
    own.touch()
    (own.parent / "1.txt").write_text("what was said")
    library = PromptLibrary(tmp_path)
    assert library.find("position/1", "da") == own
    assert library.find("position/1", "sv") == PACKAGED / "sv" / "position" / "1.ogg"
    assert library.find("position/10", "da") == PACKAGED / "da" / "position" / "10.ogg"


def test_an_own_english_recording_does_not_displace_the_callers_language(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "summer-greeting.mp3").touch()
    (tmp_path / "en" / "greeting.mp3").touch()
    library = PromptLibrary(tmp_path)
    assert library.find("summer-greeting", "da") == tmp_path / "en" / "summer-greeting.mp3"
    assert library.find("greeting", "da") == PACKAGED / "da" / "greeting.ogg"


def test_own_music_replaces_a_list(tmp_path: Path) -> None:
    folder = tmp_path / "music" / "default"
    folder.mkdir(parents=True)
    (folder / "b.mp3").touch()
    (folder / "a.wav").touch()
    (folder / ".a.wav.swp").touch()
    assert PromptLibrary(tmp_path).music("default") == [folder / "a.wav", folder / "b.mp3"]


def test_a_missing_prompt_is_named_with_the_places_looked_at(tmp_path: Path) -> None:
    with pytest.raises(PromptMissing) as missing:
        PromptLibrary(tmp_path).find("summer", "da")
    for part in (
        "'summer'",
        "'da'",
        str(tmp_path / "da"),
        str(PACKAGED / "da"),
        str(tmp_path / "en"),
        str(PACKAGED / "en"),
    ):
        assert part in str(missing.value)
    with pytest.raises(PromptMissing, match="jazz"):
        PromptLibrary(tmp_path).music("jazz")


@pytest.mark.parametrize("name", ["../texts/en", "/etc/hostname", "", "..", "a/../../b", "a\0b"])
def test_names_never_lead_out_of_the_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(PromptMissing):
        PromptLibrary(tmp_path).find(name, "en")
    with pytest.raises(PromptMissing):
        PromptLibrary(tmp_path).music(name)
