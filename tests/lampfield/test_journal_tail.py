"""What a journal was asked to keep outlives a kill before the disk has it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from lampfield.journal import Journal
from lampfield.journal_tail import CAPACITY, Change, JournalTail, make_tail


@pytest.fixture
def memory() -> Iterator[int]:
    descriptor = make_tail()
    yield descriptor
    os.close(descriptor)


def replayed(
    changes: Iterator[Change], values: dict[tuple[str, str], bytes] | None = None
) -> dict[tuple[str, str], bytes]:
    """What is kept after these changes."""
    values = dict(values or {})
    for kind, key, value in changes:
        if value is None:
            values.pop((kind, key), None)
        else:
            values[kind, key] = value
    return values


def test_what_was_put_outlives_a_kill_before_it_is_on_disk(tmp_path: Path, memory: int) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from lampfield.journal import Journal
from lampfield.journal_tail import JournalTail
journal = Journal(Path(sys.argv[1]), JournalTail(int(sys.argv[2])), batch_seconds=60); journal.open()
journal.put("binding", "gone", b"1")
assert journal.flush()
for number in range(100): journal.put("binding", str(number), b"x")
journal.delete("binding", "gone")
os.kill(os.getpid(), signal.SIGKILL)
"""
    path = tmp_path / "journal"
    command = [sys.executable, "-c", script, str(path), str(memory)]
    run = subprocess.run(command, check=False, timeout=60, pass_fds=[memory])
    assert run.returncode == -signal.SIGKILL
    journal = Journal(path, JournalTail(memory))
    journal.open()
    assert journal.load("binding") == {str(number): b"x" for number in range(100)}
    journal.close()
    on_disk = Journal(path)
    on_disk.open()
    assert len(on_disk.load("binding")) == 100, "and now the disk has it too"
    on_disk.close()


def test_while_the_disk_is_full_a_kill_loses_nothing(tmp_path: Path, memory: int) -> None:
    script = """
import os, resource, signal, sys
from pathlib import Path
from lampfield.journal import Journal
from lampfield.journal_tail import JournalTail
tail = JournalTail(int(sys.argv[2]))
journal = Journal(Path(sys.argv[1]), tail, batch_seconds=0.01, retry_seconds=0.02); journal.open()
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, resource.RLIM_INFINITY))
for number in range(100):
    journal.put("binding", str(number), b"x" * 100)
    journal.flush(timeout=0.002)
assert journal.fault
os.kill(os.getpid(), signal.SIGKILL)
"""
    path = tmp_path / "journal"
    command = [sys.executable, "-c", script, str(path), str(memory)]
    run = subprocess.run(command, check=False, timeout=60, pass_fds=[memory], capture_output=True, text=True)
    assert run.returncode == -signal.SIGKILL, run.stderr
    journal = Journal(path, JournalTail(memory))
    journal.open()
    assert journal.load("binding") == {str(number): b"x" * 100 for number in range(100)}
    journal.close()


def test_more_than_there_is_room_for_lets_go_of_all_so_that_nothing_old_comes_back(memory: int) -> None:
    tail = JournalTail(memory)
    tail.add("binding", "phone", b"old")
    tail.add("binding", "other", bytes(CAPACITY))
    tail.add("binding", "phone", b"new")
    assert list(JournalTail(memory).changes()) == []
    tail.turn()
    tail.add("binding", "phone", b"newest")
    assert list(JournalTail(memory).changes()) == [("binding", "phone", b"newest")]


class Killed(RuleBasedStateMachine):
    """A journal's thread, a disk that may refuse, and a process that may be killed after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = make_tail()
        self.tail = JournalTail(self.memory)
        self.disk: dict[tuple[str, str], bytes] = {}
        self.asked: dict[tuple[str, str], bytes] = {}
        self.pending: dict[tuple[str, str], bytes | None] = {}
        self.writing: dict[tuple[str, str], bytes | None] = {}

    @rule(key=st.sampled_from("abc"), value=st.none() | st.binary(max_size=20))
    def ask(self, key: str, value: bytes | None) -> None:
        self.pending["kind", key] = value
        self.asked = replayed(iter([("kind", key, value)]), self.asked)
        self.tail.add("kind", key, value)

    @rule()
    def collect(self) -> None:
        if self.pending and not self.writing:
            self.writing, self.pending = self.pending, {}
            self.tail.turn()

    @rule(taken=st.booleans())
    def write(self, taken: bool) -> None:
        if not self.writing:
            return
        if taken:
            self.disk = replayed(((*key, value) for key, value in self.writing.items()), self.disk)
            self.tail.written()
        else:
            self.pending = {**self.writing, **self.pending}
        self.writing = {}

    @rule()
    def kill(self) -> None:
        self.tail = JournalTail(self.memory)
        self.writing = {}
        self.pending = {(kind, key): value for kind, key, value in self.tail.changes()}

    @invariant()
    def disk_and_memory_hold_what_was_asked(self) -> None:
        assert replayed(JournalTail(self.memory).changes(), self.disk) == self.asked

    def teardown(self) -> None:
        os.close(self.memory)


TestKilled = Killed.TestCase
