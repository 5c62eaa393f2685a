"""A company's sounds: kept, limited, put in use, and found before the built-in ones."""

import asyncio
import errno
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest
from sqlalchemy.exc import SQLAlchemyError

from lampfield.database import open_database
from lampfield.sound_library.company_sounds import CompanySounds, SoundRefused
from lampfield.sound_library.limits import SoundLimits
from lampfield.sound_library.shelves import Shelves
from lampfield.sounds import Sounds
from media.clips import ClipStore
from media.prompts.library import PACKAGED, PromptLibrary
from media.uploads import UploadRefused
from provisioning.company_import import import_company
from provisioning.sound_shelf import STANDARD
from tests.lampfield.sound_library.library import COMPANY, NUMBER, database, new, sound_file, sounds_of

T = TypeVar("T")


def do(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)


def why_refused(work: Coroutine[Any, Any, Any]) -> str:
    with pytest.raises(SoundRefused) as refused:
        do(work)
    return str(refused.value)


@pytest.fixture
def sounds(tmp_path: Path) -> CompanySounds:
    return sounds_of(tmp_path, SoundLimits(sounds=3, music_lists=2, files_in_list=2))


def test_a_sound_is_kept_with_its_original_and_what_is_known_of_it(sounds: CompanySounds, tmp_path: Path) -> None:
    source = sound_file(tmp_path / "Åbent hus.mp3")
    do(sounds.add(new("welcome", source, number=7)))
    (sound,) = do(sounds.shelf()).sounds.values()
    assert (sound.name, sound.number, sound.made_by, sound.made_at) == ("welcome", 7, "ingrid", 1.8e9)
    assert (sound.original_name, sound.original_format) == ("Åbent hus.mp3", "mp3 mp3float, 16000 Hz, mono")
    assert sounds.folder.original("welcome", sound.original_name).read_bytes() == source.read_bytes()
    assert sounds.folder.file("welcome").stat().st_size == pytest.approx(sound.seconds * 32000, abs=100)
    assert sounds.folder.path.stat().st_mode & 0o077 == 0, "for the server alone"


def test_a_sound_of_the_same_name_takes_its_place_and_its_number(sounds: CompanySounds, tmp_path: Path) -> None:
    do(sounds.add(new("welcome", sound_file(tmp_path / "a.mp3"), number=7)))
    do(sounds.use(NUMBER, "open", "welcome"))
    do(sounds.add(new("welcome", sound_file(tmp_path / "b.flac", "closed"))))
    shelf = do(sounds.shelf())
    assert (shelf.sounds["welcome"].number, shelf.sounds["welcome"].original_name) == (7, "b.flac")
    assert shelf.in_use == {(NUMBER, "open"): "welcome"}
    assert [path.name for path in (sounds.folder.path / "originals").iterdir()] == ["welcome.flac"]


def test_a_file_that_is_refused_changes_nothing(sounds: CompanySounds, tmp_path: Path) -> None:
    do(sounds.add(new("welcome", sound_file(tmp_path / "a.mp3"))))
    before = sounds.folder.file("welcome").read_bytes()
    (tmp_path / "b.mp3").write_bytes(b"PK\x03\x04 not a song")
    with pytest.raises(UploadRefused, match=r"b\.mp3: it is a ZIP archive"):
        do(sounds.add(new("welcome", tmp_path / "b.mp3")))
    assert sounds.folder.file("welcome").read_bytes() == before
    assert do(sounds.shelf()).sounds["welcome"].original_name == "a.mp3"


def test_what_the_database_or_the_disk_does_not_take_changes_nothing_that_callers_hear(
    sounds: CompanySounds, tmp_path: Path
) -> None:
    do(sounds.add(new("welcome", sound_file(tmp_path / "a.mp3"))))
    before, other = sounds.folder.file("welcome").read_bytes(), sound_file(tmp_path / "b.flac", "closed")
    in_the_way = sounds.folder.original("welcome", "b.flac")
    in_the_way.mkdir()
    assert "cannot be written" in why_refused(sounds.add(new("welcome", other)))
    in_the_way.rmdir()
    lampfield = open_database(f"sqlite:///{tmp_path / 'lampfield.sqlite3'}")
    with lampfield.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON sounds BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        )
    with pytest.raises(SQLAlchemyError, match="the disk is full"):
        do(sounds.add(new("welcome", other)))
    assert sounds.folder.file("welcome").read_bytes() == before
    assert do(sounds.shelf()).sounds["welcome"].original_name == "a.mp3"
    assert sorted(path.name for path in sounds.folder.path.rglob("*.*")) == ["welcome.mp3", "welcome.wav"]


