"""A company comes into the database whole or not at all, and comes out as it went in."""

import hashlib
from collections.abc import Callable
from itertools import count

import msgspec
import pytest
import sqlalchemy
from hypothesis import HealthCheck, given, settings
from sqlalchemy import Engine

from provisioning.accounts import load_accounts, new_password
from provisioning.company_file import write_company
from provisioning.company_import import Imported, ImportRefused, import_company, set_password
from provisioning.company_rows import load_companies
from provisioning.models import Base
from provisioning.picture import read_picture
from routing.model import Company, Destination
from tests.provisioning.companies import companies, nordlys


def counting_passwords() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"password-{next(numbers)}"


def take(engine: Engine, company: Company, **options: dict[str, str]) -> Imported:
    return import_company(engine, company, new_password=counting_passwords(), **options)


def stored(engine: Engine, company_id: str = "nordlys") -> Company:
    with engine.connect() as connection:
        return load_companies(connection, company_id)[company_id]


def row_count(engine: Engine) -> int:
    with engine.connect() as connection:
        counts = [
            connection.execute(sqlalchemy.select(sqlalchemy.func.count()).select_from(table)).scalar_one()
            for table in Base.metadata.sorted_tables
        ]
    return sum(counts)


def ha1(algorithm: str, text: str) -> str:
    return hashlib.new(algorithm, text.encode()).hexdigest()


def with_person(company: Company, person: str, **changes: object) -> Company:
    people = company.people | {person: msgspec.structs.replace(company.people[person], **changes)}
    return msgspec.structs.replace(company, people=people)


def without_person(company: Company, gone: str) -> Company:
    return msgspec.structs.replace(company, people={id: who for id, who in company.people.items() if id != gone})


def test_the_example_company_comes_out_as_it_went_in(engine: Engine) -> None:
    imported = take(engine, nordlys())
    assert imported.changed
    assert len(imported.added) == 10
    assert stored(engine) == nordlys()
    assert write_company(stored(engine)) == write_company(nordlys()), "also in its order"


@given(company=companies())
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_company_comes_out_as_it_went_in(engine: Engine, company: Company) -> None:
    company = msgspec.structs.replace(company, id="any")
    take(engine, company)
    assert stored(engine, "any") == company
    assert write_company(stored(engine, "any")) == write_company(company), "also in its order"


def test_importing_the_same_again_changes_nothing(engine: Engine) -> None:
    take(engine, nordlys())
    with engine.connect() as connection:
        accounts = load_accounts(connection)
    rows = row_count(engine)
    again = take(engine, nordlys())
    assert (again.changed, again.added, again.removed, again.passwords) == (False, (), (), {})
    with engine.connect() as connection:
        assert load_accounts(connection) == accounts
    assert row_count(engine) == rows


def test_only_another_order_is_a_change_too(engine: Engine) -> None:
    take(engine, nordlys())
    other = msgspec.structs.replace(nordlys(), people=dict(reversed(nordlys().people.items())))
    assert take(engine, other).changed
    assert list(stored(engine).people) == list(other.people)


def test_people_may_swap_their_extensions(engine: Engine) -> None:
    take(engine, nordlys())
    swapped = with_person(with_person(nordlys(), "anna", extension="202"), "bjorn", extension="201")
    take(engine, swapped)
    assert stored(engine) == swapped


def test_new_people_get_a_password_and_old_ones_keep_theirs(engine: Engine) -> None:
    first = take(engine, without_person(nordlys(), "henrik"))
    assert set(first.passwords) == nordlys().people.keys() - {"henrik"}
    second = take(engine, nordlys())
    assert (second.added, set(second.passwords)) == (("henrik",), {"henrik"})


def test_only_hashes_of_the_password_are_kept(engine: Engine) -> None:
    password = take(engine, nordlys()).passwords["anna"]
    account = read_picture(engine).directory().account("anna", "nordlys.example")
    assert account is not None
    # RFC 7616 §3.4.2: A1 = user name ":" realm ":" password
    assert account.ha1_md5 == ha1("md5", f"anna:nordlys.example:{password}")
    assert account.ha1_sha256 == ha1("sha256", f"anna:nordlys.example:{password}")
    with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            assert password not in str(connection.execute(sqlalchemy.select(table)).all())


