"""Tokens of programs that use the API: made up here, told once, kept as SHA-256 hashes.

A token has 256 bits of chance, so a hash that is quick to compute gives nothing away.
"""

import hashlib
import secrets
from collections.abc import Collection
from typing import Any, Literal, get_args

import msgspec
from sqlalchemy import JSON, Connection, Double, ForeignKey, delete, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from provisioning.models import Base
from provisioning.standing_requests import drop_requests_of

Scope = Literal[
    "members",
    "texts",
    "queues",
    "missed",
    "voicemail",
    "sounds",
    "hours",
    "people",
    "pins",
    "adapters",
    "states",
    "reasons",
    "forwarding",
    "mobile",
    "location",
    "consent",
]
SCOPES: tuple[Scope, ...] = get_args(Scope)
PREFIX = "lf_"
"""By which a token is known for one, where it has got into a place that it should not be in."""


class TokenRow(Base):
    """A client of the API. An import of the company file leaves it alone."""

    __tablename__ = "api_tokens"

    company_id: Mapped[str] = mapped_column(
        ForeignKey("companies.id", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    name: Mapped[str] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    made_at: Mapped[float] = mapped_column(Double)


class Client(msgspec.Struct, frozen=True):
    """A program that may use the API for one company."""

    company: str
    """Id of the company."""
    name: str
    scopes: tuple[Scope, ...]
    made_at: float
    """UTC epoch seconds."""


def new_token() -> str:
    """A token nobody can guess."""
    return PREFIX + secrets.token_urlsafe(32)


def add_token(connection: Connection, client: Client, token: str) -> None:
    """Let a client in with this token, in place of the one that it had."""
    _drop_token(connection, client.company, client.name)
    row = {
        "company_id": client.company,
        "name": client.name,
        "hash": _hashed(token),
        "scopes": list(client.scopes),
        "made_at": client.made_at,
    }
    connection.execute(insert(TokenRow), row)


def revoke_token(connection: Connection, company: str, name: str) -> bool:
    """Let a client in no more, and forget what it wanted to be told; False where there was none of the name."""
    known = client_named(connection, company, name) is not None
    _drop_token(connection, company, name)
    drop_requests_of(connection, company, name)
    return known


def _drop_token(connection: Connection, company: str, name: str) -> None:
    columns = TokenRow.__table__.c
    connection.execute(delete(TokenRow).where(columns.company_id == company, columns.name == name))


def client_named(connection: Connection, company: str, name: str) -> Client | None:
    """The client of this name; None where it has no token."""
    return next((client for client in load_clients(connection, company) if client.name == name), None)


def load_clients(connection: Connection, company: str) -> list[Client]:
    """The clients of a company, by name."""
    columns = TokenRow.__table__.c
    rows = connection.execute(select(*columns).where(columns.company_id == company).order_by(columns.name)).mappings()
    return [_client(row) for row in rows]


def client_of(connection: Connection, token: str) -> Client | None:
    """Whose token it is; None for nobody's."""
    columns = TokenRow.__table__.c
    row = connection.execute(select(*columns).where(columns.hash == _hashed(token))).mappings().first()
    return None if row is None else _client(row)


def known_scopes(scopes: Collection[str]) -> tuple[Scope, ...]:
    """The scopes of these names, without those that do not exist."""
    return tuple(scope for scope in SCOPES if scope in scopes)


def _client(row: Any) -> Client:
    return Client(row["company_id"], row["name"], known_scopes(row["scopes"]), row["made_at"])


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
