"""`lampfield person`: what somebody wants of calls, shown and changed while the server runs."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from lampfield.cli.choosing import CompanyArgument, company_of, person_of
from lampfield.cli.database import database
from lampfield.cli.running import ask
from lampfield.cli.server_file import ConfigOption, configuration_of
from lampfield.cli.terminal import give_up, out
from lampfield.configuration import Configuration
from routing.model import Company, Person

app = typer.Typer(help="Do not disturb, forwarding and consents of people.", no_args_is_help=True)

PersonArgument = Annotated[
    str, typer.Argument(metavar="PERSON", help="The person's id or extension.", show_default=False)
]
ON_OFF = {"on": "true", "off": "false"}


@app.command("show")
def show_command(company: CompanyArgument, person: PersonArgument, config: ConfigOption = None) -> None:
    """Show what somebody wants of calls now.

    Example: `lampfield person show nordlys anna`
    """
    _told(company, person, "api-person", {}, config)


@app.command("do-not-disturb")
def do_not_disturb_command(
    company: CompanyArgument,
    person: PersonArgument,
    turn: Annotated[str, typer.Argument(metavar="on|off", help="Whether phones shall not ring.", show_default=False)],
    config: ConfigOption = None,
) -> None:
    """Let somebody's phones ring no more, or again; keys and lamps follow.

    Example: `lampfield person do-not-disturb nordlys anna on`
    """
    if turn not in ON_OFF:
        give_up(f"{turn}: must be on or off")
    _told(company, person, "api-do-not-disturb", {"on": ON_OFF[turn]}, config)


@app.command("forward")
def forward_command(
    company: CompanyArgument,
    person: PersonArgument,
    when: Annotated[
        str, typer.Argument(help="Which calls: always, busy, no-answer or unreachable.", show_default=False)
    ],
    to: Annotated[
        str,
        typer.Argument(
            metavar="TO",
            help="An extension, an outside number as it is dialled or the mailbox code; or on or off.",
            show_default=False,
        ),
    ],
    after: Annotated[
        float | None, typer.Option(help="Seconds of ringing before, with no-answer.", show_default=False)
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Have somebody's calls forwarded, or no more.

    Examples: `lampfield person forward nordlys anna no-answer 202 --after 25`,
    `lampfield person forward nordlys anna always off`
    """
    wish = {"when": when, "on": ON_OFF.get(to, "true"), "to": "" if to in ON_OFF else to}
    if after is not None:
        wish["seconds"] = f"{after:g}"
    _told(company, person, "api-forwarding", wish, config)


@app.command("consent")
def consent_command(
    company: CompanyArgument,
    person: PersonArgument,
    purpose: Annotated[
        str, typer.Argument(help="reachability, roaming, forwarding, location or network.", show_default=False)
    ] = "",
    turn: Annotated[str, typer.Argument(metavar="on|off", help="Given, or taken back.", show_default=False)] = "",
    by: Annotated[str, typer.Option(help="Who says so; else the person.", show_default=False)] = "",
    config: ConfigOption = None,
) -> None:
    """Show what somebody has consented to, or note that a consent is given or taken back, which counts at once.

    Examples: `lampfield person consent nordlys anna`, `lampfield person consent nordlys anna location on`
    """
    if purpose and turn not in ON_OFF:
        give_up(f"{turn or 'nothing'}: must be on or off")
    configuration, found, who = _found(company, person, config)
    asked = {"company": found.id, "person": who.id}
    if purpose:
        said = {"purpose": purpose, "given": ON_OFF[turn], "by": by or who.name, "client": "lampfield person"}
        _refused(ask(configuration, "api-consent", {**asked, **said}))
    table = Table("purpose", "consent", "says", "by way of", "since", title=who.name, title_justify="left")
    for each in ask(configuration, "api-consents", asked):
        given = "given" if each["given"] else "not given"
        table.add_row(each["purpose"], given, each["by"], each["client"], _time(each["at"]))
    out().print(table)


def _time(at: float | None) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%Y-%m-%d %H:%M:%S}" if at else ""


def _told(company: str, named: str, verb: str, wish: dict[str, str], config: ConfigOption) -> None:
    configuration, found, person = _found(company, named, config)
    answer = ask(configuration, verb, {"company": found.id, "person": person.id, **wish})
    _refused(answer)
    out().print(_table(answer))


def _found(company: str, named: str, config: ConfigOption) -> tuple[Configuration, Company, Person]:
    """Whom the command is about."""
    configuration = configuration_of(config)
    with database(configuration) as engine:
        found = company_of(engine, company)
    return configuration, found, person_of(found, named)


def _refused(answer: dict[str, Any]) -> None:
    """End the command where the server has refused it."""
    if "refused" in answer:
        refused = answer["refused"]
        give_up(f"{refused['where']} = {refused['value']!r}: expected {refused['expected']}")


def _table(told: dict[str, Any]) -> Table:
    title = f"{told['name']} (extension {told['extension']}): {told['state']}"
    table = Table("wants", "is", "to", "after", title=title, title_justify="left")
    table.add_row("do not disturb", _on(told["do_not_disturb"]), "", "")
    for each in told["forwardings"]:
        after = f"{each['seconds']:g} s" if each["seconds"] is not None else ""
        table.add_row(f"forwarding, {each['when']}", _on(each["on"]), f"{each['to']} ({each['destination']})", after)
    return table


def _on(value: bool) -> str:
    return "on" if value else "off"
