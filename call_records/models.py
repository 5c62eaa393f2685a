"""The tables of call and member events: the log that records and reports are folded from. Rows are only ever added."""

from sqlalchemy import (
    BigInteger,
    Double,
    Identity,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    column,
    literal_column,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_LOOKED_FOR = text("kind IN ('CallArrived', 'CallEnded')")


class Base(DeclarativeBase):
    metadata = MetaData()


class CallEventRow(Base):
    __tablename__ = "call_events"
    __table_args__ = (
        UniqueConstraint("writer", "number", name="uq_call_events_writer_number"),
        Index("ix_call_events_call", "call", "id"),
        # Only of the events that calls are looked for by: begin and end.
        Index("ix_call_events_kind_at", "kind", "at", sqlite_where=_LOOKED_FOR, postgresql_where=_LOOKED_FOR),
    )

    # SQLite counts by itself only a column of type INTEGER.
    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True)
    """The order in which events happened."""
    writer: Mapped[str] = mapped_column(String(32))
    """The run of the server that wrote the event; with `number` it tells whether an event is here already."""
    number: Mapped[int] = mapped_column(BigInteger)
    call: Mapped[str] = mapped_column(String(64))
    at: Mapped[float] = mapped_column(Double)
    """UTC epoch seconds."""
    kind: Mapped[str] = mapped_column(String(32))
    """The event's class, `CallArrived` for example."""
    event: Mapped[str] = mapped_column(Text)
    """The whole event as JSON."""


class MemberEventRow(Base):
    __tablename__ = "member_events"
    __table_args__ = (
        UniqueConstraint("writer", "number", name="uq_member_events_writer_number"),
        Index("ix_member_events_company_at", "company", "at"),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True)
    """The order in which events happened."""
    writer: Mapped[str] = mapped_column(String(32))
    """As in CallEventRow; both tables share the numbers."""
    number: Mapped[int] = mapped_column(BigInteger)
    company: Mapped[str] = mapped_column(String(255))
    queue: Mapped[str] = mapped_column(String(255))
    member: Mapped[str] = mapped_column(String(255))
    at: Mapped[float] = mapped_column(Double)
    """UTC epoch seconds."""
    kind: Mapped[str] = mapped_column(String(32))
    """The event's class, `MemberPaused` for example."""
    event: Mapped[str] = mapped_column(Text)
    """The whole event as JSON."""


class PersonStateRow(Base):
    __tablename__ = "person_states"
    __table_args__ = (
        UniqueConstraint("writer", "number", name="uq_person_states_writer_number"),
        Index("ix_person_states_person_at", "company", "person", "at"),
        Index("ix_person_states_at", "at"),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True)
    """The order in which states came."""
    writer: Mapped[str] = mapped_column(String(32))
    """As in CallEventRow; all tables share the numbers."""
    number: Mapped[int] = mapped_column(BigInteger)
    company: Mapped[str] = mapped_column(String(255))
    """Domain."""
    person: Mapped[str] = mapped_column(String(255))
    at: Mapped[float] = mapped_column(Double)
    """UTC epoch seconds."""
    state: Mapped[str] = mapped_column(Text)
    """The whole `StateLogged` as JSON."""


# Written out rather than bound: only so does SQLite see that the index above holds all it looks for.
ARRIVED = column("kind") == literal_column("'CallArrived'")
ENDED = column("kind") == literal_column("'CallEnded'")
