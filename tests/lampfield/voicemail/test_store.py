"""Messages are kept whatever happens: a kill, a full disk, a database that is away."""

import asyncio
import sqlite3
from collections.abc import Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine

from lampfield.database import open_database, upgrade
from lampfield.voicemail.postbox import CompanyPostbox
from lampfield.voicemail.table import read_messages
from presence_pidf.message_summary import MessageCounts
from routing.events import MessageDeleted, MessageHeard, MessageLeft
from routing.voicemail.postbox import Draft, NotKept
from tests.lampfield.voicemail.office import ANNA, Office, until, with_boxes, write_sound

DAY = 86_400.0


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = open_database(f"sqlite:///{tmp_path / 'lampfield.sqlite3'}")
    upgrade(engine)
    return engine


@pytest.fixture
def office(tmp_path: Path, engine: Engine) -> Office:
    return Office(tmp_path, engine)


def next_run(office: Office, tmp_path: Path, engine: Engine, **changes: object) -> Office:
    """The server after a kill, some seconds later."""
    office.killed()
    later = Office(tmp_path, engine, with_boxes(**changes))
    later.now = office.now + 10
    return later


async def serving(office: Office, work: Coroutine[Any, Any, None]) -> None:
    """Do something while the store writes behind."""
    writing = asyncio.create_task(office.log.run())
    try:
        await work
    finally:
        writing.cancel()


# Accepting


def test_a_message_is_on_disk_on_the_lamp_and_on_record_when_it_is_accepted(office: Office) -> None:
    message = asyncio.run(office.leave())
    assert office.store.sound(message).is_file()
    assert office.lamps[ANNA] == MessageCounts(1, 0)
    assert office.journal.load("voicemail").keys() == {message.id}
    (left,) = office.events
    assert isinstance(left, MessageLeft)
    assert (left.call, left.message, left.box, left.seconds) == ("call-1", message.id, "anna", message.seconds)


def test_a_groups_message_lights_the_lamps_of_all_members(office: Office) -> None:
    asyncio.run(office.leave("sales"))
    lit = {aor for aor, counts in office.lamps.items() if counts.new}
    assert lit == {f"sip:{person}@nordlys.example" for person in ("anna", "bo", "carl")}


def test_a_lamp_counts_all_boxes_that_its_person_reads(office: Office) -> None:
    async def scenario() -> None:
        await office.leave("anna")
        office.store.heard(await office.leave("sales"), call="call-2", person="bo")

    asyncio.run(scenario())
    assert office.lamps[ANNA] == MessageCounts(1, 1)


def test_too_short_a_recording_leaves_nothing_behind(office: Office, tmp_path: Path) -> None:
    async def scenario() -> Draft:
        draft = await office.begin()
        write_sound(draft.path, 0.2, 4.0)
        assert await office.store.keep(draft) is None
        return draft

    draft = asyncio.run(scenario())
    assert list(draft.path.parent.iterdir()) == []
    assert office.events == []


def test_a_recording_that_never_began_leaves_nothing_behind(office: Office) -> None:
    async def scenario() -> Draft:
        draft = await office.begin()
        assert await office.store.keep(draft) is None
        return draft

    assert list(asyncio.run(scenario()).path.parent.iterdir()) == []


def test_a_disk_that_takes_no_message_is_told(office: Office, tmp_path: Path) -> None:
    (tmp_path / "voicemail").write_text("in the way of the folder")
    with pytest.raises(NotKept):
        asyncio.run(office.begin())


def test_a_file_that_cannot_be_finished_is_told_and_delivered_at_the_next_start(
    office: Office, tmp_path: Path, engine: Engine
) -> None:
    async def scenario() -> Draft:
        draft = await office.begin()
        write_sound(draft.path, 3.0)
        draft.path.with_suffix(".part").symlink_to("/dev/full")
        with pytest.raises(NotKept, match="No space left"):
            await office.store.keep(draft)
        return draft

    draft = asyncio.run(scenario())
    draft.path.with_suffix(".part").unlink()
    later = next_run(office, tmp_path, engine)
    assert asyncio.run(later.store.deliver(later.begun)) == 1
    assert later.lamps[ANNA] == MessageCounts(1, 0)


