"""What programs have asked of the API: who, when, what, and how it was answered."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import BigInteger, Connection, Double, Identity, Index, Integer, String, delete, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from provisioning.models import Base

LONGEST_PATH = 500


class AccessRow(Base):
    """Equal ones that were written together are one row."""

    __tablename__ = "api_accesses"
    __table_args__ = (Index("ix_api_accesses_company_id_at", "company_id", "at"),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True)
    company_id: Mapped[str] = mapped_column(String(255))
    client: Mapped[str] = mapped_column(String(255))
    at: Mapped[float] = mapped_column(Double)
    method: Mapped[str] = mapped_column(String(16))
    path: Mapped[str] = mapped_column(String(LONGEST_PATH))
    status: Mapped[int]
    times: Mapped[int]


class Access(msgspec.Struct, frozen=True):
    """One request, or some that were alike; `at` is of the first, UTC epoch seconds."""

    company: str
    """Id of the company."""
    client: str
    at: float
    method: str
    path: str
    status: int
    times: int = 1


def add_accesses(connection: Connection, accesses: Sequence[Access]) -> None:
    """Put them on record."""
    rows = [
        {
            "company_id": each.company,
            "client": each.client,
            "at": each.at,
            "method": each.method[:16],
            # PostgreSQL takes no NUL, and one request of a program would keep all others from the record.
            "path": each.path[:LONGEST_PATH].replace("\0", "\ufffd"),
            "status": each.status,
            "times": each.times,
        }
        for each in accesses
    ]
    if rows:
        connection.execute(insert(AccessRow), rows)


def load_accesses(connection: Connection, company: str, since: float, client: str = "") -> list[Access]:
    """Those of a company from `since` (UTC epoch seconds) on, of one client or of all, in order."""
    columns = AccessRow.__table__.c
    query = select(*columns).where(columns.company_id == company, columns.at >= since)
    if client:
        query = query.where(columns.client == client)
    return [
        Access(row.company_id, row.client, row.at, row.method, row.path, row.status, row.times)
        for row in connection.execute(query.order_by(columns.at, columns.id))
    ]


def forget_accesses(connection: Connection, before: float) -> None:
    """Delete what is older, UTC epoch seconds."""
    connection.execute(delete(AccessRow).where(AccessRow.__table__.c.at < before))
