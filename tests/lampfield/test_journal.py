"""The journal: what is put outlives the process, whatever happens to disk and file."""

import errno
import os
import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lampfield.journal import Journal
from lampfield.journal_file import JournalFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal"


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
from lampfield.journal_file import JournalFile
journal = Journal(Path(sys.argv[1])); journal.open()
for number in range(1000): journal.put("binding", str(number), b"x")
assert journal.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""
    run = subprocess.run([sys.executable, "-c", script, str(path)], check=False, timeout=60)
    assert run.returncode == -signal.SIGKILL
    assert len(reopened(path).load("binding")) == 1000


def filled(path: Path, records: int) -> list[bytes]:
    """The bytes of a journal after each of so many writes of one registration."""
    file = JournalFile(path)
    file.open()
    states = []
    for number in range(records):
        file.append({("binding", str(number)): b"x" * 100})
        states.append(path.read_bytes())
    file.close()
    return states


@pytest.mark.parametrize("place", [0, 5, 21, 27, 30, 2000, -200])
def test_a_damaged_file_is_set_aside_and_a_new_one_begun(
    path: Path, place: int, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = bytearray(filled(path, 100)[-1])
    damaged[place] ^= 0x40
    path.write_bytes(damaged)

    journal = reopened(path)
    assert journal.load("binding") == {}, "older values must not come back"
    journal.put("binding", "new", b"1")
    journal.close()
    assert reopened(path).load("binding") == {"new": b"1"}
    (aside,) = path.parent.glob("journal.damaged-*")
    assert aside.read_bytes() == damaged
    assert "is damaged" in caplog.text
    assert str(aside) in caplog.text


def test_a_file_that_is_no_journal_is_set_aside(path: Path) -> None:
    path.write_text("Dear Sir or Madam")
    assert reopened(path).load("binding") == {}
    (aside,) = path.parent.glob("journal.damaged-*")
    assert aside.read_text() == "Dear Sir or Madam"


@pytest.mark.parametrize("missing", [1, 50, 100, 110, 119])
@pytest.mark.parametrize("filler", [b"", b"\0", b"?"])
def test_what_a_crash_or_a_power_cut_left_half_written_is_left_out(path: Path, missing: int, filler: bytes) -> None:
    before, last = filled(path, 20)[-2:]
    assert 0 < missing < len(last) - len(before)
    # A file may have grown before its last bytes were on disk; they are zeros then, or anything.
    path.write_bytes(last[:-missing] + filler * missing)
    journal = reopened(path)
    kept = {str(number): b"x" * 100 for number in range(19)}
    assert journal.load("binding") == kept
    journal.put("binding", "new", b"1")
    journal.close()
    assert reopened(path).load("binding") == kept | {"new": b"1"}


def test_a_file_full_of_old_values_is_compacted(path: Path) -> None:
    journal = reopened(path)
    for number in range(60):
        for key in range(200):
            journal.put("binding", str(key), b"%d" % number + b"x" * 1000)
        journal.delete("binding", "7")
        assert journal.flush()
    assert path.stat().st_size < 5_000_000, "12 MB were written, 0.2 MB are of use"
    expected = {str(key): b"59" + b"x" * 1000 for key in range(200) if key != 7}
    assert journal.load("binding") == expected
    journal.put("binding", "after", b"1")
    journal.close()
    assert reopened(path).load("binding") == expected | {"after": b"1"}


def test_while_another_process_has_the_file_it_is_refused(path: Path) -> None:
    script = """
import sys
from pathlib import Path
from lampfield.journal import Journal
from lampfield.journal_file import JournalFile
Journal(Path(sys.argv[1])).open()
print("open", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(BlockingIOError, match="another Lampfield is running"):
            reopened(path)
        other.kill()
    assert reopened(path).load("binding") == {}


def test_a_full_disk_loses_nothing(path: Path) -> None:
    script = """
import resource, sys
from pathlib import Path
from lampfield.journal import Journal
from lampfield.journal_file import JournalFile
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
        Journal(tmp_path / "file" / "journal").open()


def test_a_folder_that_cannot_be_put_on_disk_costs_no_change_after_compacting(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fsync = os.fsync

    def refused_for_folders(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", refused_for_folders)
    journal = reopened(path)
    for number in range(50):
        for key in range(100):
            journal.put("binding", str(key), b"%d" % number + b"x" * 1000)
        assert journal.flush()
    assert "cannot be compacted" in caplog.text
    journal.put("binding", "after", b"1")
    journal.close()
    expected = {str(key): b"49" + b"x" * 1000 for key in range(100)}
    assert reopened(path).load("binding") == expected | {"after": b"1"}
