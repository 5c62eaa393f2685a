"""The database: opened by URL and brought up to date."""

import contextlib
import os
import sqlite3
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy import Engine, event, make_url
from sqlalchemy.exc import SQLAlchemyError

from lampfield.ownership import hand_over

if TYPE_CHECKING:
    from alembic.config import Config

LOCK_WAIT = 5.0
"""How long a statement waits for another process's lock, seconds."""
CONNECT_WAIT = 5
"""How long a connection to a database server may take, seconds."""
_MIGRATIONS = ("provisioning", "call_records", "lampfield.voicemail")
"""Packages that have tables; each brings its own migrations."""


class NewerDatabase(SQLAlchemyError):
    """The database has tables that this version does not know."""


def open_database(url: str) -> Engine:
    """An engine for SQLite (`sqlite:///path`) or PostgreSQL (`postgresql://user@host/name`). Connects at first use."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = sqlalchemy.create_engine(parsed, connect_args={"timeout": LOCK_WAIT})
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    return sqlalchemy.create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": CONNECT_WAIT,
            # A lock of another process shall not hold a writer up for longer than SQLite's would.
            "options": f"-c lock_timeout={int(LOCK_WAIT * 1000)}",
            # A server that has vanished without a word is noticed within seconds, not hours: what it was asked is not
            # acknowledged, or where it has vanished before it answered, nor is what asks whether it is there.
            "tcp_user_timeout": CONNECT_WAIT * 1000,
            "keepalives_idle": CONNECT_WAIT,
            "keepalives_interval": 1,
        },
    )


def upgrade(engine: Engine) -> None:
    """Create what is missing, bring older tables up to date. Does nothing on a database that is.

    Raises sqlalchemy.exc.SQLAlchemyError when the database is away, NewerDatabase where it cannot go on with it.
    """
    # Only here: who merely opens the database, as signalling does after a crash, is ready a quarter of a second sooner.
    from alembic import command
    from alembic.util import CommandError

    _make_private(engine)
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            # Two processes that start at once: the second waits until the first is done, and finds nothing to do.
            connection.execute(sqlalchemy.text("SELECT pg_advisory_xact_lock(5060)"))
        else:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        config = migration_config()
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "heads")
        except CommandError as error:
            raise NewerDatabase(f"a newer version of Lampfield has changed the database ({error})") from error


def migration_config() -> "Config":
    """Alembic's configuration: each package's migrations are a branch of their own."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(files("lampfield") / "migrations"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(str(files(name) / "migrations") for name in _MIGRATIONS))
    return config


def _make_private(engine: Engine) -> None:
    """Make a new SQLite file one that its owner alone may read: it holds what phones log in with."""
    path = engine.url.database
    if engine.dialect.name == "sqlite" and path:
        # That it is there already, or cannot be made, is for SQLite to find out and to tell.
        with contextlib.suppress(OSError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            hand_over(Path(path))


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    """Per connection: readers and the writer do not block each other, a commit is on disk, references are checked."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
