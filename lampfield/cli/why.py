"""`lampfield why`: why a call went where it went."""

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from call_records.event_log import events_of, last_call
from call_records.why import WhyLine, why
from lampfield.cli.database import database
from lampfield.cli.server_file import ConfigOption, configuration_of
from lampfield.cli.terminal import give_up, out
from provisioning.company_rows import load_companies


def why_command(
    call: Annotated[str | None, typer.Argument(help="Id of the call, as the log and --json tell it.")] = None,
    last: Annotated[bool, typer.Option("--last", help="The call that arrived last.")] = False,
    config: ConfigOption = None,
) -> None:
    """Tell in plain words why a call went where it went: where it was led, who was offered it, how each offer ended.

    The server need not run; of a call in progress it tells what has happened until now.

    Examples: `lampfield why --last`, `lampfield why 6f1c09d2a4b7`
    """
    if last == (call is not None):
        raise typer.BadParameter("name a call, or say --last", param_hint="CALL")
    with database(configuration_of(config)) as engine:
        found = last_call(engine) if call is None else call
        events = events_of(engine, found) if found is not None else []
        if not events:
            give_up("There is no call yet" if found is None else f"There is no call {found} on record")
        with engine.connect() as connection:
            companies = load_companies(connection)
    names = {person.id: person.name for company in companies.values() for person in company.people.values()}
    out().print(f"call {found}", markup=False)
    out().print(_table(why(events, names)))


def _table(lines: list[WhyLine]) -> Table:
    table = Table.grid("", "", "", padding=(0, 2))
    table.columns[1].justify = "right"
    for line in lines:
        moment = datetime.fromtimestamp(line.at).astimezone()
        table.add_row(f"{moment:%Y-%m-%d %H:%M:%S}", f"+{line.after:.1f} s", line.text)
    return table
