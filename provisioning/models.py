"""The tables of companies and accounts. Rows carry their company's id: a company is one unit to move or delete."""

from typing import Literal

from sqlalchemy import Dialect, Double, ForeignKey, ForeignKeyConstraint, MetaData, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from provisioning.company_kinds import read_destination
from routing.model import Destination

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class DestinationText(TypeDecorator[Destination]):
    """A destination in its written form, `queue:sales`."""

    impl = String(255)
    cache_ok = True

    def process_bind_param(self, value: Destination | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Destination | None:
        return None if value is None else read_destination(value)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {str: String(255), float: Double, Destination: DestinationText}  # noqa: RUF012  read by SQLAlchemy, never changed


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
    country: Mapped[str]
    time_zone: Mapped[str]
    language: Mapped[str]
    outside_prefix: Mapped[str]


class PersonRow(Base):
    __tablename__ = "people"

    company_id: Mapped[str] = _of_company()
    id: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]
    """Order within the company."""
    name: Mapped[str]
    extension: Mapped[str]
    ring_seconds: Mapped[float]
    on_busy: Mapped[Destination | None]
    on_no_answer: Mapped[Destination | None]
    outside_number: Mapped[str | None]


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
    time_zone: Mapped[str]


class OpenPeriodRow(Base):
    __tablename__ = "open_periods"
    __table_args__ = (_reference(["company_id", "hours"], ["opening_hours.company_id", "opening_hours.name"]),)

    company_id: Mapped[str] = _of_company()
    hours: Mapped[str] = mapped_column(primary_key=True)
    weekday: Mapped[int] = mapped_column(primary_key=True)
    """0 is Monday."""
    start_minute: Mapped[int] = mapped_column(primary_key=True)
    end_minute: Mapped[int]


class MainNumberRow(Base):
    __tablename__ = "main_numbers"
    __table_args__ = (_reference(["company_id", "hours"], ["opening_hours.company_id", "opening_hours.name"]),)

    number: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str] = _of_company(key=False)
    place: Mapped[int]
    open: Mapped[Destination]
    closed: Mapped[Destination]
    hours: Mapped[str | None]
    greeting: Mapped[str | None]


class MenuRow(Base):
    __tablename__ = "menus"

    company_id: Mapped[str] = _of_company()
    name: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]
    extension: Mapped[str | None]
    prompt: Mapped[str]
    silence_seconds: Mapped[float]
    silence_prompt: Mapped[str]
    invalid_prompt: Mapped[str]
    attempts: Mapped[int]
    operator: Mapped[Destination | None]
    timeout_destination: Mapped[Destination]


class MenuKeyRow(Base):
    __tablename__ = "menu_keys"
    __table_args__ = (_reference(["company_id", "menu"], ["menus.company_id", "menus.name"]),)

    company_id: Mapped[str] = _of_company()
    menu: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]
    destination: Mapped[Destination]


class QueueRow(Base):
    __tablename__ = "queues"

    company_id: Mapped[str] = _of_company()
    name: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]
    extension: Mapped[str | None]
    strategy: Mapped[Literal["longest_idle", "priority"]] = mapped_column(String(255))
    ring_seconds: Mapped[float]
    wrap_up_seconds: Mapped[float]
    max_waiting: Mapped[int]
    max_wait_seconds: Mapped[float]
    position_every_seconds: Mapped[float]
    music: Mapped[str]
    welcome_prompt: Mapped[str | None]
    on_full: Mapped[Destination]
    on_no_members: Mapped[Destination]
    on_timeout: Mapped[Destination]


class QueueMemberRow(Base):
    __tablename__ = "queue_members"
    __table_args__ = (
        _reference(["company_id", "queue"], ["queues.company_id", "queues.name"]),
        _reference(["company_id", "person_id"], ["people.company_id", "people.id"]),
    )

    company_id: Mapped[str] = _of_company()
    queue: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[int]
    """Priority order."""


ROUTING_ROWS: tuple[type[Base], ...] = (
    PersonRow,
    OpeningHoursRow,
    OpenPeriodRow,
    MainNumberRow,
    MenuRow,
    MenuKeyRow,
    QueueRow,
    QueueMemberRow,
)
"""What an import replaces, beside the company's own row; accounts stay."""
