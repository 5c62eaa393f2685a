"""Signalling begins by the database or, while that is away, by the last picture of it."""

import asyncio
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from lampfield.beginning import Beginning, begin
from lampfield.database import NewerDatabase, open_database, upgrade
from lampfield.kept_picture import HEADER, KeptPicture
from provisioning.accounts import new_password
from provisioning.company_import import import_company
from provisioning.picture import Picture, read_picture
from provisioning.sound_shelf import SoundEntry, put_in_use, save_sound
from tests.routing.nordlys import company
from tests.support.databases import postgres
from tests.support.postgres import PostgresServer

__all__ = ["postgres"]

NEWER = "UPDATE alembic_version SET version_num = 'tokens_99' WHERE version_num LIKE 'tokens%'"
READ_AT = 1_800_000_000.0
GREETING = SoundEntry(
    name="welcome", kind="greeting", seconds=2.5, made_at=READ_AT, made_by="anna", original_name="w.mp3",
    original_format="mp3 mp3, 44100 Hz, stereo", number=3,
)  # fmt: skip


def with_company(url: str) -> Engine:
    """A database with a company, an account for each of its people, and a greeting in use."""
    engine = open_database(url)
    upgrade(engine)
    import_company(engine, company(), new_password=new_password)
    with engine.begin() as connection:
        save_sound(connection, "nordlys", GREETING)
        put_in_use(connection, "nordlys", "+4533221100", "open", GREETING.name)
    return engine


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "lampfield.sqlite3"


@pytest.fixture
def engine(file: Path) -> Engine:
    return with_company(f"sqlite:///{file}")


@pytest.fixture
def picture(engine: Engine) -> Picture:
    return read_picture(engine)


@pytest.fixture
def kept(tmp_path: Path, file: Path, picture: Picture) -> KeptPicture:
    """What an earlier run has kept."""
    kept = KeptPicture(tmp_path / "companies", f"sqlite:///{file}")
    kept.keep(picture, READ_AT)
    return kept


def spoil(file: Path) -> None:
    file.write_text("Dear Sir or Madam, " * 100)


def begun(engine: Engine, kept: KeptPicture, *, upgrade_first: bool = True) -> Beginning:
    return asyncio.run(begin(engine, kept, upgrade_first=upgrade_first))


def test_where_the_database_can_be_read_nothing_else_counts(engine: Engine, kept: KeptPicture) -> None:
    import_company(engine, company(name="Nordlys anew"), new_password=new_password)
    beginning = begun(engine, kept)
    assert beginning.picture.companies[0].name == "Nordlys anew"
    assert beginning.fault is None


@pytest.mark.parametrize("upgrade_first", [True, False])
def test_while_the_database_is_away_all_is_as_it_was_read_last(
    engine: Engine,
    kept: KeptPicture,
    picture: Picture,
    file: Path,
    caplog: pytest.LogCaptureFixture,
    upgrade_first: bool,
) -> None:
    engine.dispose()
    spoil(file)
    beginning = begun(engine, kept, upgrade_first=upgrade_first)
    assert beginning.picture == picture
    assert beginning.picture.shelves["nordlys"].in_use == {("+4533221100", "open"): "welcome"}
    assert beginning.fault is not None
    assert "file is not a database; the companies are those read on 2027-01-15" in beginning.fault
    assert beginning.fault in caplog.text


def test_what_is_kept_is_for_its_owner_alone_and_replaced_as_a_whole(kept: KeptPicture, picture: Picture) -> None:
    kept.keep(Picture(companies=(), accounts=picture.accounts, shelves={}), READ_AT + 60)
    assert kept.path.stat().st_mode & 0o777 == 0o600
    assert kept.last() == (Picture(companies=(), accounts=picture.accounts, shelves={}), READ_AT + 60)
    assert [path.name for path in kept.path.parent.glob("companies*")] == ["companies"]


def test_a_first_start_needs_the_database(tmp_path: Path, file: Path) -> None:
    spoil(file)
    engine = open_database(f"sqlite:///{file}")
    with pytest.raises(SQLAlchemyError, match="not a database"):
        begun(engine, KeptPicture(tmp_path / "companies", f"sqlite:///{file}"))


def damaged(data: bytes) -> bytes:
    return data[:-20] + b"\0" + data[-19:]


def shortened(data: bytes) -> bytes:
    return data[: len(data) // 2]


def of_another_version(data: bytes) -> bytes:
    begin = len(HEADER)
    return data[:begin] + bytes(32) + data[begin + 32 :]


@pytest.mark.parametrize("change", [damaged, shortened, of_another_version, lambda data: b""])
def test_what_is_damaged_or_of_another_version_is_told_and_not_gone_by(
    engine: Engine, kept: KeptPicture, file: Path, caplog: pytest.LogCaptureFixture, change: object
) -> None:
    assert callable(change)
    kept.path.write_bytes(change(kept.path.read_bytes()))
    engine.dispose()
    spoil(file)
    with pytest.raises(SQLAlchemyError, match="not a database"):
        begun(engine, kept)
    assert f"{kept.path}: nothing to begin by" in caplog.text


def test_what_was_read_of_another_database_is_not_gone_by(
    tmp_path: Path, kept: KeptPicture, caplog: pytest.LogCaptureFixture
) -> None:
    url = "postgresql://lampfield:secret@127.0.0.1:1/lampfield"
    with pytest.raises(SQLAlchemyError, match="refused"):
        begun(open_database(url), KeptPicture(kept.path, url))
    assert "it is of another database" in caplog.text


def test_no_password_of_the_database_is_kept(tmp_path: Path, picture: Picture) -> None:
    kept = KeptPicture(tmp_path / "companies", "postgresql://lampfield:secret1@db/lampfield?password=secret2")
    kept.keep(picture, READ_AT)
    assert b"secret" not in kept.path.read_bytes()
    assert KeptPicture(kept.path, "postgresql://lampfield:another@db/lampfield").last() is not None


def test_a_database_of_a_newer_version_is_not_away(engine: Engine, kept: KeptPicture) -> None:
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text(NEWER))
    with pytest.raises(NewerDatabase):
        begun(engine, kept)


def test_a_disk_that_takes_nothing_is_told_and_leaves_what_was_there(
    kept: KeptPicture, picture: Picture, caplog: pytest.LogCaptureFixture
) -> None:
    before = kept.path.read_bytes()
    kept.path.with_name("companies.new").mkdir()
    kept.keep(picture, READ_AT + 60)
    assert "cannot be written" in caplog.text
    assert kept.path.read_bytes() == before


@pytest.mark.interop
def test_a_database_that_hangs_is_waited_for_only_where_there_is_nothing_else(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    url = postgres.new_database()
    engine = with_company(url)
    kept = KeptPicture(tmp_path / "companies", url)
    kept.keep(read_picture(engine), READ_AT)

    async def hanging() -> Beginning:
        postgres.freeze()
        try:
            return await begin(engine, kept)
        finally:
            postgres.thaw()

    beginning = asyncio.run(hanging())
    assert beginning.fault is not None
    assert beginning.picture.companies[0].id == "nordlys"
    engine.dispose()
