"""Finding the company and the person that a command is about."""

from collections.abc import Collection
from typing import Annotated, NoReturn

import typer
from sqlalchemy import Engine

from lampfield.cli.terminal import give_up
from provisioning.company_rows import load_companies
from provisioning.problems import nearest
from routing.model import Company, Person

CompanyArgument = Annotated[str, typer.Argument(metavar="COMPANY", help="Id of the company.", show_default=False)]


def company_of(engine: Engine, named: str) -> Company:
    """The company of this id; ends the command where there is none."""
    with engine.connect() as connection:
        companies = load_companies(connection)
    if not companies:
        give_up("There is no company yet. Begin with: lampfield company import FILE")
    return companies[named] if named in companies else unknown("company", named, companies)


def person_of(company: Company, named: str) -> Person:
    """The person of this id or extension; ends the command where there is none."""
    found = next((person for person in company.people.values() if named in (person.id, person.extension)), None)
    return found or unknown("person with the id or extension", named, company.people)


def unknown(what: str, named: str, known: Collection[str]) -> NoReturn:
    """End the command: what was named is not there."""
    near = nearest(named, known)
    hint = f"did you mean {near}?" if near else f"there are {', '.join(known) or 'none'}"
    give_up(f"There is no {what} {named}; {hint}")
