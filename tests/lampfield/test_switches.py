"""Switches outlive the process, and light their lamps."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from lampfield.journal import Journal
from lampfield.switches import KeptSwitches
from tests.routing.nordlys import OFFICE, company

LAMP = "sip:*60@nordlys.example"
HOUSE = company(hours={"office": msgspec.structs.replace(OFFICE, switch_code="*60"), "plain": OFFICE})


class Process:
    """The switches of one run of the server."""

    def __init__(self, path: Path) -> None:
        self.journal = Journal(path, batch_seconds=0.01)
        self.journal.open()
        self.lit: list[tuple[str, bool]] = []
        self.kept = KeptSwitches(self.journal, lambda aor, lit: self.lit.append((aor, lit)))
        self.kept.restore()
        self.kept.configure([HOUSE])
        self.switches = self.kept.of(HOUSE)

    def end(self) -> None:
        self.journal.close()


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    running = Process(tmp_path / "journal")
    yield running
    running.end()


def test_a_switch_that_was_never_turned_follows_the_calendar(process: Process) -> None:
    assert process.switches.position("office") == "calendar"
    assert process.lit == [(LAMP, False)]


def test_a_turned_switch_is_so_at_once_and_its_lamp_is_lit(process: Process) -> None:
    process.switches.turn("office", "closed")
    assert process.switches.position("office") == "closed"
    process.switches.turn("office", "calendar")
    assert process.lit[1:] == [(LAMP, True), (LAMP, False)]


def test_a_switch_without_a_code_has_no_lamp(process: Process) -> None:
    process.switches.turn("plain", "open")
    assert process.switches.position("plain") == "open"
    assert process.lit == [(LAMP, False)]


def test_a_turned_switch_outlives_the_process(tmp_path: Path) -> None:
    first = Process(tmp_path / "journal")
    first.switches.turn("office", "closed")
    first.switches.turn("plain", "open")
    first.switches.turn("plain", "calendar")
    first.end()
    second = Process(tmp_path / "journal")
    assert second.switches.position("office") == "closed"
    assert second.switches.position("plain") == "calendar"
    assert second.lit == [(LAMP, True)]
    second.end()


def test_another_companys_hours_of_the_same_name_are_not_turned(process: Process) -> None:
    process.switches.turn("office", "closed")
    assert process.kept.of(msgspec.structs.replace(HOUSE, id="sydlys")).position("office") == "calendar"
