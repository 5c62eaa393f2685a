"""`lampfield token`: who may use the API."""

import time
from datetime import datetime
from typing import Annotated

import msgspec
import typer
from rich.table import Table

from lampfield.cli.choosing import CompanyArgument, company_of, unknown
from lampfield.cli.database import database
from lampfield.cli.server_file import ConfigOption, configuration_of
from lampfield.cli.since import SINCE_HELP, since
from lampfield.cli.terminal import give_up, out
from provisioning.accesses import load_accesses
from provisioning.tokens import SCOPES, Client, add_token, known_scopes, load_clients, new_token, revoke_token

app = typer.Typer(help="Tokens of programs that use the API.", no_args_is_help=True)

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="What the program is called, such as sms-gateway.", show_default=False)
]


@app.command("add")
def add_command(
    company: CompanyArgument,
    name: NameArgument,
    scope: Annotated[
        list[str], typer.Option(help=f"What it may do: {', '.join(SCOPES)}; any number.", show_default=False)
    ],
    config: ConfigOption = None,
) -> None:
    """Make a token for a program and tell it, once. The one that the program had is not valid any more.

    Example: `lampfield token add nordlys sms-gateway --scope texts`
    """
    for named in scope:
        if named not in SCOPES:
            give_up(f"--scope {named}: must be one of {', '.join(SCOPES)}")
    with database(configuration_of(config)) as engine:
        client = Client(company_of(engine, company).id, name, known_scopes(scope), time.time())
        token = new_token()
        with engine.begin() as connection:
            add_token(connection, client, token)
    out().print(f"{token}\nis the token of {name}, told now and never again.", soft_wrap=True)


@app.command("list")
def list_command(company: CompanyArgument, config: ConfigOption = None) -> None:
    """Show which programs have a token, and what each may do.

    Example: `lampfield token list nordlys`
    """
    with database(configuration_of(config)) as engine:
        chosen = company_of(engine, company)
        with engine.connect() as connection:
            clients = load_clients(connection, chosen.id)
    if not clients:
        out().print("No tokens yet. Begin with: lampfield token add COMPANY NAME --scope SCOPE")
        return
    table = Table("name", "may do", "made")
    for client in clients:
        made = datetime.fromtimestamp(client.made_at).astimezone()
        table.add_row(client.name, ", ".join(client.scopes), f"{made:%Y-%m-%d %H:%M}")
    out().print(table)


@app.command("revoke")
def revoke_command(company: CompanyArgument, name: NameArgument, config: ConfigOption = None) -> None:
    """Let a program in no more, from its next request on.

    Example: `lampfield token revoke nordlys sms-gateway`
    """
    with database(configuration_of(config)) as engine:
        chosen = company_of(engine, company)
        with engine.begin() as connection:
            known = [client.name for client in load_clients(connection, chosen.id)]
            if not revoke_token(connection, chosen.id, name):
                unknown("token of", name, known)
    out().print(f"The token of {name} is not valid any more")


@app.command("accesses")
def accesses_command(
    company: CompanyArgument,
    client: Annotated[str, typer.Option(help="Of this program alone.", show_default=False)] = "",
    begin: Annotated[str, typer.Option("--since", help=SINCE_HELP)] = "today",
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, times as UTC epoch seconds.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Show what programs have asked for; a look-up of where somebody is always stands by itself.

    Example: `lampfield token accesses nordlys --client crm --since 2h`
    """
    try:
        moment = since(begin, datetime.now().astimezone())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--since") from None
    with database(configuration_of(config)) as engine:
        chosen = company_of(engine, company)
        with engine.connect() as connection:
            accesses = load_accesses(connection, chosen.id, moment.timestamp(), client)
    if as_json:
        for access in accesses:
            typer.echo(msgspec.json.encode(access))
        return
    table = Table("at", "program", "asked", "answered", "times")
    for access in accesses:
        at = datetime.fromtimestamp(access.at).astimezone()
        asked = f"{access.method} {access.path}"
        table.add_row(f"{at:%Y-%m-%d %H:%M:%S}", access.client, asked, str(access.status), str(access.times))
    out().print(table if accesses else f"Nothing was asked since {moment:%Y-%m-%d %H:%M}.")
