"""`lampfield missed`: the callers whom a queue has missed."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from call_records.missed_calls import MissedCall, missed_calls
from lampfield.cli.choosing import CompanyArgument, company_of, unknown
from lampfield.cli.database import database
from lampfield.cli.server_file import ConfigOption, configuration_of
from lampfield.cli.since import SINCE_HELP, since
from lampfield.cli.terminal import out
from routing.model import Company


def missed(
    company: CompanyArgument,
    queue: Annotated[str, typer.Argument(help="Name of the queue.", show_default=False)],
    begin: Annotated[str, typer.Option("--since", help=SINCE_HELP)] = "7d",
    handled: Annotated[bool, typer.Option("--all", help="Also those that are handled.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, times as UTC epoch seconds.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Show the callers whom a queue has missed, one line each, and what was done about them.

    `new`: nobody has called back. `tried`: somebody has, and it was not answered. `handled`: somebody has spoken to
    them since, or has marked it so. Who was answered in the end, by whomever, is not in the list.

    Examples: `lampfield missed nordlys sales`, `lampfield missed nordlys sales --since today --all`
    """
    try:
        moment = since(begin, datetime.now().astimezone())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--since") from None
    with database(configuration_of(config)) as engine:
        found = company_of(engine, company)
        if queue not in found.queues:
            unknown(f"queue in {company} of the name", queue, found.queues)
        entries = missed_calls(engine, found, queue, moment.timestamp())
    shown = [entry for entry in entries if handled or entry.state != "handled"]
    if as_json:
        for entry in shown:
            typer.echo(msgspec.json.encode(entry))
    elif shown:
        out().print(missed_table(shown, found))
    else:
        out().print(f"{queue} has missed nobody since {moment:%Y-%m-%d %H:%M}.")


def missed_table(entries: Iterable[MissedCall], company: Company) -> Table:
    """The list as a table."""
    table = Table()
    for heading in ("last call", "caller", "calls", "waited", "left", "state", "by"):
        table.add_column(heading, overflow="fold")
    for entry in entries:
        person = company.people.get(entry.by)
        table.add_row(
            f"{datetime.fromtimestamp(entry.last_at).astimezone():%Y-%m-%d %H:%M:%S}",
            " ".join(filter(None, (entry.name, entry.number))),
            str(entry.count),
            f"{entry.waited:.0f} s",
            entry.outcome,
            entry.state,
            person.name if person is not None else entry.by,
        )
    return table
