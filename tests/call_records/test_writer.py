"""Every call event comes into the database once and in order, whatever happens to the database."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError

from call_records.event_log import events_of, insert_events
from call_records.event_text import encode_line
from call_records.logged_event import LoggedEvent
from call_records.models import CallEventRow
from call_records.spool import Spool
from call_records.writer import EventWriter
from lampfield.database import open_database, upgrade
from lampfield.tail import Tail, make_tail
from routing.events import CallArrived, CallEnded
from tests.call_records.calls import BEGIN, main_job, steps
from tests.support.postgres import running_postgres

PATIENCE = 60.0
"""Seconds after which something never happens."""

NewWriter = Callable[..., EventWriter]


@pytest.fixture
def spool_path(tmp_path: Path) -> Path:
    return tmp_path / "events.spool"


@pytest.fixture
def new_writer(spool_path: Path) -> Iterator[NewWriter]:
    """Writers of one run of the server after another; each is stopped at the end."""
    started: list[EventWriter] = []

    def new(engine: Engine, memory_events: int = 200_000) -> EventWriter:
        writer = EventWriter(
            engine, Spool(spool_path), writer=f"run{len(started)}", retry_seconds=0.02, memory_events=memory_events
        )
        started.append(writer)
        return writer

    yield new
    for writer in started:
        writer.stop()


@pytest.fixture
def memory() -> Iterator[int]:
    descriptor = make_tail("records")
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def sqlite_path(tmp_path: Path) -> Path:
    path = tmp_path / "locked.sqlite3"
    upgrade(impatient(path))
    return path


def impatient(path: Path) -> Engine:
    """An engine that waits for a lock for a moment only."""
    engine = open_database(f"sqlite:///{path}")
    sqlalchemy.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 20"))
    return engine


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """The database while another process holds it."""
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.rollback()


def written(engine: Engine, call: str = "c1") -> list[float]:
    return [event.at for event in events_of(engine, call)]


def test_events_are_in_the_database_once_flushed(new_writer: NewWriter, engine: Engine) -> None:
    writer = new_writer(engine)
    writer.start()
    for event in main_job():
        writer.put(event)
    assert writer.flush(PATIENCE)
    assert events_of(engine, "c1") == main_job()


def test_more_events_than_a_batch_keep_their_order(new_writer: NewWriter, engine: Engine) -> None:
    writer = new_writer(engine)
    for event in steps("c1", 2345):
        writer.put(event)
    writer.start()
    assert writer.flush(PATIENCE)
    assert written(engine) == list(range(2345))


def test_an_event_that_is_there_already_is_not_written_twice(engine: Engine) -> None:
    events = [LoggedEvent("run", number, event) for number, event in enumerate(steps("c1", 5))]
    with engine.begin() as connection:
        insert_events(connection, events[:3])
        insert_events(connection, events)
    assert written(engine) == [0, 1, 2, 3, 4]


def test_of_many_events_those_that_are_there_already_are_not_written_twice(engine: Engine) -> None:
    events = [LoggedEvent("run", number, event) for number, event in enumerate(steps("c1", 187))]
    with engine.begin() as connection:
        insert_events(connection, events[:75])
    with engine.begin() as connection:
        insert_events(connection, events)
    assert written(engine) == list(range(187))


def test_of_events_one_of_which_no_table_takes_none_is_written(engine: Engine) -> None:
    events = [LoggedEvent("run", number, event) for number, event in enumerate(steps("c1", 72))]
    nameless: Any = None
    events[40] = LoggedEvent(nameless, 40, events[40].event)
    with pytest.raises(IntegrityError), engine.begin() as connection:
        insert_events(connection, events)
    assert written(engine) == []


def test_a_callers_name_with_half_a_character_is_mended_not_lost(new_writer: NewWriter, engine: Engine) -> None:
    writer = new_writer(engine)
    writer.start()
    arrived = CallArrived(
        call="c1", at=1.0, company="n", origin="trunk", caller_number="", caller_name="Bj\udcf8rn\0", dialled="1"
    )
    writer.put(arrived)
    assert writer.flush(PATIENCE)
    (event,) = events_of(engine, "c1")
    assert isinstance(event, CallArrived)
    assert event.caller_name == "Bj?rn\0"


def test_while_another_process_locks_the_database_events_go_to_the_spool(
    new_writer: NewWriter, sqlite_path: Path, spool_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    engine = impatient(sqlite_path)
    writer = new_writer(engine)
    with locked(sqlite_path):
        writer.start()
        for event in steps("c1", 1000):
            writer.put(event)
        assert not writer.flush(0.5)
        assert writer.state.fault == "database is locked"
        assert spool_path.stat().st_size > 0
    assert writer.flush(PATIENCE)
    assert written(engine) == list(range(1000))
    assert writer.state.fault is None
    assert not spool_path.exists()
    assert caplog.text.count("database is locked") == 1, "a fault is told once, not at every try"


def test_what_is_spooled_when_the_process_is_killed_is_written_by_the_next_run(
    new_writer: NewWriter, sqlite_path: Path, spool_path: Path
) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from typing import Any
from call_records.spool import Spool
from call_records.writer import EventWriter
from tests.call_records.calls import steps
from tests.call_records.test_writer import impatient
writer = EventWriter(impatient(Path(sys.argv[1])), Spool(Path(sys.argv[2])), writer="killed", retry_seconds=0.02)
writer.start()
for event in steps("c1", 300): writer.put(event)
while writer.state.in_memory or not writer.state.spooled_bytes: pass
os.kill(os.getpid(), signal.SIGKILL)
"""
    with locked(sqlite_path):
        run = subprocess.run(
            [sys.executable, "-c", script, str(sqlite_path), str(spool_path)], check=False, timeout=PATIENCE
        )
        assert run.returncode == -9
    kept = spool_path.read_bytes()
    engine = impatient(sqlite_path)
    for _ in range(2):
        # The second time as after a crash between writing the spool's events and clearing it.
        writer = new_writer(engine)
        writer.start()
        assert writer.flush(PATIENCE)
        assert written(engine) == [*range(300)]
        writer.stop()
        spool_path.write_bytes(kept)


