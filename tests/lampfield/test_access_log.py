"""What tokens ask is on record: soon, alike ones together, and look-ups of places at once."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lampfield.access_log import A_DAY, MOST_WAITING, WRITE_SECONDS, AccessTable
from lampfield.database import open_database, upgrade
from lampfield.database_threads import DatabaseThreads
from provisioning.accesses import Access, load_accesses
from tests.support.databases import engine, postgres, url
from tests.support.virtual_time import now, run
from web.backend import DatabaseAway

__all__ = ["engine", "postgres", "url"]


def access(path: str = "/states", at: float = 5.0, client: str = "crm") -> Access:
    return Access("nordlys", client, at, "GET", path, 200)


def on_record(engine: Engine, client: str = "") -> list[tuple[str, int]]:
    with engine.connect() as connection:
        return [(each.path, each.times) for each in load_accesses(connection, "nordlys", 0.0, client)]


def test_alike_ones_are_written_together(engine: Engine) -> None:
    async def scenario() -> None:
        log = AccessTable(DatabaseThreads(engine), 90, now)
        running = asyncio.ensure_future(log.run())
        for _ in range(1000):
            log.put(access(at=now()))
        log.put(access("/states/anna", at=now(), client="board"))
        assert on_record(engine) == []
        await asyncio.sleep(2 * WRITE_SECONDS)
        assert on_record(engine) == [("/states", 1000), ("/states/anna", 1)]
        assert on_record(engine, "board") == [("/states/anna", 1)]
        running.cancel()

    run(scenario())


def test_a_path_that_no_database_holds_keeps_no_other_from_the_record(engine: Engine) -> None:
    async def scenario() -> None:
        log = AccessTable(DatabaseThreads(engine), 90, now)
        log.put(access("/states/\0" + "x" * 1000))
        log.put(access("/states/anna"))
        await log.flush()

    run(scenario())
    assert on_record(engine) == [("/states/\ufffd" + "x" * 491, 1), ("/states/anna", 1)]


def test_what_is_too_old_is_forgotten(engine: Engine) -> None:
    async def scenario() -> None:
        log = AccessTable(DatabaseThreads(engine), 90, now)
        await log.keep(access("/old", now() - 91 * A_DAY))
        await log.keep(access("/new", now() - 89 * A_DAY))
        running = asyncio.ensure_future(log.run())
        await asyncio.sleep(2 * WRITE_SECONDS)
        assert on_record(engine) == [("/new", 1)]
        running.cancel()

    run(scenario())


def test_while_the_database_is_away_a_bounded_number_waits_and_a_look_up_fails(
    engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        empty = open_database(f"sqlite:///{tmp_path / 'y.sqlite3'}")
        log = AccessTable(DatabaseThreads(empty), 90, now)
        with pytest.raises(DatabaseAway):
            await log.keep(access())
        for number in range(MOST_WAITING + 5):
            log.put(access(f"/{number}"))
        await log.flush()
        assert "5 accesses are not on record" in caplog.text
        upgrade(empty)
        await log.flush()
        assert len(on_record(empty)) == MOST_WAITING

    run(scenario())