def test_given_passwords_are_set_and_told_once(engine: Engine) -> None:
    passwords = {"anna": "correct horse", "bjorn": "battery staple"}
    first = take(engine, nordlys(), passwords=passwords)
    assert passwords.items() <= first.passwords.items()
    assert take(engine, nordlys(), passwords=passwords).passwords == {}
    changed = take(engine, nordlys(), passwords={"anna": "another one"})
    assert changed.passwords == {"anna": "another one"}
    account = read_picture(engine).directory().account("anna", "nordlys.example")
    assert account is not None
    assert account.ha1_md5 == ha1("md5", "anna:nordlys.example:another one")


def test_a_password_for_nobody_is_refused_and_nothing_imported(engine: Engine) -> None:
    with pytest.raises(ImportRefused) as refused:
        take(engine, nordlys(), passwords={"ana": "correct horse"})
    assert refused.value.errors == ["passwords.ana: unknown key, did you mean passwords.anna?"]
    assert read_picture(engine).directory().companies == {}


def test_a_person_who_is_gone_has_no_account_any_more(engine: Engine) -> None:
    take(engine, nordlys())
    imported = take(engine, without_person(nordlys(), "henrik"))
    assert imported.removed == ("henrik",)
    directory = read_picture(engine).directory()
    assert directory.account("henrik", "nordlys.example") is None
    assert directory.person("209", "nordlys.example") is None


def test_a_new_domain_makes_new_passwords_as_the_hashes_hold_the_realm(engine: Engine) -> None:
    take(engine, nordlys())
    imported = take(engine, msgspec.structs.replace(nordlys(), domain="lys.example"))
    assert len(imported.passwords) == 10
    directory = read_picture(engine).directory()
    assert directory.account("anna", "nordlys.example") is None
    assert directory.account("anna", "lys.example") is not None


def test_set_password_replaces_the_hashes(engine: Engine) -> None:
    take(engine, nordlys())
    set_password(engine, nordlys(), "anna", "correct horse")
    account = read_picture(engine).directory().account("anna", "nordlys.example")
    assert account is not None
    assert account.ha1_sha256 == ha1("sha256", "anna:nordlys.example:correct horse")


def test_generated_passwords_differ_and_can_be_typed() -> None:
    passwords = {new_password() for _ in range(100)}
    assert len(passwords) == 100
    assert all(len(password) == 20 and password.isalnum() and password == password.lower() for password in passwords)


def test_two_companies_may_not_share_a_domain_or_a_number(engine: Engine) -> None:
    take(engine, nordlys())
    with pytest.raises(ImportRefused) as refused:
        take(engine, msgspec.structs.replace(nordlys(), id="other"))
    assert refused.value.errors == [
        'company.domain = "nordlys.example": must be a domain of its own, company nordlys has it',
        'main_numbers."+4533221100": belongs to company nordlys already',
    ]
    other = msgspec.structs.replace(nordlys(), id="other", domain="other.example", main_numbers={})
    take(engine, other)
    assert stored(engine) == nordlys()
    assert stored(engine, "other") == other


def test_a_company_that_the_database_refuses_leaves_all_as_it_was(engine: Engine) -> None:
    take(engine, nordlys())
    queue = msgspec.structs.replace(nordlys().queues["sales"], members=("nobody",))
    broken = msgspec.structs.replace(nordlys(), name="Broken", queues=nordlys().queues | {"sales": queue})
    with pytest.raises(sqlalchemy.exc.IntegrityError):
        take(engine, broken)
    assert stored(engine) == nordlys()
    assert len(read_picture(engine).directory().accounts) == 10


def test_the_directory_finds_people_by_id_and_extension_and_companies_by_number(engine: Engine) -> None:
    take(engine, nordlys())
    directory = read_picture(engine).directory()
    for user in ("anna", "201"):
        found = directory.person(user, "nordlys.example")
        assert found is not None
        assert (found.person.name, found.company.id) == ("Anna Lindqvist", "nordlys")
    assert directory.person("anna", "elsewhere.example") is None
    assert directory.numbers["+4533221100"] is directory.companies["nordlys.example"]
    assert directory.companies["nordlys.example"].menus["main"].keys["9"] == Destination("message", "closed")