def test_a_sound_that_is_not_on_disk_for_good_is_refused(
    sounds: CompanySounds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    do(sounds.add(new("welcome", sound_file(tmp_path / "a.mp3"))))
    before = sounds.folder.file("welcome").read_bytes()
    monkeypatch.setattr(os, "fsync", refused)
    with pytest.raises(UploadRefused, match="cannot be written: Input/output error"):
        do(sounds.add(new("welcome", sound_file(tmp_path / "b.flac", "closed"))))
    assert sounds.folder.file("welcome").read_bytes() == before


def test_of_two_sounds_that_come_at_once_under_one_name_one_is_there_whole(
    sounds: CompanySounds, tmp_path: Path
) -> None:
    files = [sound_file(tmp_path / "a.mp3"), sound_file(tmp_path / "b.flac", "closed")]

    async def both() -> None:
        await asyncio.gather(*(sounds.add(new("welcome", file)) for file in files))

    do(both())
    (sound,) = do(sounds.shelf()).sounds.values()
    assert sounds.folder.file("welcome").stat().st_size == pytest.approx(sound.seconds * 32000, abs=100)
    given = tmp_path / sound.original_name
    assert sounds.folder.original("welcome", sound.original_name).read_bytes() == given.read_bytes()


def test_what_a_kill_left_half_made_is_removed_a_day_later(sounds: CompanySounds, tmp_path: Path) -> None:
    do(sounds.add(new("welcome", sound_file(tmp_path / "a.mp3"))))
    names = [
        "welcome.1234abcd.new",
        "welcome.1234abcd.5678abcd.part",
        "welcome.plain",
        "originals/welcome.1234abcd.new",
    ]
    left = [sounds.folder.path / name for name in names]
    for path in left:
        path.write_bytes(b"half")
    do(sounds.add(new("other", sound_file(tmp_path / "b.mp3"))))
    assert all(path.exists() for path in left), "somebody may be at work on them"
    for path in left:
        os.utime(path, (0, 0))
    do(sounds.add(new("third", sound_file(tmp_path / "c.wav").rename(tmp_path / "c.new"))))
    assert not any(path.exists() for path in left)
    os.utime(sounds.folder.original("third", "c.new"), (0, 0))
    do(sounds.remove("other"))
    do(sounds.add(new("fourth", sound_file(tmp_path / "d.mp3"))))
    assert sounds.folder.original("third", "c.new").exists()


def test_names_numbers_and_limits_are_refused_before_a_file_is_read(sounds: CompanySounds, tmp_path: Path) -> None:
    missing, file = tmp_path / "no.mp3", sound_file(tmp_path / "a.mp3")
    for name in ("", "../evil", "a b", "æ", "-x", "x" * 64):
        assert "must be letters, digits" in why_refused(sounds.add(new(name, missing)))
    do(sounds.add(new("one", file, number=1)))
    assert why_refused(sounds.add(new("two", missing, number=1))) == "number = 1: one has it. Choose another one"
    assert "one is there already, as greeting" in why_refused(
        sounds.add(new("one", missing, kind="music", music_list="summer"))
    )
    for name in ("two", "three"):
        do(sounds.add(new(name, file)))
    assert "there are 3 sounds already" in why_refused(sounds.add(new("four", missing)))


def test_a_greeting_in_use_is_not_removed_and_any_other_is_gone_with_its_files(
    sounds: CompanySounds, tmp_path: Path
) -> None:
    do(sounds.add(new("welcome", sound_file(tmp_path / "a.mp3"))))
    do(sounds.use(NUMBER, "special-closed", "welcome"))
    assert f"welcome is in use: {NUMBER} (special-closed)" in why_refused(sounds.remove("welcome"))
    do(sounds.use(NUMBER, "special-closed", None))
    do(sounds.remove("welcome"))
    assert do(sounds.shelf()).sounds == {}
    assert [path for path in sounds.folder.path.rglob("*") if path.is_file()] == []
    assert "there is no sound welcome; there are none yet" in why_refused(sounds.remove("welcome"))
    assert "there is no sound welcome" in why_refused(sounds.use(NUMBER, "open", "welcome"))


def test_music_lists_are_limited_and_exactly_one_is_active(sounds: CompanySounds, tmp_path: Path) -> None:
    file = sound_file(tmp_path / "a.mp3")

    def piece(name: str, music_list: str) -> Coroutine[Any, Any, object]:
        return sounds.add(new(name, file, kind="music", music_list=music_list))

    assert do(sounds.shelf()).active_music == STANDARD
    for name, music_list in (("a", "summer"), ("b", "summer"), ("c", "winter")):
        do(piece(name, music_list))
    assert "summer has 2 files already" in why_refused(piece("d", "summer"))
    assert "there are 2 lists already (summer, winter)" in why_refused(piece("d", "autumn"))
    assert "in the list summer" in why_refused(piece("a", "winter"))
    for built_in in ("standard", "default", "ringback", "a/b"):
        assert "no list that is built in" in why_refused(piece("d", built_in))
    assert "there are standard, summer, winter" in why_refused(sounds.activate("autumn"))
    do(sounds.activate("winter"))
    assert do(sounds.shelf()).active_music == "winter"
    assert "winter plays now" in why_refused(sounds.remove_list("winter"))
    assert "the last file of winter" in why_refused(sounds.remove_music("winter", "c"))
    assert "there is no file a in winter; there are c" in why_refused(sounds.remove_music("winter", "a"))
    assert "a is music" in why_refused(sounds.use(NUMBER, "open", "a"))
    do(sounds.activate("summer"))
    do(sounds.remove_list("winter"))
    do(sounds.remove_music("summer", "a"))
    assert [sound.name for sound in do(sounds.shelf()).lists()["summer"]] == ["b"]
    do(sounds.activate(STANDARD))
    assert do(sounds.shelf()).active_music == STANDARD


def test_an_import_of_the_company_leaves_its_sounds_alone(tmp_path: Path) -> None:
    engine = database(tmp_path)
    sounds = sounds_of(tmp_path, engine=engine)
    do(sounds.add(new("welcome", sound_file(tmp_path / "a.mp3"))))
    do(sounds.use(NUMBER, "open", "welcome"))
    changed = msgspec.structs.replace(COMPANY, name="Nordlys Group")
    assert import_company(engine, changed, new_password=lambda: "a-long-password").changed
    assert do(sounds.shelf()).in_use == {(NUMBER, "open"): "welcome"}


def test_own_sounds_are_found_before_built_in_ones_and_only_by_their_company(tmp_path: Path) -> None:
    engine = database(tmp_path)
    sounds = sounds_of(tmp_path, engine=engine)
    do(sounds.add(new("welcome", sound_file(tmp_path / "a.mp3"))))
    do(sounds.add(new("rain", sound_file(tmp_path / "b.mp3"), kind="music", music_list="summer")))
    do(sounds.use(NUMBER, "open", "welcome"))
    shelves = Shelves(tmp_path / "state")
    other = msgspec.structs.replace(COMPANY, id="fjord", domain="fjord.example")
    shelves.configure([COMPANY, other], Shelves.load(engine))
    mine, theirs = shelves.of(COMPANY.domain), shelves.of(other.domain)
    assert mine.has("own/welcome")
    assert not mine.has("welcome")
    assert not theirs.has("own/welcome")
    assert mine.in_use(NUMBER, "open") == "own/welcome"
    assert mine.in_use(NUMBER, "closed") is None
    playable = Sounds(PromptLibrary(), shelves, ClipStore(tmp_path / "clips"))
    assert playable.music("summer", COMPANY.domain) == (sounds.folder.file("rain"),)
    standard = PromptLibrary().music("default")
    assert playable.music("summer", other.domain) == tuple(standard), "the other company has no such list"
    assert playable.music("default", COMPANY.domain) == tuple(standard)
    do(sounds.activate("summer"))
    shelves.configure([COMPANY, other], Shelves.load(engine))
    playable.forget()
    assert playable.music("default", COMPANY.domain) == (sounds.folder.file("rain"),)
    assert playable.music("default", other.domain) == tuple(standard)
    assert playable.music("ringback", COMPANY.domain)[0].is_relative_to(PACKAGED)


def test_where_a_list_is_gone_that_a_queue_names_the_active_one_plays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = database(tmp_path)
    sounds = sounds_of(tmp_path, engine=engine)
    for name, music_list in (("rain", "summer"), ("snow", "winter")):
        do(sounds.add(new(name, sound_file(tmp_path / f"{name}.mp3"), kind="music", music_list=music_list)))
    do(sounds.activate("winter"))
    do(sounds.remove_list("summer"))
    shelves = Shelves(tmp_path / "state")
    shelves.configure([COMPANY], Shelves.load(engine))
    playable = Sounds(PromptLibrary(), shelves, ClipStore(tmp_path / "clips"))
    assert playable.music("summer", COMPANY.domain) == (sounds.folder.file("snow"),)
    assert "music 'summer': no files" in caplog.text


def test_no_more_greetings_are_in_use_at_once_than_the_company_may_have(tmp_path: Path) -> None:
    sounds = sounds_of(tmp_path, SoundLimits(greetings_in_use=2))
    for name in ("a", "b", "c"):
        do(sounds.add(new(name, sound_file(tmp_path / f"{name}.wav"))))
    do(sounds.use(NUMBER, "open", "a"))
    do(sounds.use(NUMBER, "closed", "b"))
    assert "there are 2 greetings in use already (a, b), the most" in why_refused(
        sounds.use(NUMBER, "special-open", "c")
    )
    do(sounds.use(NUMBER, "special-open", "a"))
    do(sounds.use(NUMBER, "closed", "c"))
    assert set(do(sounds.shelf()).in_use.values()) == {"a", "c"}
