"""The database comes up to date by itself, on both kinds of server."""

import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData

import provisioning.sound_rows
import provisioning.tokens  # noqa: F401  its table is among those compared
from call_records.models import Base as CallRecordsBase
from lampfield.database import CONNECT_WAIT, open_database, upgrade
from lampfield.voicemail.table import Base as VoicemailBase
from provisioning.models import Base as ProvisioningBase
from tests.support.databases import engine, postgres, url
from tests.support.postgres import PostgresServer

__all__ = ["engine", "postgres", "url"]


def test_the_migrations_make_just_the_tables_of_the_models(engine: Engine) -> None:
    metadata = MetaData()
    for base in (ProvisioningBase, CallRecordsBase, VoicemailBase):
        for table in base.metadata.tables.values():
            table.to_metadata(metadata)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_upgrading_a_database_that_is_up_to_date_changes_nothing(engine: Engine) -> None:
    before = sqlalchemy.inspect(engine).get_table_names()
    upgrade(engine)
    assert sqlalchemy.inspect(engine).get_table_names() == before
    assert {"companies", "people", "accounts", "call_events"} <= set(before)


def test_a_database_of_a_newer_version_is_refused_and_left_alone(engine: Engine) -> None:
    versions = sqlalchemy.text("SELECT version_num FROM alembic_version ORDER BY version_num")
    with engine.begin() as connection:
        made = "UPDATE alembic_version SET version_num = 'tokens_99' WHERE version_num LIKE 'tokens%'"
        connection.execute(sqlalchemy.text(made))
        before = connection.execute(versions).all()
    with pytest.raises(sqlalchemy.exc.SQLAlchemyError, match="a newer version of Lampfield"):
        upgrade(engine)
    with engine.connect() as connection:
        assert connection.execute(versions).all() == before


def test_sqlite_runs_with_a_write_ahead_log_and_checks_references(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'x.sqlite3'}")
    with engine.connect() as connection:
        pragmas = ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        values = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas]
    assert values == ["wal", 1, 2, 5000]


@pytest.mark.interop
def test_a_connection_asks_within_seconds_whether_the_server_is_there_still(postgres: PostgresServer) -> None:
    engine = open_database(postgres.new_database())
    with engine.connect() as connection:
        descriptor = connection.connection.driver_connection.fileno()  # type: ignore[union-attr]
        with socket.socket(fileno=os.dup(descriptor)) as line:
            assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) <= CONNECT_WAIT
            assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= CONNECT_WAIT * 1000
    engine.dispose()


def test_processes_that_start_at_once_do_not_disturb_each_other(url: str) -> None:
    script = "import sys; from lampfield.database import *; upgrade(open_database(sys.argv[1]))"
    running = [
        subprocess.Popen([sys.executable, "-c", script, url], stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for process in running:
        _, complaint = process.communicate(timeout=60)
        assert process.returncode == 0, complaint


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam, " * 100)
    with pytest.raises(sqlalchemy.exc.DatabaseError, match="not a database"):
        upgrade(open_database(f"sqlite:///{path}"))
    assert path.read_text().startswith("Dear Sir")


def test_an_upgrade_waits_for_the_lock_of_another_process(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite3"
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("BEGIN IMMEDIATE")
        engine = open_database(f"sqlite:///{path}")
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 10")
        with pytest.raises(sqlalchemy.exc.OperationalError, match="locked"):
            upgrade(engine)
        other.rollback()
    upgrade(engine)
