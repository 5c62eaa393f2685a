"""PINs: hashed, told once, guarded against guessing, gone with whoever had them."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from lampfield.company_pins import CompanyPins
from lampfield.database import open_database, upgrade
from lampfield.database_threads import DatabaseThreads
from lampfield.pin_attempts import FREE_ATTEMPTS, PinAttempts
from provisioning.company_import import import_company
from provisioning.pins import DIGITS, is_easy, new_pin, set_pin
from provisioning.sound_rows import PinRow
from tests.lampfield.sound_library.library import COMPANY, database
from tests.support.databases import postgres
from tests.support.postgres import PostgresServer

__all__ = ["postgres"]


def test_a_pin_opens_for_its_owner_alone_and_only_its_hash_is_kept(tmp_path: Path) -> None:
    engine = database(tmp_path)
    with engine.begin() as connection:
        set_pin(connection, COMPANY.id, "anna", "384615", 0.0)
        set_pin(connection, COMPANY.id, "anna", "271828", 1.0)
    pins = CompanyPins(DatabaseThreads(engine), COMPANY.id, PinAttempts(), lambda: 0.0)

    async def scenario() -> None:
        assert await pins.is_set("anna")
        assert not await pins.is_set("bo")
        assert await pins.check("anna", "384615") == "wrong", "the one before is not valid any more"
        assert await pins.check("anna", "271828") == "right"
        assert await pins.check("bo", "271828") == "wrong"

    asyncio.run(scenario())
    with engine.connect() as connection:
        (row,) = connection.execute(select(PinRow.__table__)).mappings()
    assert row["hash"].startswith("$argon2id$")
    assert "271828" not in row["hash"]


@pytest.mark.parametrize("guess", ["owner", "caller"])
def test_after_too_many_wrong_ones_the_right_one_is_not_looked_at(guess: str, tmp_path: Path) -> None:
    engine = database(tmp_path)
    with engine.begin() as connection:
        set_pin(connection, COMPANY.id, "anna", "271828", 0.0)
    now = [0.0]
    pins = CompanyPins(DatabaseThreads(engine), COMPANY.id, PinAttempts(), lambda: now[0])

    async def scenario() -> None:
        for number in range(FREE_ATTEMPTS):
            owner, caller = ("anna", f"+4540{number}") if guess == "owner" else (f"nobody-{number}", "+4540999999")
            assert await pins.check(owner, "0000", caller) == "wrong"
        assert await pins.check("anna", "271828", "+4540999999") == "locked"
        assert await pins.check("anna", "271828", "+4540888888") == ("locked" if guess == "owner" else "right")
        now[0] = 3600.0
        assert await pins.check("anna", "271828", "+4540999999") == "right"

    asyncio.run(scenario())


def test_another_pin_lets_its_owner_in_at_once(tmp_path: Path) -> None:
    engine = database(tmp_path)
    with engine.begin() as connection:
        set_pin(connection, COMPANY.id, "anna", "271828", 0.0)
    pins = CompanyPins(DatabaseThreads(engine), COMPANY.id, PinAttempts(), lambda: 10.0)

    async def scenario() -> None:
        for _ in range(FREE_ATTEMPTS):
            assert await pins.check("anna", "0000", "201") == "wrong"
        assert await pins.check("anna", "314159", "201") == "locked"
        with engine.begin() as connection:
            set_pin(connection, COMPANY.id, "bo", "314159", 11.0)
        assert await pins.check("anna", "271828", "201") == "locked", "it is somebody else's"
        with engine.begin() as connection:
            set_pin(connection, COMPANY.id, "anna", "314159", 11.0)
        assert await pins.check("anna", "314159", "201") == "right"

    asyncio.run(scenario())


def test_many_guesses_at_once_gain_nothing(tmp_path: Path) -> None:
    engine = database(tmp_path)
    with engine.begin() as connection:
        set_pin(connection, COMPANY.id, "anna", "271828", 0.0)
    pins = CompanyPins(DatabaseThreads(engine), COMPANY.id, PinAttempts(), lambda: 0.0)

    async def scenario() -> None:
        verdicts = await asyncio.gather(*(pins.check("anna", f"00{number}") for number in range(10)))
        assert verdicts.count("wrong") == FREE_ATTEMPTS
        assert verdicts.count("locked") == 10 - FREE_ATTEMPTS

    asyncio.run(scenario())


def test_who_comes_later_under_the_same_name_does_not_inherit_the_pin(tmp_path: Path) -> None:
    engine = database(tmp_path)
    with engine.begin() as connection:
        set_pin(connection, COMPANY.id, "carl", "271828", 0.0)
        set_pin(connection, COMPANY.id, "dora", "271828", 0.0)
    people = {name: person for name, person in COMPANY.people.items() if name != "carl"}
    queues = {name: msgspec.structs.replace(queue, members=("anna", "bo")) for name, queue in COMPANY.queues.items()}
    without = msgspec.structs.replace(COMPANY, people=people, queues=queues)
    for company in (without, COMPANY):
        import_company(engine, company, new_password=lambda: "a-long-password")
    pins = CompanyPins(DatabaseThreads(engine), COMPANY.id, PinAttempts(), lambda: 0.0)
    assert not asyncio.run(pins.is_set("carl"))
    assert asyncio.run(pins.is_set("dora"))


def test_pins_that_are_made_are_not_those_that_are_guessed_first() -> None:
    for easy in ("123456", "987654", "111111", "121212", "012345", "890123"):
        assert is_easy(easy), easy
    made = {new_pin() for _ in range(50)}
    assert len(made) > 45
    assert all(len(pin) == DIGITS and pin.isdigit() and not is_easy(pin) for pin in made)


def test_while_the_database_is_away_nobody_is_let_in(tmp_path: Path) -> None:
    away = DatabaseThreads(open_database(f"sqlite:///{tmp_path / 'nowhere' / 'x'}"))
    pins = CompanyPins(away, "nordlys", PinAttempts(), lambda: 0.0)

    async def scenario() -> None:
        assert await pins.is_set("anna")
        assert await pins.check("anna", "271828") == "away"

    asyncio.run(scenario())


def test_what_was_tried_while_the_database_was_away_does_not_count_as_wrong(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    with database(folder).begin() as connection:
        set_pin(connection, COMPANY.id, "anna", "271828", 0.0)
    folder.rename(away := tmp_path / "away")
    engine = open_database(f"sqlite:///{folder / 'lampfield.sqlite3'}")
    pins = CompanyPins(DatabaseThreads(engine), COMPANY.id, PinAttempts(), lambda: 0.0)

    async def scenario() -> None:
        for _ in range(FREE_ATTEMPTS):
            assert await pins.check("anna", "271828", "+4540999999") == "away"
        away.rename(folder)
        assert await pins.check("anna", "271828", "+4540999999") == "right"

    asyncio.run(scenario())


@pytest.mark.interop
def test_a_database_that_hangs_is_as_good_as_away_and_holds_up_nothing_else(postgres: PostgresServer) -> None:
    engine = open_database(postgres.new_database())
    upgrade(engine)
    pins = CompanyPins(DatabaseThreads(engine), COMPANY.id, PinAttempts(), lambda: 0.0)

    async def scenario() -> None:
        assert await pins.check("anna", "271828") == "wrong"
        postgres.freeze()
        try:
            async with asyncio.timeout(60):
                verdicts = await asyncio.gather(*(pins.check(f"person-{number}", "1234") for number in range(40)))
                assert set(verdicts) == {"away"}
                assert await asyncio.to_thread(lambda: "files") == "files"
        finally:
            postgres.thaw()
        assert await pins.check("bo", "271828") == "wrong"

    asyncio.run(scenario())
