"""`lampfield voicemail` and the PINs of boxes, with no server running."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from lampfield.cli import app
from lampfield.database import open_database
from lampfield.voicemail.table import read_messages, write_messages
from provisioning.pins import pin_hash
from routing.voicemail.postbox import Message
from tests.provisioning.companies import NORDLYS

Lampfield = Callable[..., Result]


@pytest.fixture
def lampfield(tmp_path: Path) -> Lampfield:
    """Run a command on a state directory that holds Nordlys with boxes of anna and of sales."""
    company = tmp_path / "nordlys.toml"
    company.write_text(NORDLYS.read_text() + "\n[boxes.anna]\n\n[boxes.sales]\n")
    (tmp_path / "lampfield.toml").write_text("")
    runner = CliRunner()

    def run(*arguments: str) -> Result:
        return runner.invoke(
            app, list(arguments), env={"LAMPFIELD_CONFIG": str(tmp_path / "lampfield.toml"), "COLUMNS": "200"}
        )

    assert run("company", "import", str(company)).exit_code == 0
    return run


@pytest.fixture
def engine(lampfield: Lampfield, tmp_path: Path) -> Engine:
    """The database with two messages for anna."""
    engine = open_database(f"sqlite:///{tmp_path / 'state' / 'lampfield.sqlite3'}")
    first = Message("aa11", "nordlys", "anna", "call-1", 1_800_000_000.0, "+4540404040", "Kim", 83.0, text="Ring mig.")
    second = Message("bb22", "nordlys", "anna", "call-2", 1_800_000_060.0, "", seconds=4.0, heard_at=1_800_000_090.0)
    write_messages(engine, [first, second])
    return engine


def test_the_messages_of_a_box_are_listed_in_the_companys_time(lampfield: Lampfield, engine: Engine) -> None:
    lines = lampfield("voicemail", "list", "nordlys", "anna").stdout.splitlines()
    (first,), (second,) = ([line for line in lines if id_ in line] for id_ in ("aa11", "bb22"))
    for part in ("2027-01-15 09:00:00", "Kim +4540404040", "1:23", "new", "Ring mig."):
        assert part in first
    for part in ("2027-01-15 09:01:00", "unknown", "heard"):
        assert part in second
    assert "no messages for sales" in lampfield("voicemail", "list", "nordlys", "sales").stdout


def test_the_file_of_a_message_is_told_by_the_beginning_of_its_id(
    lampfield: Lampfield, engine: Engine, tmp_path: Path
) -> None:
    told = lampfield("voicemail", "play-info", "nordlys", "anna", "aa").stdout
    assert str(tmp_path / "state" / "voicemail" / "nordlys" / "anna" / "aa11.wav") in told
    assert "call-1" in told


def test_a_message_is_deleted_though_no_server_runs(lampfield: Lampfield, engine: Engine) -> None:
    assert lampfield("voicemail", "delete", "nordlys", "anna", "aa11").exit_code == 0
    assert [message.id for message in read_messages(engine) if message.deleted_at is None] == ["bb22"]
    again = lampfield("voicemail", "delete", "nordlys", "anna", "aa11")
    assert again.exit_code == 1
    assert "no message aa11" in again.stderr


def test_a_box_that_the_company_file_does_not_name_is_told(lampfield: Lampfield) -> None:
    result = lampfield("voicemail", "list", "nordlys", "ana")
    assert result.exit_code == 1
    assert "There is no box ana; did you mean anna?" in result.stderr


def test_a_groups_box_has_a_pin_of_its_own(lampfield: Lampfield, engine: Engine) -> None:
    assert "PIN of the box sales: " in lampfield("pin", "nordlys", "sales").stdout
    with engine.connect() as connection:
        assert pin_hash(connection, "nordlys", "sales") is not None


@pytest.mark.parametrize("command", ["list", "play-info", "delete"])
def test_every_command_explains_itself_with_an_example(lampfield: Lampfield, command: str) -> None:
    assert "Example" in lampfield("voicemail", command, "--help").stdout
