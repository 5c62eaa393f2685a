"""Taking a company into the database: whole or not at all, as often as one likes."""

from collections.abc import Callable, Mapping

import msgspec
from sqlalchemy import Connection, Engine

from provisioning.accounts import Account, account_of, delete_accounts, load_accounts, save_accounts
from provisioning.company_rows import load_companies, replace_company
from provisioning.pins import keep_pins
from provisioning.problems import Problems, joined
from routing.model import Company


class Imported(msgspec.Struct, frozen=True):
    """What an import did."""

    company: Company
    changed: bool
    """False when the company was there just so."""
    added: tuple[str, ...]
    """Ids of people who were not there before."""
    removed: tuple[str, ...]
    passwords: dict[str, str]
    """Passwords set now, by id of the person: told once, never kept."""


class ImportRefused(Exception):
    """The company cannot stand beside what the database holds; `errors` says why."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = errors


def import_company(
    engine: Engine, company: Company, *, new_password: Callable[[], str], passwords: Mapping[str, str] | None = None
) -> Imported:
    """Put a checked company in place of what the database knew of it.

    Whoever has no account gets one; `passwords` (by id of the person) are set, also where an account is there.
    Raises ImportRefused, and sqlalchemy.exc.SQLAlchemyError when the database is away; then nothing has changed.
    """
    given = dict(passwords or {})
    with engine.begin() as connection:
        companies = load_companies(connection)
        _refuse_conflicts(company, companies, given)
        before = companies.get(company.id)
        # As JSON, for another order is a change too, and comparing dicts overlooks it.
        changed = msgspec.json.encode(before) != msgspec.json.encode(company)
        if changed:
            replace_company(connection, company)
            keep_pins(connection, company.id, [*company.people, *company.boxes])
        told = _renew_accounts(connection, company, given, new_password)
    known = before.people if before is not None else {}
    return Imported(
        company=company,
        changed=changed,
        added=tuple(person for person in company.people if person not in known),
        removed=tuple(person for person in known if person not in company.people),
        passwords=told,
    )


def set_password(engine: Engine, company: Company, person: str, password: str) -> None:
    """Give a person's account a new password; phones must log in with it from their next registration on."""
    with engine.begin() as connection:
        save_accounts(connection, [account_of(person, company.id, company.domain, password)])


def _renew_accounts(
    connection: Connection, company: Company, given: Mapping[str, str], new_password: Callable[[], str]
) -> dict[str, str]:
    accounts = {account.person: account for account in load_accounts(connection, company.id)}
    delete_accounts(connection, company.id, accounts.keys() - company.people.keys())
    told = {}
    for person in company.people:
        account = accounts.get(person)
        password = given.get(person)
        # The hashes hold the realm: after a change of domain no phone could log in with the old ones.
        if password is None and (account is None or account.domain != company.domain):
            password = new_password()
        if password is not None and not _opens(account, company, password):
            save_accounts(connection, [account_of(person, company.id, company.domain, password)])
            told[person] = password
    return told


def _opens(account: Account | None, company: Company, password: str) -> bool:
    return account is not None and account == account_of(account.person, company.id, company.domain, password)


def _refuse_conflicts(company: Company, companies: Mapping[str, Company], passwords: Mapping[str, str]) -> None:
    problems = Problems()
    for other in companies.values():
        if other.id == company.id:
            continue
        if other.domain == company.domain:
            problems.add("company.domain", company.domain, f"a domain of its own, company {other.id} has it")
        for number in company.main_numbers:
            if number in other.main_numbers:
                problems.sentences.append(f"{joined('main_numbers', number)}: belongs to company {other.id} already")
    for person in passwords:
        if person not in company.people:
            problems.unknown(f"passwords.{person}", company.people)
    if problems:
        raise ImportRefused(problems.sentences)
