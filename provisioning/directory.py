"""Everything that signalling looks up of companies, people and accounts, read once into memory."""

from collections.abc import Iterable, Mapping

import msgspec

from provisioning.accounts import Account
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
