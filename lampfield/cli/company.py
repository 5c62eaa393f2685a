"""`lampfield company`: import, export, passwords."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from sqlalchemy import Engine

from lampfield.cli.company_reading import read_checked_company
from lampfield.cli.database import database
from lampfield.cli.password_file import PasswordFile
from lampfield.cli.running import tell_company_changed
from lampfield.cli.server_file import ConfigOption, configuration_of
from lampfield.cli.terminal import counted, give_up, out, warn
from provisioning.accounts import PASSWORD_LENGTH, new_password
from provisioning.company_description import describe
from provisioning.company_file import write_company
from provisioning.company_import import Imported, ImportRefused, import_company, set_password
from provisioning.company_rows import load_companies
from provisioning.problems import Problems, nearest
from routing.model import Company, Person

app = typer.Typer(help="Companies: their numbers, menus, queues and people.", no_args_is_help=True)

CompanyOption = Annotated[
    str | None, typer.Option("--company", help="Id of the company, needed where there are several.", show_default=False)
]


@app.command("import")
def import_command(
    file: Annotated[Path, typer.Argument(help="The company as a TOML file.", show_default=False)],
    passwords: Annotated[
        Path | None,
        typer.Option(
            help="A TOML file with a table [passwords] of id = password, to set rather than make up.",
            show_default=False,
        ),
    ] = None,
    passwords_out: Annotated[
        Path | None,
        typer.Option(
            help="Write new passwords to this file, for your eyes only, instead of the screen.", show_default=False
        ),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Take a company into the database, in place of what was known of it.

    People who are new get an account with a password, which is told once. Importing the same file again changes
    nothing.

    Example: `lampfield company import nordlys.toml --passwords-out nordlys-passwords.toml`
    """
    configuration = configuration_of(config)
    problems = Problems()
    given = PasswordFile(passwords).read(problems) if passwords is not None else {}
    kept = PasswordFile(passwords_out) if passwords_out is not None else None
    before = kept.read_if_there(problems) if kept is not None else {}
    company = read_checked_company(file, configuration, problems)
    warn(str(file), problems.warnings)
    if problems:
        give_up(f"{file}: {counted(problems.sentences)}, nothing was imported", problems.sentences)
    if kept is not None:
        # Before the import: a password that could be written nowhere would be lost.
        _write_passwords(kept, before)
    with database(configuration) as engine:
        try:
            imported = import_company(engine, company, new_password=new_password, passwords=given)
        except ImportRefused as refused:
            give_up(f"{file}: {counted(refused.errors)}, nothing was imported", refused.errors)
    if kept is not None:
        _write_passwords(kept, before | imported.passwords)
    _tell_import(imported, kept)
    if imported.changed or imported.passwords:
        out().print(tell_company_changed(configuration), soft_wrap=True)


@app.command("export")
def export_command(
    file: Annotated[Path, typer.Argument(help="The file to write; - is standard output.")] = Path("-"),
    company: CompanyOption = None,
    config: ConfigOption = None,
) -> None:
    """Write a company as a TOML file, which `lampfield company import` takes again. Passwords are never in it.

    Example: `lampfield company export nordlys.toml`
    """
    with database(configuration_of(config)) as engine:
        text = write_company(_chosen(engine, company))
    if file == Path("-"):
        typer.echo(text, nl=False)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        give_up(f"{file} cannot be written: {error.strerror}")


@app.command("describe")
def describe_command() -> None:
    """Tell what may stand in a company file, as a page of Markdown: every key, its default and what it means.

    Example: `lampfield company describe > company-file.md`
    """
    typer.echo(describe(), nl=False)


@app.command("password")
def password_command(
    person: Annotated[str, typer.Argument(help="The person's id or extension.", show_default=False)],
    company: CompanyOption = None,
    config: ConfigOption = None,
) -> None:
    """Give a person a new password and tell it, once. Their phones must be given it too.

    Example: `lampfield company password anna`
    """
    configuration = configuration_of(config)
    with database(configuration) as engine:
        chosen = _chosen(engine, company)
        found = _person(chosen, person)
        password = new_password()
        set_password(engine, chosen, found.id, password)
    out().print(_account_table(chosen, {found.id: password}))
    out().print(tell_company_changed(configuration), soft_wrap=True)


def _write_passwords(file: PasswordFile, passwords: Mapping[str, str]) -> None:
    try:
        file.write(passwords)
    except OSError as error:
        give_up(f"{file.path} cannot be written: {error.strerror}")


def _tell_import(imported: Imported, kept: PasswordFile | None) -> None:
    company = imported.company
    console = out()
    if not imported.changed and not imported.passwords:
        console.print(f"{company.name}: nothing has changed")
        return
    people = f"{len(company.people)} people ({len(imported.added)} new, {len(imported.removed)} gone)"
    console.print(f"{company.name}: imported, {people}, domain {company.domain}", soft_wrap=True)
    if imported.passwords and kept is not None:
        console.print(f"{len(imported.passwords)} passwords are in {kept.path}", soft_wrap=True)
    elif imported.passwords:
        console.print(_account_table(company, imported.passwords))
        console.print("These passwords are told now and never again.")


def _account_table(company: Company, passwords: Mapping[str, str]) -> Table:
    table = Table("name", "extension", "user name", title=f"domain {company.domain}", title_justify="left")
    # A password that a narrow terminal cuts short is of no use to anybody.
    table.add_column("password", no_wrap=True, min_width=PASSWORD_LENGTH)
    for person, password in passwords.items():
        found = company.people[person]
        table.add_row(found.name, found.extension, found.id, password)
    return table


def _chosen(engine: Engine, named: str | None) -> Company:
    with engine.connect() as connection:
        companies = load_companies(connection)
    if not companies:
        give_up("There is no company yet. Begin with: lampfield company import FILE")
    known = ", ".join(companies)
    if named is None and len(companies) > 1:
        give_up(f"Say which one by --company: {known}")
    if named is not None and named not in companies:
        give_up(f"There is no company {named}; there are {known}")
    return companies[named or next(iter(companies))]


def _person(company: Company, named: str) -> Person:
    found = next((person for person in company.people.values() if named in (person.id, person.extension)), None)
    if found is None:
        near = nearest(named, company.people)
        hint = f"did you mean {near}?" if near else f"there are {', '.join(company.people)}"
        give_up(f"{company.name} has nobody with the id or extension {named}; {hint}")
    return found