def test_what_was_heard_before_it_was_sent_or_thrown_away_is_not_kept_for_playing(office: Office) -> None:
    async def scenario() -> list[Path]:
        spoken, again = await office.begin(), await office.begin()
        write_sound(spoken.path, 3.0, 4.0)
        write_sound(again.path, 3.0)
        raw = spoken.path.read_bytes()
        kept: list[bytes] = []
        office.on_forget = lambda sound: kept.append(sound.read_bytes())
        await office.store.discard(again)
        await office.store.keep(spoken)
        assert kept[-1] == raw, "the sound as it was heard, with the silence at its end"
        return [again.path, spoken.path]

    assert asyncio.run(scenario()) == office.forgotten


def test_clips_that_cannot_be_removed_keep_no_message_back(office: Office) -> None:
    def refuse(sound: Path) -> None:
        raise OSError("the disk is read-only")

    office.on_forget = refuse
    assert asyncio.run(office.leave()).seconds


# A kill


def test_a_message_that_was_being_spoken_is_delivered_after_a_kill(
    office: Office, tmp_path: Path, engine: Engine
) -> None:
    async def speaks() -> None:
        write_sound((await office.begin(call="cut-off")).path, 4.0)

    asyncio.run(speaks())
    later = next_run(office, tmp_path, engine)
    assert asyncio.run(later.store.deliver(later.begun)) == 1
    (message,) = later.store.messages("nordlys", "anna")
    assert (message.at, message.caller_number, message.seconds) == (office.now, "+4540404040", 4.0)
    assert later.lamps[ANNA] == MessageCounts(1, 0)
    assert later.told() == ["MessageLeft"]
    assert asyncio.run(next_run(later, tmp_path, engine).store.deliver(later.store.begun())) == 0


def test_nothing_is_delivered_twice_where_the_kill_came_just_after_the_acceptance(
    office: Office, tmp_path: Path, engine: Engine
) -> None:
    async def scenario() -> None:
        draft = await office.begin()
        write_sound(draft.path, 3.0)
        note = draft.path.with_suffix(".json").read_bytes()
        await office.store.keep(draft)
        draft.path.with_suffix(".json").write_bytes(note)

    asyncio.run(scenario())
    later = next_run(office, tmp_path, engine)
    assert asyncio.run(later.store.deliver(later.begun)) == 0
    assert len(later.store.messages("nordlys", "anna")) == 1
    assert later.store.begun() == []


def test_a_note_that_was_cut_off_while_it_was_written_is_forgotten(
    office: Office, tmp_path: Path, engine: Engine
) -> None:
    draft = asyncio.run(office.begin())
    draft.path.with_suffix(".json").write_bytes(b'{"id": "half')
    assert next_run(office, tmp_path, engine).begun == []


def test_what_became_of_messages_is_known_after_a_kill(office: Office, tmp_path: Path, engine: Engine) -> None:
    async def scenario() -> None:
        heard, deleted, _ = await office.leave(), await office.leave(), await office.leave()
        office.store.heard(heard, call="call-2", person="anna")
        office.store.delete(deleted, call="call-2", person="anna")
        await office.log.on_disk()

    asyncio.run(scenario())
    later = next_run(office, tmp_path, engine)
    assert later.lamps[ANNA] == MessageCounts(1, 1)
    assert [message.is_new for message in later.store.messages("nordlys", "anna")] == [True, False]


# The database


def test_the_database_gets_every_change_and_the_journal_is_empty_then(
    office: Office, engine: Engine, tmp_path: Path
) -> None:
    async def scenario() -> None:
        message = await office.leave()
        await until(lambda: len(read_messages(engine)) == 1)
        office.store.heard(message, call="call-2", person="anna")
        await until(lambda: read_messages(engine)[0].heard_at == office.now)
        await until(lambda: not office.journal.load("voicemail"))

    asyncio.run(serving(office, scenario()))
    assert next_run(office, tmp_path, engine).lamps[ANNA] == MessageCounts(0, 1)


def test_while_the_database_is_away_messages_wait_in_the_journal_also_over_a_kill(
    office: Office, tmp_path: Path, engine: Engine
) -> None:
    office.killed()
    impatient = create_engine(engine.url, connect_args={"timeout": 0.05})
    office = Office(tmp_path, impatient)

    async def left_while_away() -> None:
        await office.leave()
        await until(lambda: office.log.fault is not None)

    with closing(sqlite3.connect(tmp_path / "lampfield.sqlite3")) as other:
        other.execute("BEGIN IMMEDIATE")
        asyncio.run(serving(office, left_while_away()))
        assert office.lamps[ANNA] == MessageCounts(1, 0)
        assert read_messages(engine) == []
    later = next_run(office, tmp_path, engine)
    assert later.lamps[ANNA] == MessageCounts(1, 0)

    async def back() -> None:
        await until(lambda: len(read_messages(engine)) == 1)

    asyncio.run(serving(later, back()))


