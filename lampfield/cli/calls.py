"""`lampfield calls`: what calls there are and were."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from call_records.call_record import CallRecord
from call_records.finished_calls import finished_calls
from lampfield.cli.database import database
from lampfield.cli.live_calls import watch_calls
from lampfield.cli.server_file import ConfigOption, configuration_of
from lampfield.cli.since import SINCE_HELP, since
from lampfield.cli.terminal import out
from provisioning.company_rows import load_companies
from routing.model import Company


def calls(
    begin: Annotated[str | None, typer.Option("--since", help=SINCE_HELP)] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, times as UTC epoch seconds.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Show the calls in progress, kept up to date until Ctrl-C; with --since or --json the finished ones.

    Where no terminal shows them, as in a pipe, those in progress are told once.

    Of a finished call it tells who called, the way through menus and queues, the wait, who answered and how it ended;
    for that the server need not run.

    Examples: `lampfield calls`, `lampfield calls --since today`, `lampfield calls --since 2h --json`
    """
    if begin is None and not as_json:
        watch_calls(configuration_of(config))
        return
    begin = begin or "today"
    try:
        moment = since(begin, datetime.now().astimezone())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--since") from None
    with database(configuration_of(config)) as engine:
        records = sorted(finished_calls(engine, moment.timestamp()), key=lambda record: record.arrived_at)
        with engine.connect() as connection:
            companies = load_companies(connection)
    if as_json:
        for record in records:
            typer.echo(msgspec.json.encode(record))
    elif records:
        out().print(call_table(records, companies))
    else:
        out().print(f"No call has ended since {moment:%Y-%m-%d %H:%M}.")


def call_table(records: Iterable[CallRecord], companies: Mapping[str, Company]) -> Table:
    """Records as a table; `companies` by id, for the names of people."""
    table = Table()
    for heading in ("began", "caller", "dialled", "way", "waited", "answered by", "talked", "result"):
        # Numbers are folded rather than cut short.
        table.add_column(heading, overflow="fold")
    for record in records:
        company = companies.get(record.company)
        table.add_row(
            f"{datetime.fromtimestamp(record.arrived_at).astimezone():%Y-%m-%d %H:%M:%S}",
            " ".join(filter(None, (record.caller_name, record.caller_number))),
            record.dialled,
            _way(record),
            _clock(record.waited) if record.queue_visits else "",
            _answerer(record, company),
            _clock(record.talk_seconds) if record.connected_at is not None else "",
            record.cause or "",
        )
    return table


def _way(record: CallRecord) -> str:
    """The keys pressed, the queues waited in, and who had the call forwarded: `main 1, sales, anna forwards`."""
    pressed = [f"{choice.menu} {choice.key}" for choice in record.menu_choices]
    forwarded = [f"{each.person} forwards ({each.why})" for each in record.forwardings]
    return ", ".join([*pressed, *(visit.queue for visit in record.queue_visits), *forwarded])


def _answerer(record: CallRecord, company: Company | None) -> str:
    if record.connected_at is None:
        return ""
    person = company.people.get(record.connected_person or "") if company is not None else None
    return person.name if person is not None else record.connected_person or record.connected_to or ""


def _clock(duration: float) -> str:
    minutes, seconds = divmod(round(duration), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
