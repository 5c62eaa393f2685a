"""`lampfield hours`: open or closed, why, and until when."""

import asyncio
from datetime import datetime
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner, Result

from lampfield.cli import app
from lampfield.cli.hours import hours_table
from lampfield.control_socket import ControlServer, Outbox
from lampfield.supervisor import control_path
from provisioning.company_file import write_company
from routing.hours import Changes, ClosedTime
from routing.model import Company
from tests.routing.nordlys import OFFICE, company

HOUSE = company(hours={"office": msgspec.structs.replace(OFFICE, holidays="DK")}, language="en")


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"LAMPFIELD_CONFIG": str(folder / "lampfield.toml")})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration and a database with the company."""
    (tmp_path / "lampfield.toml").write_text("")
    (tmp_path / "company.toml").write_text(write_company(HOUSE))
    assert run(tmp_path, "company", "import", str(tmp_path / "company.toml")).exit_code == 0
    return tmp_path


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2026-12-23T10:00", ["open", "weekly hours", "Wed 2026-12-23 16:00"]),
        ("2026-12-25T10:00", ["closed", "holiday: Juledag", "Mon 2026-12-28 08:00"]),
        ("2026-12-23T09:00+00:00", ["Wed 2026-12-23 10:00", "open"]),
    ],
)
def test_each_of_the_hours_is_told_with_why_and_until_when(folder: Path, at: str, told: list[str]) -> None:
    result = run(folder, "hours", "nordlys", "--at", at)
    assert result.exit_code == 0
    assert "No server runs now" in result.output
    for part in ("office", *told):
        assert part in result.output


def test_a_company_that_is_not_there_and_a_time_that_is_none_are_refused(folder: Path) -> None:
    assert "There is no company sydlys" in run(folder, "hours", "sydlys").output
    refused = run(folder, "hours", "nordlys", "--at", "tomorrow")
    assert refused.exit_code == 2
    assert "must be a time such as 2026-12-24T10:00" in refused.output
    assert "did you mean nordlys?" in run(folder, "hours", "nordlis").output


@pytest.mark.parametrize("at", ["0001-01-01T00:00", "0001-01-01T00:00+14:00", "9999-01-01", "9999-12-31T23:59-12:00"])
def test_a_time_at_the_ends_of_the_calendar_is_refused(folder: Path, at: str) -> None:
    refused = run(folder, "hours", "nordlys", "--at", at)
    assert refused.exit_code == 2
    assert "must be of the years 1900 to 9900" in refused.output


@pytest.mark.parametrize("at", ["1900-01-01", "9900-12-31T23:59-12:00"])
def test_times_long_ago_and_far_off_are_told(folder: Path, at: str) -> None:
    assert "office" in run(folder, "hours", "nordlys", "--at", at).output


def cells(house: Company, at: datetime, changes: Changes) -> list[str]:
    return [str(next(iter(column.cells))) for column in hours_table(house, at, {"office": changes}).columns]


def test_what_the_server_knows_beside_the_file_counts() -> None:
    noon = datetime(2024, 5, 15, 12)
    by_hand = cells(HOUSE, noon, Changes("closed"))
    assert by_hand[2:] == ["closed", "switched by hand", "turned again"]
    party = ClosedTime(datetime.fromisoformat("2024-05-15T11:00+02:00").timestamp(), 1_715_777_000.0, "party")
    assert cells(HOUSE, noon, Changes(closed=(party,)))[2:4] == ["closed", "closing days: party"]


def test_the_running_server_is_asked(folder: Path) -> None:
    async def tell(arguments: dict[str, str], outbox: Outbox) -> None:
        assert arguments == {"company": "nordlys.example"}
        outbox.put({"office": Changes("open")})

    async def asked() -> Result:
        server = ControlServer(control_path(folder / "state"), {"hours": tell})
        await server.start()
        try:
            return await asyncio.to_thread(run, folder, "hours", "nordlys")
        finally:
            await server.stop()

    result = asyncio.run(asked())
    assert "switched by hand" in result.output
    assert "No server runs now" not in result.output