# What becomes of messages


def test_hearing_and_deleting_are_on_record_once(office: Office) -> None:
    async def scenario() -> None:
        message = await office.leave()
        heard = office.store.heard(message, call="call-2", person="anna")
        assert office.store.heard(heard, call="call-3", person="anna") == heard
        office.store.delete(heard, call="call-3", person=None)

    asyncio.run(scenario())
    assert office.told() == ["MessageLeft", "MessageHeard", "MessageDeleted"]
    heard, deleted = office.events[1:]
    assert isinstance(heard, MessageHeard)
    assert (heard.call, heard.person) == ("call-2", "anna")
    assert isinstance(deleted, MessageDeleted)
    assert (deleted.call, deleted.person) == ("call-3", None)


def test_a_deleted_message_can_be_restored_for_an_hour_and_is_gone_with_its_sound_then(
    office: Office, engine: Engine
) -> None:
    async def scenario() -> None:
        restored, gone = await office.leave(), await office.leave()
        office.forgotten.clear()
        for message in (restored, gone):
            office.store.delete(message, call="call-2", person="anna")
        office.now += 3599
        await office.store.tidy_up(lambda _: False)
        office.store.restore(restored)
        office.now += 2
        await office.store.tidy_up(lambda _: False)
        assert [message.id for message in office.store.messages("nordlys", "anna")] == [restored.id]
        assert office.store.sound(restored).exists()
        assert not office.store.sound(gone).exists()
        assert office.forgotten == [office.store.sound(gone)], "and what was kept of it for playing"
        assert office.store.restore(gone) == gone
        await until(lambda: [message.id for message in read_messages(engine)] == [restored.id])

    asyncio.run(serving(office, scenario()))
    assert office.lamps[ANNA] == MessageCounts(1, 0)


def test_heard_messages_are_kept_for_the_boxs_days_saved_new_and_unmailed_ones_longer(
    tmp_path: Path, engine: Engine
) -> None:
    office = Office(tmp_path, engine, with_boxes(keep_days=7.0))

    async def scenario() -> None:
        heard, saved, unmailed, new = [await office.leave() for _ in range(4)]
        for message in (heard, saved, unmailed):
            office.store.heard(message, call="call-2", person="anna")
        office.store.save(saved)
        office.now += 7 * DAY - 1
        await office.store.tidy_up(lambda message: message == unmailed.id)
        assert len(office.store.messages("nordlys", "anna")) == 4
        office.now += 1
        await office.store.tidy_up(lambda message: message == unmailed.id)
        left = {message.id for message in office.store.messages("nordlys", "anna")}
        assert left == {saved.id, unmailed.id, new.id}

    asyncio.run(scenario())


def test_a_full_box_has_as_many_messages_as_it_may(tmp_path: Path, engine: Engine) -> None:
    office = Office(tmp_path, engine, with_boxes(max_messages=2))
    postbox = CompanyPostbox(office.store, office.house)

    async def scenario() -> None:
        first = await office.leave()
        assert not postbox.is_full("anna")
        await office.leave()
        assert postbox.is_full("anna")
        postbox.delete(first, call="call-2", person="anna")
        assert not postbox.is_full("anna")

    asyncio.run(scenario())


def test_a_box_that_goes_with_its_person_puts_the_lamp_out(office: Office) -> None:
    asyncio.run(office.leave())
    office.store.configure([])
    assert office.lamps[ANNA] == MessageCounts(0, 0)


def test_a_greeting_is_taken_tidied_and_dropped(office: Office, tmp_path: Path) -> None:
    async def scenario() -> None:
        recording = tmp_path / "take.wav"
        write_sound(recording, 2.0, 5.0)
        await office.store.use_greeting("nordlys", "anna", recording)
        greeting = office.store.greeting("nordlys", "anna")
        assert greeting is not None
        assert greeting.stat().st_size == pytest.approx(2.5 * 16000, rel=0.02)
        assert not recording.exists()
        with pytest.raises(NotKept):
            await office.store.use_greeting("nordlys", "anna", tmp_path / "missing.wav")
        await office.store.drop_greeting("nordlys", "anna")
        assert office.store.greeting("nordlys", "anna") is None

    asyncio.run(scenario())


def test_no_name_leads_out_of_the_folder(office: Office, tmp_path: Path) -> None:
    draft = asyncio.run(office.begin("../../etc"))
    assert draft.path.is_relative_to(tmp_path / "voicemail" / "nordlys")
    assert ".." not in draft.path.parts
