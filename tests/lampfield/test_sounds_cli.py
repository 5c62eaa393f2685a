"""`lampfield sounds`, `lampfield music` and `lampfield pin`: what they tell and what they change."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lampfield.cli import app
from lampfield.database import open_database
from lampfield.sound_settings import OwnSounds
from provisioning.pins import opens, pin_hash
from tests.lampfield.sound_library.library import NUMBER, database, sound_file

Lampfield = Callable[..., str]


@pytest.fixture
def lampfield(tmp_path: Path) -> Lampfield:
    """Run a command for a server that knows the company; `fails` where its status must be 1."""
    (tmp_path / "state").mkdir()
    database(tmp_path / "state").dispose()
    configuration = tmp_path / "lampfield.toml"
    configuration.write_text("[own_sounds]\nfiles_in_list = 1\n")
    runner = CliRunner()

    def run(*arguments: object, fails: bool = False, typed: str | None = None) -> str:
        environment = {"LAMPFIELD_CONFIG": str(configuration)}
        result = runner.invoke(app, [str(argument) for argument in arguments], env=environment, input=typed)
        assert result.exit_code == int(fails), result.output
        return result.output

    return run


def test_a_greeting_is_added_used_shown_and_removed(lampfield: Lampfield, tmp_path: Path) -> None:
    told = lampfield("sounds", "add", "nordlys", "welcome", sound_file(tmp_path / "hej.mp3"), "--number", 7)
    assert re.search(r"own/welcome: 0:0\d of sound from mp3", told)
    assert "No server runs now" in told
    assert f"own/welcome greets: {NUMBER}, special-open" in lampfield(
        "sounds", "use", "nordlys", "special-open", "welcome"
    )
    shown = lampfield("sounds", "list", "nordlys")
    assert re.search(rf"{re.escape(NUMBER)} .* special-open .* own/welcome", shown)
    info = lampfield("sounds", "play-info", "nordlys", "own/welcome")
    assert "hej.mp3: mp3" in info
    assert f"{NUMBER} special-open" in info
    assert "welcome is in use" in lampfield("sounds", "remove", "nordlys", "welcome", fails=True)
    assert "company file says" in lampfield("sounds", "use", "nordlys", "special-open", "none", "--number", NUMBER)
    lampfield("sounds", "remove", "nordlys", "welcome")
    assert "No sounds yet" in lampfield("sounds", "list", "nordlys")


def test_mistakes_are_told_with_what_was_expected(lampfield: Lampfield, tmp_path: Path) -> None:
    file = sound_file(tmp_path / "hej.wav")
    assert "did you mean nordlys?" in lampfield("sounds", "list", "nordlis", fails=True)
    assert "must be one of open, closed" in lampfield("sounds", "use", "nordlys", "opn", "x", fails=True)
    assert "There is no main number +45" in lampfield(
        "sounds", "use", "nordlys", "open", "x", "--number", "+45", fails=True
    )
    assert "there is no sound x; there are none yet" in lampfield("sounds", "use", "nordlys", "open", "x", fails=True)
    assert "there is no sound x" in lampfield("sounds", "play-info", "nordlys", "x", fails=True)
    assert "there is no such file" in lampfield("sounds", "add", "nordlys", "x", tmp_path / "no.mp3", fails=True)
    assert "must be letters, digits" in lampfield("sounds", "add", "nordlys", "a/b", file, fails=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone may make files that are another's")
def test_what_root_adds_can_be_read_by_the_user_that_serves(lampfield: Lampfield, tmp_path: Path) -> None:
    state, server = tmp_path / "state", 5060
    shutil.rmtree(state)
    state.mkdir()
    os.chown(state, server, server)
    database(state).dispose()
    lampfield("sounds", "add", "nordlys", "welcome", sound_file(tmp_path / "hej.mp3"))
    lampfield("music", "add", "nordlys", "summer", sound_file(tmp_path / "beach.mp3"))
    made = {path.relative_to(state).as_posix(): path.stat() for path in state.rglob("*")}
    assert {"lampfield.sqlite3", "sounds/nordlys/welcome.wav", "sounds/nordlys/originals/welcome.mp3"} <= made.keys()
    assert {(what.st_uid, what.st_gid) for what in made.values()} == {(server, server)}


def test_files_whose_names_differ_in_letters_that_sounds_lack_are_kept_each(
    lampfield: Lampfield, tmp_path: Path
) -> None:
    (tmp_path / "lampfield.toml").write_text("")
    files = [sound_file(tmp_path / name) for name in ("01 ø.mp3", "01 å.mp3")]
    for _ in range(2):
        told = lampfield("music", "add", "nordlys", "summer", *files)
        assert re.findall(r"^summer: (\S+),", told, re.MULTILINE) == ["summer-01", "summer-01-2"]
    assert all(file.name in lampfield("music", "list", "nordlys") for file in files)


def test_a_file_that_is_refused_keeps_no_other_out(lampfield: Lampfield, tmp_path: Path) -> None:
    (tmp_path / "lampfield.toml").write_text("")
    broken = tmp_path / "broken.mp3"
    broken.write_text("no sound")
    beach, sunset = sound_file(tmp_path / "beach.mp3"), sound_file(tmp_path / "sunset.mp3")
    told = lampfield("music", "add", "nordlys", "summer", beach, broken, tmp_path / "no.mp3", sunset, fails=True)
    assert re.findall(r"^summer: (\S+),", told, re.MULTILINE) == ["summer-beach", "summer-sunset"]
    assert "broken.mp3" in told and "no.mp3" in told, "each with its reason"
    assert "No server runs now" in told
    listed = lampfield("music", "list", "nordlys")
    assert "summer-beach" in listed and "summer-sunset" in listed


def test_music_is_added_activated_and_removed(lampfield: Lampfield, tmp_path: Path) -> None:
    file = sound_file(tmp_path / "Sommer på stranden.wma")
    told = lampfield("music", "add", "nordlys", "summer", file, tmp_path / "no.mp3", fails=True)
    assert "summer: summer-sommer-p-stranden" in told
    assert "summer has 1 files already" in told
    assert "No server runs now" in told, "what was added before the mistake is told to the server"
    assert re.search(r"standard .* active", lampfield("music", "list", "nordlys"))
    lampfield("music", "activate", "nordlys", "summer")
    assert re.search(r"summer .* active .* summer-sommer", lampfield("music", "list", "nordlys"))
    assert "summer plays now" in lampfield("music", "remove", "nordlys", "summer", fails=True)
    assert "there are standard, summer" in lampfield("music", "activate", "nordlys", "winter", fails=True)
    lampfield("music", "activate", "nordlys", "standard")
    lampfield("music", "remove", "nordlys", "summer", "summer-sommer-p-stranden")
    assert "summer" not in lampfield("music", "list", "nordlys")


def test_three_lists_of_ten_files_are_what_a_company_may_have_unless_configured_otherwise(
    lampfield: Lampfield, tmp_path: Path
) -> None:
    assert (OwnSounds().music_lists, OwnSounds().files_in_list) == (3, 10)
    file = sound_file(tmp_path / "a.wav")
    for music_list in ("spring", "summer", "autumn"):
        lampfield("music", "add", "nordlys", music_list, file)
    told = lampfield("music", "add", "nordlys", "winter", file, fails=True)
    assert "there are 3 lists already (spring, summer, autumn), the most. Remove one first" in told
    (tmp_path / "lampfield.toml").write_text("[own_sounds]\nfiles_in_list = 1\nmusic_lists = 4\n")
    lampfield("music", "add", "nordlys", "winter", file)


def test_four_greetings_are_in_use_at_once(lampfield: Lampfield, tmp_path: Path) -> None:
    slots = ("open", "closed", "special-open", "special-closed")
    for slot in slots:
        lampfield("sounds", "add", "nordlys", f"hello-{slot}", sound_file(tmp_path / f"{slot}.wav"))
        lampfield("sounds", "use", "nordlys", slot, f"hello-{slot}")
    shown = lampfield("sounds", "list", "nordlys")
    assert all(re.search(rf"{re.escape(NUMBER)} .* {slot} .* own/hello-{slot}", shown) for slot in slots)


def test_a_pin_is_told_once_or_chosen(lampfield: Lampfield, tmp_path: Path) -> None:
    (pin,) = re.findall(r"PIN of Dora Dam \(extension 204\): (\d{6}), told now", lampfield("pin", "nordlys", "204"))
    assert is_pin_of(tmp_path, "dora", pin)
    assert "not guessed at once" in lampfield("pin", "nordlys", "dora", "--choose", typed="1234\n1234\n", fails=True)
    assert "4 to 12 digits" in lampfield("pin", "nordlys", "dora", "--choose", typed="abc\nabc\n", fails=True)
    assert is_pin_of(tmp_path, "dora", pin)
    told = lampfield("pin", "nordlys", "dora", "--choose", typed="8642\n8642\n")
    assert "is set" in told
    assert "8642" not in told
    assert is_pin_of(tmp_path, "dora", "8642")
    assert "did you mean dora?" in lampfield("pin", "nordlys", "dor", fails=True)


def is_pin_of(folder: Path, owner: str, pin: str) -> bool:
    engine = open_database(f"sqlite:///{folder / 'state' / 'lampfield.sqlite3'}")
    with engine.connect() as connection:
        hashed = pin_hash(connection, "nordlys", owner)
    engine.dispose()
    return hashed is not None and opens(hashed, pin)
