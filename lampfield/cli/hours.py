"""`lampfield hours`: open or closed, why, and until when."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import typer
from rich.table import Table

from lampfield.cli.choosing import CompanyArgument, company_of
from lampfield.cli.database import database
from lampfield.cli.server_file import ConfigOption, configuration_of
from lampfield.cli.terminal import out
from lampfield.configuration import Configuration
from lampfield.control_socket import first_answer
from lampfield.supervisor import control_path
from routing.hours import BY_FILE, Changes, next_change, situation
from routing.model import Company, OpeningHours

_SHOWN = "%a %Y-%m-%d %H:%M"
_YEARS = range(1900, 9901)
"""Of which may be asked: what is looked up around a time has to be a date too."""


def hours(
    company: CompanyArgument,
    at: Annotated[
        str | None, typer.Option(help="A time such as 2026-12-24T10:00, by the clock of the hours; else now.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Show of each of a company's opening hours whether it is open, why, and when that changes.

    What the running server knows beside the company's file counts too: the manual switch and the feed of closing days.

    Examples: `lampfield hours nordlys`, `lampfield hours nordlys --at 2026-12-24T10:00`
    """
    configuration = configuration_of(config)
    moment = _moment(at)
    with database(configuration) as engine:
        found = company_of(engine, company)
    if not found.hours:
        out().print(f"{found.name} has no opening hours: it is always open")
        return
    changes = _asked(configuration, found)
    if changes is None:
        out().print("No server runs now: switches and feeds of closing days are left out.")
    out().print(hours_table(found, moment, changes or {}))


def hours_table(company: Company, moment: datetime, changes: Mapping[str, Changes]) -> Table:
    """One line for each of the company's hours; a moment without a time zone is meant on the clock of each."""
    table = Table("hours", "at", "is", "why", "until", title=company.name, title_justify="left")
    for name, each in company.hours.items():
        instant = _instant(moment, each)
        changed = changes.get(name, BY_FILE)
        now = situation(each, instant, changed)
        until = next_change(each, instant, changed)
        table.add_row(
            name,
            _shown(instant, each),
            "open" if now.open else "closed",
            now.why,
            _shown(until, each) if until is not None else "turned again" if changed.switch != "calendar" else "always",
        )
    return table


def _moment(at: str | None) -> datetime:
    if at is None:
        return datetime.now().astimezone()
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise typer.BadParameter("must be a time such as 2026-12-24T10:00", param_hint="--at") from None
    if moment.year not in _YEARS:
        raise typer.BadParameter(f"must be of the years {_YEARS[0]} to {_YEARS[-1]}", param_hint="--at")
    return moment


def _instant(moment: datetime, hours: OpeningHours) -> float:
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(hours.time_zone))).timestamp()


def _shown(instant: float, hours: OpeningHours) -> str:
    return datetime.fromtimestamp(instant, ZoneInfo(hours.time_zone)).strftime(_SHOWN)


def _asked(configuration: Configuration, company: Company) -> dict[str, Changes] | None:
    """What the running server says; None where none runs."""

    async def ask() -> object:
        async with asyncio.timeout(10):
            return await first_answer(control_path(configuration.state_directory), "hours", {"company": company.domain})

    try:
        return msgspec.convert(asyncio.run(ask()), dict[str, Changes])
    except OSError:
        return None
