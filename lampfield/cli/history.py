"""`lampfield history`: what a person's lamp has shown."""

from datetime import datetime
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from call_records.logged_event import StateLogged
from call_records.person_history import states_of
from lampfield.cli.database import database
from lampfield.cli.lamp import duration, person_named
from lampfield.cli.server_file import ConfigOption, configuration_of
from lampfield.cli.since import SINCE_HELP, since
from lampfield.cli.terminal import give_up, out
from provisioning.company_rows import load_companies


def history(
    person: Annotated[
        str, typer.Argument(help="Id or extension, with @domain where several are meant.", show_default=False)
    ],
    begin: Annotated[str, typer.Option("--since", help=SINCE_HELP)] = "today",
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, times as UTC epoch seconds.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Show what a person's lamp has shown, and why: one line for each state.

    How far back it reaches is the company's setting `statuses.history_days`. The server need not run.

    Examples: `lampfield history anna`, `lampfield history 209@nordlys.example --since 7d`
    """
    now = datetime.now().astimezone()
    try:
        moment = since(begin, now)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--since") from None
    with database(configuration_of(config)) as engine:
        with engine.connect() as connection:
            companies = load_companies(connection)
        found = person_named(companies.values(), person)
        if found is None:
            give_up(f"There is nobody with the id or extension {person}")
        company, somebody = found
        states = states_of(engine, company.domain, somebody.id, moment.timestamp())
    if as_json:
        for state in states:
            typer.echo(msgspec.json.encode(state))
    elif states:
        out().print(_table(states, now.timestamp()))
    else:
        out().print(f"Nothing is on record of {somebody.name} since {moment:%Y-%m-%d %H:%M}.")


def _table(states: list[StateLogged], now: float) -> Table:
    table = Table()
    for heading in ("from", "for", "state", "because", "note"):
        table.add_column(heading, overflow="fold")
    ends = [*(state.at for state in states[1:]), now]
    for state, end in zip(states, ends, strict=True):
        moment = datetime.fromtimestamp(state.at).astimezone()
        table.add_row(
            f"{moment:%Y-%m-%d %H:%M:%S}", duration(max(0.0, end - state.at)), state.condition, state.reason, state.note
        )
    return table
