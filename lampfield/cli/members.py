"""`lampfield members`: who takes part in queues, and who decided so."""

import getpass
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from call_records.event_log import member_events_of
from call_records.member_story import MemberLine, member_story
from lampfield.cli.choosing import CompanyArgument, company_of, person_of
from lampfield.cli.database import database
from lampfield.cli.running import ask
from lampfield.cli.server_file import ConfigOption, configuration_of
from lampfield.cli.since import SINCE_HELP, since
from lampfield.cli.terminal import give_up, out
from lampfield.configuration import Configuration
from routing.model import Company, is_outside

app = typer.Typer(help="Members of queues: who takes part, who pauses, and who decided so.", no_args_is_help=True)

QueueArgument = Annotated[str, typer.Argument(metavar="QUEUE", help="Name of the queue.", show_default=False)]
MemberArgument = Annotated[
    str,
    typer.Argument(metavar="MEMBER", help="Id or extension of a person, or an outside number.", show_default=False),
]


@app.command("list")
def list_command(company: CompanyArgument, queue: QueueArgument, config: ConfigOption = None) -> None:
    """Show the members of a queue as they are now.

    Example: `lampfield members list nordlys sales`
    """
    configuration = configuration_of(config)
    found = _company(configuration, company)
    told = _asked(configuration, "api-queue", {"company": found.id, "queue": queue})
    table = Table("member", "state", "since", "until", "active", "pause")
    for member in told["members"]:
        table.add_row(
            member["name"],
            member["state"],
            _time(member["since"]),
            _time(member["until"]),
            "yes" if member["active"] else "no",
            member["pause_reason"] or ("paused" if member["paused_since"] is not None else ""),
        )
    out().print(table)


@app.command("activate")
def activate_command(
    company: CompanyArgument, queue: QueueArgument, member: MemberArgument, config: ConfigOption = None
) -> None:
    """Let a member be offered callers again.

    Example: `lampfield members activate nordlys sales anna`
    """
    _change(company, queue, member, "activate", config)


@app.command("deactivate")
def deactivate_command(
    company: CompanyArgument, queue: QueueArgument, member: MemberArgument, config: ConfigOption = None
) -> None:
    """Offer a member no callers until activated again, whatever restarts; a call that rings already goes on ringing.

    Example: `lampfield members deactivate nordlys sales anna`
    """
    _change(company, queue, member, "deactivate", config)


@app.command("pause")
def pause_command(
    company: CompanyArgument,
    queue: QueueArgument,
    member: MemberArgument,
    reason: Annotated[str, typer.Option(help="One of the company's pause_reasons.")] = "",
    config: ConfigOption = None,
) -> None:
    """Offer a member no callers for a while.

    Example: `lampfield members pause nordlys sales anna --reason lunch`
    """
    _change(company, queue, member, "pause", config, reason)


@app.command("resume")
def resume_command(
    company: CompanyArgument, queue: QueueArgument, member: MemberArgument, config: ConfigOption = None
) -> None:
    """End a member's pause.

    Example: `lampfield members resume nordlys sales anna`
    """
    _change(company, queue, member, "resume", config)


@app.command("history")
def history_command(
    company: CompanyArgument,
    begin: Annotated[str, typer.Option("--since", help=SINCE_HELP)] = "today",
    member: Annotated[str | None, typer.Option(help="Only this member.", show_default=False)] = None,
    config: ConfigOption = None,
) -> None:
    """Tell what happened to members, and who decided it. The server need not run.

    Examples: `lampfield members history nordlys`, `lampfield members history nordlys --since 7d --member anna`
    """
    try:
        moment = since(begin, datetime.now().astimezone())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--since") from None
    with database(configuration_of(config)) as engine:
        found = company_of(engine, company)
        events = member_events_of(engine, found.id, since=moment.timestamp())
    wanted = _member(found, member) if member is not None else None
    lines = [line for line in member_story(events, _names(found)) if wanted in (None, line.member)]
    if lines:
        out().print(history_table(lines, found))
    else:
        out().print(f"Nothing has happened since {moment:%Y-%m-%d %H:%M}.")


def history_table(lines: Iterable[MemberLine], company: Company) -> Table:
    """What happened to members, one line each."""
    table, names = Table("at", "queue", "member", "what"), _names(company)
    for line in lines:
        table.add_row(_time(line.at), line.queue, names.get(line.member, line.member), line.text)
    return table


def _names(company: Company) -> dict[str, str]:
    return {person.id: person.name for person in company.people.values()}


def _change(company: str, queue: str, named: str, do: str, config: ConfigOption, reason: str = "") -> None:
    configuration = configuration_of(config)
    found = _company(configuration, company)
    member = _member(found, named)
    wish = {"company": found.id, "queue": queue, "member": member, "do": do, "reason": reason}
    told = _asked(configuration, "api-member", wish | {"way": "command", "by": getpass.getuser()})
    out().print(f"{told['name']} in {queue}: {told['state']}")


def _asked(configuration: Configuration, verb: str, arguments: dict[str, str]) -> Any:
    answer = ask(configuration, verb, arguments)
    if "refused" in answer:
        refused = answer["refused"]
        give_up(f"{refused['where']} = {refused['value']!r}: expected {refused['expected']}")
    return answer


def _company(configuration: Configuration, named: str) -> Company:
    with database(configuration) as engine:
        return company_of(engine, named)


def _member(company: Company, named: str) -> str:
    """The id of a person by id or extension, or an outside number as it is; ends the command for nobody."""
    return named if is_outside(named) else person_of(company, named).id


def _time(at: float | None) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M:%S}" if at else ""
