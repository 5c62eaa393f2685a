"""The tables of companies and accounts. Rows carry their company's id: a company is one unit to move or delete.

What identifies a row, orders it or refers to another is a column; all else is one JSON value, `settings`, with the
fields of the row's struct. So a new setting needs no migration: rows that lack it have its default.
"""

from typing import Any

from sqlalchemy import JSON, ForeignKey, ForeignKeyConstraint, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {str: String(255), dict[str, Any]: JSON}  # noqa: RUF012  read by SQLAlchemy, never changed


def _reference(columns: list[str], targets: list[str]) -> ForeignKeyConstraint:
    # Checked at commit: an import replaces a company's rows in one transaction, in whatever order.
    return ForeignKeyConstraint(columns, targets, deferrable=True, initially="DEFERRED")


def _of_company(*, key: bool = True) -> Mapped[str]:
    return mapped_column(
        ForeignKey("companies.id", deferrable=True, initially="DEFERRED"), primary_key=key, index=not key
    )


class CompanyRow(Base):
    __tablename__ = "companies"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    domain: Mapped[str] = mapped_column(unique=True)
    settings: Mapped[dict[str, Any]]


class PersonRow(Base):
    __tablename__ = "people"

    company_id: Mapped[str] = _of_company()
    id: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]
    """Order within the company."""
    name: Mapped[str]
    extension: Mapped[str]
    settings: Mapped[dict[str, Any]]


class AccountRow(Base):
    """A person's digest account: not the password, only its hashes with user name and realm (RFC 7616 §3.4.2)."""

    __tablename__ = "accounts"
    __table_args__ = (_reference(["company_id", "person_id"], ["people.company_id", "people.id"]),)

    username: Mapped[str] = mapped_column(primary_key=True)
    realm: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str] = _of_company(key=False)
    person_id: Mapped[str]
    ha1_md5: Mapped[str] = mapped_column(String(32))
    ha1_sha256: Mapped[str] = mapped_column(String(64))


class OpeningHoursRow(Base):
    __tablename__ = "opening_hours"

    company_id: Mapped[str] = _of_company()
    name: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]
    settings: Mapped[dict[str, Any]]


class CalendarRow(Base):
    __tablename__ = "calendars"

    company_id: Mapped[str] = _of_company()
    name: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]
    settings: Mapped[dict[str, Any]]


class MainNumberRow(Base):
    __tablename__ = "main_numbers"
    __table_args__ = (_reference(["company_id", "hours"], ["opening_hours.company_id", "opening_hours.name"]),)

    number: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str] = _of_company(key=False)
    place: Mapped[int]
    hours: Mapped[str | None]
    settings: Mapped[dict[str, Any]]


class MenuRow(Base):
    __tablename__ = "menus"

    company_id: Mapped[str] = _of_company()
    name: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]
    extension: Mapped[str | None]
    settings: Mapped[dict[str, Any]]


class LookupRow(Base):
    __tablename__ = "lookups"

    company_id: Mapped[str] = _of_company()
    name: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]
    settings: Mapped[dict[str, Any]]


class QueueRow(Base):
    __tablename__ = "queues"

    company_id: Mapped[str] = _of_company()
    name: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]
    extension: Mapped[str | None]
    settings: Mapped[dict[str, Any]]


class QueueMemberRow(Base):
    __tablename__ = "queue_members"
    __table_args__ = (
        _reference(["company_id", "queue"], ["queues.company_id", "queues.name"]),
        _reference(["company_id", "person_id"], ["people.company_id", "people.id"]),
    )

    company_id: Mapped[str] = _of_company()
    queue: Mapped[str] = mapped_column(primary_key=True)
    member: Mapped[str] = mapped_column(primary_key=True)
    """Id of a person, or an outside number."""
    place: Mapped[int]
    """Priority order."""
    person_id: Mapped[str | None]
    """The member again when it is a person, so that the database keeps the reference right."""


class BoxRow(Base):
    __tablename__ = "boxes"

    company_id: Mapped[str] = _of_company()
    name: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]
    settings: Mapped[dict[str, Any]]


class NoticeRow(Base):
    __tablename__ = "notices"

    company_id: Mapped[str] = _of_company()
    name: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]
    settings: Mapped[dict[str, Any]]
