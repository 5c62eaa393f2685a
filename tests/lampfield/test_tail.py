"""What journal and records were given outlives a kill before the disk has it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from lampfield.journal import Journal
from lampfield.tail import CAPACITY, Tail, make_tail


@pytest.fixture
def memory() -> Iterator[int]:
    descriptor = make_tail("test")
    yield descriptor
    os.close(descriptor)


def replayed(entries: Iterable[bytes], values: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """What is kept after these entries, `key=value` with no value for deleted."""
    kept = dict(values)
    for entry in entries:
        key, _, value = entry.decode().partition("=")
        kept.pop(key, None)
        kept |= {key: value} if value else {}
    return kept


def test_what_was_put_outlives_a_kill_before_it_is_on_disk(tmp_path: Path, memory: int) -> None:
    script = """
import os, signal, sys
from pathlib import Path
from lampfield.journal import Journal
from lampfield.tail import Tail
journal = Journal(Path(sys.argv[1]), Tail(int(sys.argv[2])), batch_seconds=60); journal.open()
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
    journal = Journal(path, Tail(memory))
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
from lampfield.tail import Tail
tail = Tail(int(sys.argv[2]))
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
    journal = Journal(path, Tail(memory))
    journal.open()
    assert journal.load("binding") == {str(number): b"x" * 100 for number in range(100)}
    journal.close()


def test_more_than_there_is_room_for_lets_go_of_all_so_that_nothing_old_comes_back(memory: int) -> None:
    tail = Tail(memory)
    tail.add(b"phone=old")
    tail.add(bytes(CAPACITY))
    tail.add(b"phone=new")
    assert list(Tail(memory).entries()) == []
    tail.turn()
    tail.add(b"phone=newest")
    assert list(Tail(memory).entries()) == [b"phone=newest"]


class Killed(RuleBasedStateMachine):
    """A thread that writes, a disk that may refuse, and a process that may be killed after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.memory = make_tail("test")
        self.tail = Tail(self.memory)
        self.disk: dict[str, str] = {}
        self.asked: dict[str, str] = {}
        self.pending: list[bytes] = []
        self.writing: list[bytes] = []

    @rule(key=st.sampled_from("abc"), value=st.text("xyz", max_size=20))
    def ask(self, key: str, value: str) -> None:
        entry = f"{key}={value}".encode()
        self.pending.append(entry)
        self.asked = replayed([entry], self.asked)
        self.tail.add(entry)

    @rule()
    def collect(self) -> None:
        if self.pending and not self.writing:
            self.writing, self.pending = self.pending, []
            self.tail.turn()

    @rule(taken=st.booleans())
    def write(self, taken: bool) -> None:
        if not self.writing:
            return
        if taken:
            self.disk = replayed(self.writing, self.disk)
            self.tail.written()
        else:
            self.pending = self.writing + self.pending
        self.writing = []

    @rule()
    def kill(self) -> None:
        self.tail = Tail(self.memory)
        self.writing = []
        self.pending = list(self.tail.entries())

    @invariant()
    def disk_and_memory_hold_what_was_asked(self) -> None:
        assert replayed(Tail(self.memory).entries(), self.disk) == self.asked

    def teardown(self) -> None:
        os.close(self.memory)


TestKilled = Killed.TestCase
