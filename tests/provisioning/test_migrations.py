"""A database of an earlier version comes up to date with everything that is in it."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import sqlalchemy
from alembic import command
from sqlalchemy import Connection, Engine

from lampfield.database import migration_config, open_database, upgrade
from provisioning.accounts import account_of, load_accounts
from provisioning.company_file import write_company
from provisioning.company_rows import load_companies
from routing.model import Company, Destination, Privacy
from tests.provisioning.companies import nordlys

PASSWORD = "correct horse"


@pytest.fixture
def first_version(url: str) -> Iterator[Engine]:
    """A database with the tables of the first version."""
    engine = open_database(url)
    with engine.begin() as connection:
        config = migration_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "companies_1")
    yield engine
    engine.dispose()


def a_company() -> Company:
    """The example company, with everything in use that the first version knew and the example leaves out."""
    company = nordlys()
    anna = msgspec.structs.replace(
        company.people["anna"],
        ring_seconds=17.5,
        on_busy=Destination("queue", "support"),
        on_no_answer=Destination("hangup"),
        outside_number="+4533221101",
    )
    support = msgspec.structs.replace(
        company.queues["support"], strategy="priority", welcome_prompt=None, members=("maja", "anna")
    )
    return msgspec.structs.replace(
        company,
        outside_prefix="0",
        people=company.people | {"anna": anna},
        queues=company.queues | {"support": support},
        queue_extensions={"301": "sales"},
        privacy=Privacy(),
    )


def test_a_company_of_the_first_version_stays_what_it_is(first_version: Engine) -> None:
    account = account_of("anna", "nordlys", "nordlys.example", PASSWORD)
    with first_version.begin() as connection:
        for table, rows in rows_of_the_first_version(a_company()).items():
            insert(connection, table, rows)
        insert(
            connection,
            "accounts",
            [
                {"username": "anna", "realm": account.domain, "company_id": "nordlys", "person_id": "anna"}
                | {"ha1_md5": account.ha1_md5, "ha1_sha256": account.ha1_sha256}
            ],
        )
    upgrade(first_version)
    with first_version.connect() as connection:
        assert load_companies(connection) == {"nordlys": a_company()}
        assert write_company(load_companies(connection)["nordlys"]) == write_company(a_company()), "also in its order"
        assert load_accounts(connection) == [account]


def test_an_empty_database_of_the_first_version_stays_empty(first_version: Engine) -> None:
    upgrade(first_version)
    with first_version.connect() as connection:
        assert load_companies(connection) == {}


def insert(connection: Connection, table: str, rows: list[dict[str, Any]]) -> None:
    there = sqlalchemy.Table(table, sqlalchemy.MetaData(), autoload_with=connection)
    connection.execute(sqlalchemy.insert(there), rows)


def rows_of_the_first_version(company: Company) -> dict[str, list[dict[str, Any]]]:
    """The rows that the first version kept: each setting a column, destinations in their written form."""
    extensions = {name: number for number, name in (company.menu_extensions | company.queue_extensions).items()}
    rows: dict[str, list[dict[str, Any]]] = {
        "companies": [columns(company, "id name domain country time_zone language outside_prefix")],
        "people": [
            columns(person, "id name extension ring_seconds on_busy on_no_answer outside_number")
            for person in company.people.values()
        ],
        "opening_hours": [columns(hours, "name time_zone") for hours in company.hours.values()],
        "main_numbers": [
            columns(number, "number open closed hours greeting") for number in company.main_numbers.values()
        ],
        "menus": [
            columns(
                menu, "name prompt silence_seconds silence_prompt invalid_prompt attempts operator timeout_destination"
            )
            | {"extension": extensions.get(menu.name)}
            for menu in company.menus.values()
        ],
        "queues": [
            columns(
                queue,
                "name strategy ring_seconds wrap_up_seconds max_waiting max_wait_seconds position_every_seconds music"
                " welcome_prompt on_full on_no_members on_timeout",
            )
            | {"extension": extensions.get(queue.name)}
            for queue in company.queues.values()
        ],
        "menu_keys": [
            {"menu": menu.name, "key": key, "destination": str(destination)}
            for menu in company.menus.values()
            for key, destination in menu.keys.items()
        ],
        "queue_members": [
            {"queue": queue.name, "person_id": member} for queue in company.queues.values() for member in queue.members
        ],
    }
    placed = {
        table: [row | {"company_id": company.id, "place": place} for place, row in enumerate(several)]
        for table, several in rows.items()
        if table != "companies"
    }
    periods = [
        {"company_id": company.id, "hours": hours.name, "weekday": weekday}
        | {"start_minute": period.start, "end_minute": period.end}
        for hours in company.hours.values()
        for weekday, day in enumerate(hours.week)
        for period in day
    ]
    return {"companies": rows["companies"]} | placed | {"open_periods": periods}


def columns(struct: msgspec.Struct, names: str) -> dict[str, Any]:
    values = {name: getattr(struct, name) for name in names.split()}
    return {name: str(value) if isinstance(value, Destination) else value for name, value in values.items()}
