"""How commands name a person and show why a lamp shows what it shows."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from rich.table import Table

from lampfield.cli.terminal import give_up, out
from routing.model import Company, Person


def person_named(companies: Iterable[Company], named: str) -> tuple[Company, Person] | None:
    """Somebody by id, extension or address (`anna@nordlys.example`); ends the command where several are meant."""
    user, _, domain = named.removeprefix("sip:").partition("@")
    found = [
        (company, person)
        for company in companies
        if domain in ("", company.domain)
        for person in company.people.values()
        if user in (person.id, person.extension)
    ]
    if len(found) > 1:
        whose = ", ".join(f"{person.id}@{company.domain}" for company, person in found)
        give_up(f"{named} is somebody in several companies: {whose}")
    return found[0] if found else None


def show_lamp(name: str, told: Mapping[str, Any], now: datetime) -> None:
    """Tell a person's state, the reason, and each source with what became of it."""
    console = out()
    since = f", since {_moment(told['since'], now)}" if told["since"] else ""
    console.print(f"{name} ({told['person']}) {told['is_so']}{since}")
    console.print(f"because: {told['reason']}")
    if told["note"]:
        console.print(f"note: {told['note']}")
    if told["back_at"] is not None:
        console.print(f"back at: {_moment(told['back_at'], now)}")
    if told["forwarding"]:
        console.print(f"calls are {told['forwarding']}")
    console.print(f"watched by: {told['watched_by']} subscriptions")
    table = Table()
    for heading in ("source", "says", "since", "age", "standing"):
        table.add_column(heading, overflow="fold")
    for source in told["sources"]:
        since = _moment(source["since"], now) if source["since"] else ""
        age = duration(source["age"]) if source["since"] else ""
        table.add_row(source["name"], source["says"], since, age, source["standing"])
    console.print(table)


def duration(seconds: float) -> str:
    """Seconds in the two greatest units."""
    for unit, size, smaller, part in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit} {seconds % size // part:.0f} {smaller}"
    return f"{seconds:.0f} s"


def _moment(at: float, now: datetime) -> str:
    moment = datetime.fromtimestamp(at).astimezone()
    return f"{moment:%H:%M:%S}" if moment.date() == now.date() else f"{moment:%Y-%m-%d %H:%M:%S}"
