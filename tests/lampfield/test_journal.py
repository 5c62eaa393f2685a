"""The journal: what is put outlives the process, whatever happens to disk and file."""

import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lampfield.journal import Journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    opened = Journal(path, batch_seconds=0.01, retry_seconds=0.02)
    opened.open()
    yield opened
    opened.close()


def reopened(path: Path) -> Journal:
    journal = Journal(path, batch_seconds=0.01)
    journal.open()
    return journal


def test_what_was_put_is_there_after_a_clean_stop(journal: Journal, path: Path) -> None:
    journal.put("binding", "sip:anna@nordlys.example", b"phone")
    journal.close()
    assert reopened(path).load("binding") == {"sip:anna@nordlys.example": b"phone"}


def test_the_last_of_several_changes_counts(journal: Journal) -> None:
    for number in range(100):
        journal.put("subscription", "a", b"%d" % number)
    journal.put("subscription", "b", b"kept")
    journal.delete("subscription", "a")
    journal.put("binding", "a", b"of another kind")
    assert journal.flush()
    assert journal.load("subscription") == {"b": b"kept"}


def test_load_sees_what_is_not_written_yet(path: Path) -> None:
    slow = Journal(path, batch_seconds=60)
    slow.open()
    slow.put("binding", "a", b"1")
    assert slow.load("binding") == {"a": b"1"}
    slow.close()


def test_flushed_values_survive_a_kill(path: Path) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from lampfield.journal import Journal
journal = Journal(Path(sys.argv[1])); journal.open()
for number in range(1000): journal.put("binding", str(number), b"x")
assert journal.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""
    run = subprocess.run([sys.executable, "-c", script, str(path)], check=False, timeout=60)
    assert run.returncode == -signal.SIGKILL
    assert len(reopened(path).load("binding")) == 1000


@pytest.mark.parametrize("damage", [b"this is no database " * 500, None])
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(
    path: Path, damage: bytes | None, caplog: pytest.LogCaptureFixture
) -> None:
    journal = reopened(path)
    for number in range(2000):
        journal.put("binding", str(number), b"x" * 100)
    journal.close()
    whole = path.read_bytes()
    # Either no database at all, or one whose pages were overwritten behind the header.
    path.write_bytes(damage if damage is not None else whole[:8192] + b"\xff" * (len(whole) - 8192))

    again = reopened(path)
    assert again.load("binding") == {}
    again.put("binding", "new", b"1")
    assert again.flush()
    again.close()
    (aside,) = path.parent.glob("journal.sqlite3.damaged-*")
    assert len(aside.read_bytes()) > 1000
    assert "is damaged" in caplog.text
    assert str(aside) in caplog.text


def test_while_another_process_locks_the_file_changes_wait(journal: Journal, path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        journal.put("binding", "a", b"1")
        assert not journal.flush(timeout=0.2)
        other.rollback()
    assert journal.flush()
    assert journal.load("binding") == {"a": b"1"}


def test_a_full_disk_loses_nothing(path: Path) -> None:
    script = """
import resource, sys
from pathlib import Path
from lampfield.journal import Journal
journal = Journal(Path(sys.argv[1]), batch_seconds=0.01, retry_seconds=0.02); journal.open()
journal.put("binding", "before", b"1")
assert journal.flush()
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))   # no file may grow beyond
for number in range(1000): journal.put("binding", str(number), b"x" * 100)
assert not journal.flush(timeout=1)
assert journal.fault
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert journal.flush(timeout=20)
assert journal.fault is None
journal.close()
"""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    run = subprocess.run(
        [sys.executable, "-c", script, str(path)], check=False, timeout=60, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    assert "wait in memory" in run.stderr
    assert len(reopened(path).load("binding")) == 1001


def test_a_file_that_cannot_be_made_is_told_at_open(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        Journal(tmp_path / "file" / "journal.sqlite3").open()
