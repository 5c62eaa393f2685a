"""The spool keeps whole events in order, whatever state a crash or a full disk left it in."""

from pathlib import Path

import pytest

from call_records.logged_event import LoggedEvent
from call_records.spool import Spool
from tests.call_records.calls import steps

EVENTS = [LoggedEvent("run", number, event) for number, event in enumerate(steps("c1", 10), start=1)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "events.spool"


def test_events_come_back_in_order_also_to_the_next_run(path: Path) -> None:
    spool = Spool(path)
    spool.append(EVENTS[:4])
    spool.append(EVENTS[4:])
    assert [batch for again in (spool, Spool(path)) for batch in again.read(6)] == [EVENTS[:6], EVENTS[6:]] * 2


def test_only_the_owner_may_read_who_called_whom(path: Path) -> None:
    Spool(path).append(EVENTS)
    assert path.stat().st_mode & 0o777 == 0o600


def test_once_cleared_it_is_empty(path: Path) -> None:
    spool = Spool(path)
    spool.append(EVENTS)
    spool.clear()
    assert spool.empty
    assert Spool(path).empty
    assert list(spool.read(10)) == []


def test_an_event_that_a_crash_cut_off_is_left_out_and_told(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Spool(path).append(EVENTS[:3])
    whole = path.read_bytes()
    path.write_bytes(whole[:-7])
    spool = Spool(path)
    spool.append(EVENTS[3:5])
    assert list(spool.read(10)) == [[*EVENTS[:2], *EVENTS[3:5]]]
    assert "ends in the midst" in caplog.text


def test_a_damaged_line_costs_only_itself(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Spool(path).append(EVENTS[:3])
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"\xff\x00 not an event\n" + lines[2])
    assert list(Spool(path).read(10)) == [[EVENTS[0], EVENTS[2]]]
    assert f"{path} line 2 is damaged" in caplog.text


def test_a_folder_that_cannot_be_made_is_an_oserror_and_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    spool = Spool(tmp_path / "file" / "events.spool")
    with pytest.raises(OSError, match="file"):
        spool.append(EVENTS)
    assert spool.empty