@pytest.mark.parametrize("database", ["there", "away"])
def test_what_was_put_outlives_a_kill_before_it_is_written(
    sqlite_path: Path, spool_path: Path, memory: int, database: str
) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from typing import Any
from call_records.spool import Spool
from call_records.writer import EventWriter
from lampfield.tail import Tail
from tests.call_records.calls import steps
from tests.call_records.test_writer import impatient
database, spool, tail = impatient(Path(sys.argv[1])), Spool(Path(sys.argv[2])), Tail(int(sys.argv[3]))
writer = EventWriter(database, spool, writer="killed", retry_seconds=0.02, memory=tail)
writer.start()
for event in steps("c1", 900):
    writer.put(event)
    if event.at % 100 == 0: writer.flush(0.02)
os.kill(os.getpid(), signal.SIGKILL)
"""
    command = [sys.executable, "-c", script, str(sqlite_path), str(spool_path), str(memory)]
    with locked(sqlite_path) if database == "away" else nullcontext():
        run = subprocess.run(command, check=False, timeout=PATIENCE, pass_fds=[memory])
        assert run.returncode == -9
    engine = impatient(sqlite_path)
    writer = EventWriter(engine, Spool(spool_path), writer="next", memory=Tail(memory))
    writer.start(surviving=["c1"])
    assert writer.flush(PATIENCE)
    assert written(engine) == list(range(900))
    writer.stop()


def test_what_an_older_run_left_that_cannot_be_read_is_left_out(
    sqlite_path: Path, spool_path: Path, memory: int, caplog: pytest.LogCaptureFixture
) -> None:
    tail = Tail(memory)
    for number, event in enumerate(steps("c1", 3), start=1):
        tail.add(encode_line(LoggedEvent("older", number, event)))
        tail.add(b'{"writer":"older","number":9,"event":{"type":"Unheard"}}\n')
    engine = impatient(sqlite_path)
    writer = EventWriter(engine, Spool(spool_path), writer="next", memory=Tail(memory))
    writer.start(surviving=["c1"])
    assert writer.flush(PATIENCE)
    assert written(engine) == [0, 1, 2]
    assert "Unheard" in caplog.text
    writer.stop()


def test_a_stop_while_the_database_is_away_loses_nothing(new_writer: NewWriter, sqlite_path: Path) -> None:
    engine = impatient(sqlite_path)
    with locked(sqlite_path):
        writer = new_writer(engine)
        writer.start()
        for event in steps("c1", 1200):
            writer.put(event)
        writer.stop()
    again = new_writer(engine)
    again.start()
    assert again.flush(PATIENCE)
    assert written(engine) == [*range(1200)]


def test_with_disk_full_for_database_and_spool_events_wait_in_memory(sqlite_path: Path, spool_path: Path) -> None:
    script = """
import resource, sys
from pathlib import Path
from typing import Any
from call_records.spool import Spool
from call_records.writer import EventWriter
from tests.call_records.calls import steps
from tests.call_records.test_writer import impatient
engine = impatient(Path(sys.argv[1]))
with engine.connect() as connection:
    connection.exec_driver_sql("PRAGMA wal_autocheckpoint = 0")
