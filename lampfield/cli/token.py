"""`lampfield token`: who may use the API."""

import time
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from lampfield.cli.choosing import CompanyArgument, company_of, unknown
from lampfield.cli.database import database
from lampfield.cli.server_file import ConfigOption, configuration_of
from lampfield.cli.terminal import give_up, out
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

    Example: `lampfield token add nordlys sms-gateway --scope members`
    """
    for named in scope:
        if named not in SCOPES:
            give_up(f"--scope {named}: must be one of {', '.join(SCOPES)}")
    with database(configuration_of(config)) as engine:
        client = Client(company_of(engine, company).id, name, known_scopes(scope), time.time())
        token = new_token()
        with engine.begin() as connection:
            add_token(connection, client, token)
    out().print(f"{token}\nis the token of {name}, told now and never again.", markup=False, soft_wrap=True)


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
        out().print("No tokens yet. Begin with: lampfield token add COMPANY NAME --scope SCOPE", markup=False)
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
    out().print(f"The token of {name} is not valid any more", markup=False)
