"""Everything that signalling looks up of companies, people and accounts, read once into memory."""

from collections.abc import Iterable, Mapping

import msgspec
from sqlalchemy import Engine

from provisioning.accounts import Account, load_accounts
from provisioning.company_rows import load_companies
from routing.model import Company, Person


class Found(msgspec.Struct, frozen=True):
    """A person and the company they belong to."""

    company: Company
    person: Person


class Directory(msgspec.Struct, frozen=True):
    """A frozen picture of the database; load another one to see changes."""

    companies: Mapping[str, Company]
    """By domain."""
    accounts: Mapping[tuple[str, str], Account]
    """By user name and realm."""
    people: Mapping[str, Found]
    """By AOR: both `sip:<id>@domain` and `sip:<extension>@domain`."""
    numbers: Mapping[str, Company]
    """By main number in E.164 form."""

    def account(self, username: str, realm: str) -> Account | None:
        return self.accounts.get((username, realm))

    def person(self, user: str, domain: str) -> Found | None:
        """The person of this id or extension."""
        return self.people.get(f"sip:{user}@{domain}")


def load_directory(engine: Engine) -> Directory:
    """The directory as the database has it now. Raises sqlalchemy.exc.SQLAlchemyError when the database is away."""
    with engine.connect() as connection:
        companies = load_companies(connection).values()
        accounts = load_accounts(connection)
    return directory_of(companies, accounts)


def directory_of(companies: Iterable[Company], accounts: Iterable[Account]) -> Directory:
    """The directory of these companies and accounts."""
    companies = list(companies)
    return Directory(
        companies={company.domain: company for company in companies},
        accounts={(account.username, account.domain): account for account in accounts},
        people={
            f"sip:{user}@{company.domain}": Found(company, person)
            for company in companies
            for person in company.people.values()
            for user in (person.extension, person.id)
        },
        numbers={number: company for company in companies for number in company.main_numbers},
    )
