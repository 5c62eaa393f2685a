"""A database that hangs holds up who asks for seconds, with a few threads, and does nothing behind their back."""

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from lampfield.database import open_database
from lampfield.database_threads import ANSWER_SECONDS, DatabaseHangs, DatabaseThreads

SHORT = 0.05
"""Seconds; real ones, as threads know no others."""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_database(f"sqlite:///{tmp_path / 'lampfield.sqlite3'}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE notes (note TEXT)"))
    yield engine
    engine.dispose()


def note(connection: Connection, what: str) -> None:
    connection.execute(text("INSERT INTO notes VALUES (:note)"), {"note": what})


def notes(connection: Connection) -> list[str]:
    return list(connection.scalars(text("SELECT note FROM notes")))


def test_a_change_that_nobody_waits_for_any_more_is_not_made(engine: Engine) -> None:
    database, answers = DatabaseThreads(engine), threading.Event()

    def late(connection: Connection) -> None:
        note(connection, "late")
        answers.wait()

    async def scenario() -> None:
        await database.change(lambda connection: note(connection, "first"))
        with pytest.raises(DatabaseHangs):
            await database.change(late, SHORT)
        answers.set()
        await database.change(lambda connection: note(connection, "second"))
        assert await database.ask(notes) == ["first", "second"]

    asyncio.run(scenario())


def test_who_asks_while_each_thread_hangs_is_told_soon_and_is_answered_when_one_is_free(engine: Engine) -> None:
    database, answers = DatabaseThreads(engine, threads=2), threading.Event()

    async def scenario() -> None:
        before = set(threading.enumerate())
        hanging = [database.run(answers.wait, SHORT) for _ in range(20)]
        refused = await asyncio.gather(*hanging, return_exceptions=True)
        assert {type(each) for each in refused} == {DatabaseHangs}
        began = time.monotonic()
        asked = await asyncio.gather(*(database.ask(notes) for _ in range(100)), return_exceptions=True)
        assert {type(each) for each in asked} == {DatabaseHangs}
        assert time.monotonic() - began < ANSWER_SECONDS / 2
        assert len(set(threading.enumerate()) - before) == 2
        answers.set()
        assert await database.ask(notes) == []

    asyncio.run(scenario())
