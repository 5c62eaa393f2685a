"""Signalling begins while the database is away: what it knows of messages is taken up when it is back."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lampfield.configuration import Configuration
from lampfield.database import open_database, upgrade
from lampfield.journal import Journal
from lampfield.voicemail.office import VoicemailOffice
from lampfield.voicemail.table import read_messages
from presence_pidf.message_summary import MessageCounts
from tests.lampfield.voicemail.office import ANNA, Office, until, with_boxes
from tests.lampfield.voicemail.test_errands import ADDRESS, QUICK, Postroom, mail_to
from tests.support.mail_server import Does, MailServer


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = open_database(f"sqlite:///{tmp_path / 'lampfield.sqlite3'}")
    upgrade(engine)
    return engine


@contextmanager
def away(engine: Engine) -> Iterator[None]:
    engine.dispose()
    path = Path(engine.url.database or "")
    path.rename(aside := path.with_name("aside"))
    path.mkdir()
    yield
    path.rmdir()
    aside.rename(path)


async def written(office: Office, engine: Engine, messages: int) -> None:
    """Wait until the database has them, and the journal none."""
    await until(lambda: len(read_messages(engine)) == messages and not office.journal.load("voicemail"))


def test_messages_are_known_when_the_database_is_back_but_for_what_became_of_them_meanwhile(
    tmp_path: Path, engine: Engine
) -> None:
    before = Office(tmp_path, engine)

    async def first_run() -> None:
        writing = asyncio.create_task(before.log.run())
        for call in range(3):
            await before.leave("anna" if call else "sales")
        await written(before, engine, 3)
        writing.cancel()
        (heard,) = before.store.messages("nordlys", "sales")
        before.store.heard(heard, call="call-2", person="anna")

    asyncio.run(first_run())
    before.killed()
    with away(engine):
        later = Office(tmp_path, engine, database_away=True)
        later.now += 60
        assert later.store.messages("nordlys", "anna") == []
        (known,) = later.store.messages("nordlys", "sales")

        async def without() -> None:
            writing = asyncio.create_task(later.log.run())
            await later.leave()
            await until(lambda: later.log.fault is not None)
            writing.cancel()

        asyncio.run(without())

    async def back() -> None:
        writing = asyncio.create_task(later.log.run())
        async with asyncio.timeout(15):
            await later.log.whole.wait()
        await written(later, engine, 4)
        writing.cancel()

    asyncio.run(back())
    assert len(later.store.messages("nordlys", "anna")) == 3
    assert later.store.messages("nordlys", "sales") == [known]
    assert not known.is_new
    assert len(read_messages(engine)) == 4


def test_lamps_are_lit_and_mails_sent_of_messages_that_only_the_database_knew(tmp_path: Path, engine: Engine) -> None:
    refused: list[Does] = ["refuse now"] * 1000
    with MailServer(*refused) as server:
        postroom = Postroom(tmp_path, engine, mail_to(server, **QUICK))

        async def left() -> None:
            writing = asyncio.create_task(postroom.office.log.run())
            await postroom.leave()
            await written(postroom.office, engine, 1)
            writing.cancel()

        postroom.run(left)
    postroom.office.killed()
    lamps: dict[str, MessageCounts] = {}
    journal = Journal(tmp_path / "journal")
    journal.open()

    async def later(server: MailServer) -> None:
        office = VoicemailOffice(
            Configuration(state_directory=tmp_path, mail=mail_to(server, **QUICK)),
            engine,
            journal,
            emit=lambda event: None,
            clock=lambda: postroom.office.now,
            token=lambda: "token",
            show_counts=lamps.__setitem__,
            forget_clips=forget_nothing,
        )
        with away(engine):
            assert office.restore([with_boxes(mail=ADDRESS)], database_away=True) == 0
            running = asyncio.create_task(office.run())
            await until(lambda: office.fault is not None)
            assert lamps[ANNA] == MessageCounts()
        await until(lambda: len(server.mails) == 1)
        assert lamps[ANNA] == MessageCounts(1, 0)
        running.cancel()

    with MailServer() as server:
        asyncio.run(later(server))
    journal.close()


async def forget_nothing(sound: Path) -> None:
    """There are no clips."""
