"""What clients of the API have asked to be told of later: kept until they take it back, or it is over."""

from typing import Any, Literal

import msgspec
from sqlalchemy import JSON, Connection, Double, ForeignKey, Index, String, delete, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from provisioning.models import Base


class StandingRequestRow(Base):
    """`content` is the request as JSON; `kind` the name of its class."""

    __tablename__ = "api_standing_requests"
    __table_args__ = (Index("ix_api_standing_requests_company_id", "company_id"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    company_id: Mapped[str] = mapped_column(ForeignKey("companies.id", deferrable=True, initially="DEFERRED"))
    client: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(32))
    made_at: Mapped[float] = mapped_column(Double)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)


class Webhook(msgspec.Struct, frozen=True, kw_only=True, tag="webhook"):
    """A URL that is told what changes."""

    id: str
    company: str
    client: str
    url: str
    secret: str
    """Signs what is sent."""
    people: tuple[str, ...]
    """Ids; empty for all."""
    events: tuple[Literal["state", "gone", "free"], ...]
    made_at: float
    """UTC epoch seconds."""
    ended: str = ""
    """Why it is told no more; empty while it is."""
    ended_at: float | None = None


class WhenFree(msgspec.Struct, frozen=True, kw_only=True, tag="when-free"):
    """A client wants to know when somebody is free, once."""

    id: str
    company: str
    client: str
    person: str
    made_at: float
    """UTC epoch seconds."""
    expires_at: float
    free_at: float | None = None
    """When that was."""


StandingRequest = Webhook | WhenFree


def keep_request(connection: Connection, request: StandingRequest) -> None:
    """Keep it in place of what it was before."""
    drop_request(connection, request.id)
    row = {
        "id": request.id,
        "company_id": request.company,
        "client": request.client,
        "kind": type(request).__name__,
        "made_at": request.made_at,
        "content": msgspec.to_builtins(request),
    }
    connection.execute(insert(StandingRequestRow), row)


def drop_request(connection: Connection, request: str) -> None:
    """Forget it, by its id."""
    connection.execute(delete(StandingRequestRow).where(StandingRequestRow.__table__.c.id == request))


def drop_requests_of(connection: Connection, company: str, client: str) -> None:
    """Forget all of a client's."""
    columns = StandingRequestRow.__table__.c
    connection.execute(delete(StandingRequestRow).where(columns.company_id == company, columns.client == client))


def load_requests(connection: Connection) -> list[StandingRequest]:
    """Those of all companies, in the order in which they were made."""
    columns = StandingRequestRow.__table__.c
    found = connection.execute(select(columns.content).order_by(columns.made_at)).scalars()
    return [msgspec.convert(content, Webhook | WhenFree) for content in found]
