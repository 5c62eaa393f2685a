"""What lamps have shown is kept in order, found by person and time, and forgotten by company."""

from pathlib import Path

from sqlalchemy import Engine

from call_records.logged_event import StateLogged
from call_records.person_history import forget_states, states_of
from call_records.spool import Spool
from call_records.writer import EventWriter
from lampfield.database import open_database, upgrade

NORDLYS, FJORD = "nordlys.example", "fjord.example"


def state(at: float, condition: str = "idle", person: str = "anna", company: str = NORDLYS) -> StateLogged:
    return StateLogged(company, person, at, condition, f"because of {condition}", "back soon", at + 60.0, "calendar")


def written(engine: Engine, folder: Path, *states: StateLogged) -> None:
    writer = EventWriter(engine, Spool(folder / "spool"), writer="run")
    writer.start()
    for each in states:
        writer.inbox.put(each)
    assert writer.flush(30.0)
    writer.stop()


def test_the_states_of_a_person_come_back_as_they_were(engine: Engine, tmp_path: Path) -> None:
    mine = [state(10.0), state(20.0, "talking"), state(30.0)]
    others = [state(15.0, person="bo"), state(15.0, company=FJORD)]
    written(engine, tmp_path, *mine, *others)
    assert states_of(engine, NORDLYS, "anna") == mine
    assert states_of(engine, FJORD, "anna") == others[1:]


def test_what_was_shown_at_the_beginning_is_told_too(engine: Engine, tmp_path: Path) -> None:
    written(engine, tmp_path, state(10.0), state(20.0, "talking"), state(30.0))
    assert [each.at for each in states_of(engine, NORDLYS, "anna", 25.0)] == [20.0, 30.0]
    assert [each.at for each in states_of(engine, NORDLYS, "anna", 99.0)] == [30.0]


def test_a_company_forgets_its_own_alone(engine: Engine, tmp_path: Path) -> None:
    written(engine, tmp_path, state(10.0), state(20.0), state(5.0, company=FJORD))
    assert forget_states(engine, NORDLYS, 15.0) == 1
    assert [each.at for each in states_of(engine, NORDLYS, "anna")] == [20.0]
    assert [each.at for each in states_of(engine, FJORD, "anna")] == [5.0]


def test_states_wait_in_the_spool_while_the_database_is_away(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool")
    (tmp_path / "away").mkdir()
    engine = open_database(f"sqlite:///{tmp_path / 'away'}")
    writer = EventWriter(engine, spool, writer="run", retry_seconds=0.02)
    writer.start()
    writer.inbox.put(state(10.0))
    writer.stop()
    again = open_database(f"sqlite:///{tmp_path / 'there.sqlite3'}")
    upgrade(again)
    second = EventWriter(again, Spool(tmp_path / "spool"), writer="second")
    second.start()
    assert second.flush(30.0)
    second.stop()
    assert states_of(again, NORDLYS, "anna") == [state(10.0)]
