"""`lampfield why`: why a call went where it went, and why a person's lamp shows what it shows."""

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy import Engine

from call_records.event_log import events_of, last_call, member_events_of
from call_records.member_story import MemberLine, member_story
from call_records.why import WhyLine, why
from lampfield.cli.database import database
from lampfield.cli.lamp import person_named, show_lamp
from lampfield.cli.members import history_table
from lampfield.cli.running import ask
from lampfield.cli.server_file import ConfigOption, configuration_of
from lampfield.cli.since import since
from lampfield.cli.terminal import give_up, out
from provisioning.company_rows import load_companies
from routing.model import Company, Person
from routing.queue.events import MembershipEvent


def why_command(
    named: Annotated[
        str | None,
        typer.Argument(
            metavar="CALL|PERSON",
            help="Id of a call, as the log and --json tell it; or somebody's id, extension or address.",
        ),
    ] = None,
    last: Annotated[bool, typer.Option("--last", help="The call that arrived last.")] = False,
    config: ConfigOption = None,
) -> None:
    """Tell in plain words why a call went where it went: where it was led, who was offered it, how each offer ended.

    Of a person: what their lamp shows now, each source with its age and what it says, and why the winner won; and what
    was decided today about their part in queues, and by whom. That asks the running server; of calls also one that does
    not run tells what is on record.

    Examples: `lampfield why --last`, `lampfield why 6f1c09d2a4b7`, `lampfield why anna`
    """
    if last == (named is not None):
        raise typer.BadParameter("name a call or a person, or say --last", param_hint="CALL|PERSON")
    configuration = configuration_of(config)
    with database(configuration) as engine:
        with engine.connect() as connection:
            companies = load_companies(connection)
        somebody = person_named(companies.values(), named) if named is not None else None
        if somebody is not None:
            lines = _decided_today(engine, *somebody)
        else:
            found = last_call(engine) if named is None else named
            events = events_of(engine, found) if found is not None else []
    if somebody is not None:
        company, person = somebody
        told = ask(configuration, "why", {"person": f"sip:{person.id}@{company.domain}"})
        show_lamp(person.name, told, datetime.now().astimezone())
        if lines:
            out().print(history_table(lines, company))
        return
    if not events:
        give_up("There is no call yet" if found is None else f"There is no call and nobody {found} on record")
    names = {person.id: person.name for company in companies.values() for person in company.people.values()}
    out().print(f"call {found}")
    out().print(_table(why(events, names)))


def _decided_today(engine: Engine, company: Company, person: Person) -> list[MemberLine]:
    """What was decided today about the person's part in queues."""
    events = member_events_of(engine, company.id, since=since("today", datetime.now().astimezone()).timestamp())
    names = {each.id: each.name for each in company.people.values()}
    own = [event for event in events if event.member == person.id and isinstance(event, MembershipEvent)]
    return member_story(own, names)


def _table(lines: list[WhyLine]) -> Table:
    table = Table.grid("", "", "", padding=(0, 2))
    table.columns[1].justify = "right"
    for line in lines:
        moment = datetime.fromtimestamp(line.at).astimezone()
        table.add_row(f"{moment:%Y-%m-%d %H:%M:%S}", f"+{line.after:.1f} s", line.text)
    return table
