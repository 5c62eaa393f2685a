"""Digest accounts of people: only hashes are kept, so that nobody can read a password out of the database."""

import hashlib
import secrets
from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, delete, insert, select

from provisioning.models import AccountRow

PASSWORD_LENGTH = 20
"""Of generated passwords: letters and digits that cannot be mistaken for each other, about 100 bits."""

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class Account(msgspec.Struct, frozen=True):
    """A person's digest account. The user name is the person's id and the realm the company's domain."""

    username: str
    domain: str
    company: str
    """Id of the company."""
    person: str
    """Id of the person."""
    ha1_md5: str
    ha1_sha256: str
    """H(username:realm:password) in lower-case hex (RFC 7616 §3.4.2)."""


def account_of(person: str, company: str, domain: str, password: str) -> Account:
    """A person's account with this password."""
    secret = f"{person}:{domain}:{password}".encode()
    md5 = hashlib.md5(secret, usedforsecurity=False).hexdigest()
    return Account(person, domain, company, person, md5, hashlib.sha256(secret).hexdigest())


def new_password() -> str:
    """A password nobody can guess."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(PASSWORD_LENGTH))


def load_accounts(connection: Connection, company_id: str | None = None) -> list[Account]:
    """All accounts, or those of one company."""
    query = select(*AccountRow.__table__.c).order_by(AccountRow.realm, AccountRow.username)
    if company_id is not None:
        query = query.where(AccountRow.company_id == company_id)
    return [_account(row) for row in connection.execute(query).mappings()]


def save_accounts(connection: Connection, accounts: Iterable[Account]) -> None:
    """Add accounts or put them in place of those of the same people."""
    for account in accounts:
        delete_accounts(connection, account.company, [account.person])
        connection.execute(insert(AccountRow), _row(account))


def delete_accounts(connection: Connection, company_id: str, people: Iterable[str]) -> None:
    for person in people:
        connection.execute(
            delete(AccountRow).where(AccountRow.company_id == company_id, AccountRow.person_id == person)
        )


def _account(row: RowMapping) -> Account:
    return Account(
        row["username"], row["realm"], row["company_id"], row["person_id"], row["ha1_md5"], row["ha1_sha256"]
    )


def _row(account: Account) -> dict[str, Any]:
    return {
        "username": account.username,
        "realm": account.domain,
        "company_id": account.company,
        "person_id": account.person,
        "ha1_md5": account.ha1_md5,
        "ha1_sha256": account.ha1_sha256,
    }
