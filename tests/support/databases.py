"""Fixtures: an empty, up-to-date database of each kind that Lampfield runs on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from lampfield.database import open_database, upgrade
from tests.support.postgres import PostgresServer, running_postgres

SQLITE_AND_POSTGRESQL = ["sqlite", pytest.param("postgresql", marks=pytest.mark.interop)]


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        yield server


@pytest.fixture(params=SQLITE_AND_POSTGRESQL)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'lampfield.sqlite3'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """A database with Lampfield's tables."""
    engine = open_database(url)
    upgrade(engine)
    yield engine
    engine.dispose()