writer = EventWriter(engine, Spool(Path(sys.argv[2])), writer="full", retry_seconds=0.02)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.RLIM_INFINITY))   # no file may grow beyond
writer.start()
for event in steps("c1", 3000): writer.put(event)
assert not writer.flush(1.0)
assert writer.state.fault and writer.state.in_memory > 2000, writer.state
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert writer.flush(30.0), writer.state
assert writer.state.lost == 0
writer.stop()
"""
    run = subprocess.run(
        [sys.executable, "-c", script, str(sqlite_path), str(spool_path)],
        check=False,
        timeout=PATIENCE,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    assert "in memory alone" in run.stderr
    assert written(impatient(sqlite_path)) == [*range(3000)]


def test_beyond_the_memory_limit_events_are_given_up_and_told(
    new_writer: NewWriter, sqlite_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    writer = new_writer(impatient(sqlite_path), memory_events=100)
    for event in steps("c1", 130):
        writer.put(event)
    assert writer.state.lost == 30
    assert caplog.text.count("events are being lost") == 1
    writer.start()
    assert writer.flush(PATIENCE)


@pytest.mark.interop
def test_a_database_server_that_is_killed_and_comes_back_misses_nothing(spool_path: Path) -> None:
    with running_postgres() as server:
        engine = open_database(server.new_database())
        upgrade(engine)
        writer = EventWriter(engine, Spool(spool_path), writer="run", retry_seconds=0.02)
        writer.start()
        enough = threading.Event()
        numbers = count()

        def call_on() -> None:
            while not enough.wait(0.0005):
                writer.put(steps_event(next(numbers)))

        caller = threading.Thread(target=call_on)
        caller.start()
        for _ in range(3):
            assert writer.flush(PATIENCE)
            server.stop()
            assert not writer.flush(0.3)
            assert writer.state.fault
            server.start()
        assert writer.flush(PATIENCE)
        enough.set()
        caller.join()
        assert writer.flush(PATIENCE)
        assert written(engine) == [float(number) for number in range(next(numbers))]
        writer.stop()
        engine.dispose()


@pytest.mark.interop
def test_a_database_server_that_hangs_holds_up_neither_calls_nor_the_end(spool_path: Path) -> None:
    with running_postgres() as server:
        url = server.new_database()
        engine = open_database(url)
        upgrade(engine)
        writer = EventWriter(engine, Spool(spool_path), writer="run0", retry_seconds=0.02)
        writer.start()
        writer.put(steps_event(0))
        assert writer.flush(PATIENCE)
        server.freeze()
        for number in range(1, 1500):
            writer.put(steps_event(number))
        assert not writer.flush(0.3)
        writer.stop(timeout=0.3)
        assert spool_path.read_bytes().count(b"\n") == 1499
        server.thaw()

        again = EventWriter(open_database(url), Spool(spool_path), writer="run1", retry_seconds=0.02)
        again.start()
        assert again.flush(PATIENCE)
        # Sorted, as the thread that hung is still there in this process and writes beside the new one.
        assert sorted(written(engine)) == [float(number) for number in range(1500)]
        again.stop()


def steps_event(number: int) -> CallEnded:
    return CallEnded(call="c1", at=float(number), cause="answered", by="caller")


def test_calls_cut_off_by_a_crash_are_closed_as_lost_at_the_next_start(
    new_writer: NewWriter, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    crashed = new_writer(engine)
    crashed.start()
    for event in [*main_job("cut-off")[:9], *main_job("picked-up")[:9], *main_job("whole")]:
        crashed.put(event)
    assert crashed.flush(PATIENCE)

    writer = new_writer(engine)
    writer.start(surviving={"picked-up"})
    writer.put(main_job("new")[0])
    assert writer.flush(PATIENCE)

    last = events_of(engine, "cut-off")[-1]
    assert last == CallEnded(call="cut-off", at=BEGIN + 10, cause="lost", by="system", status=500)
    for call in ("picked-up", "new"):
        assert not any(isinstance(event, CallEnded) for event in events_of(engine, call))
    assert events_of(engine, "whole") == main_job("whole")
    assert "1 calls were cut off" in caplog.text


def test_the_log_keeps_every_run_apart(new_writer: NewWriter, engine: Engine) -> None:
    for _ in range(2):
        writer = new_writer(engine)
        writer.start(surviving={"c1"})
        writer.put(steps("c1", 1)[0])
        assert writer.flush(PATIENCE)
    with engine.connect() as connection:
        rows = connection.execute(select(CallEventRow.writer, CallEventRow.number).order_by(CallEventRow.id)).all()
    assert [tuple(row) for row in rows] == [("run0", 1), ("run1", 1)]
