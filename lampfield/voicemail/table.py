"""The table of voicemail messages. The sound of each is a file; see `lampfield.voicemail.folders`."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import Boolean, Double, Engine, Index, MetaData, String, Text, delete, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from call_records.mended import mended
from routing.voicemail.postbox import Message


class Base(DeclarativeBase):
    metadata = MetaData()


class MessageRow(Base):
    """A row has the fields of `Message`."""

    __tablename__ = "voicemail_messages"
    __table_args__ = (Index("ix_voicemail_messages_company_box", "company", "box"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    company: Mapped[str] = mapped_column(String(255))
    box: Mapped[str] = mapped_column(String(255))
    call: Mapped[str] = mapped_column(String(64))
    at: Mapped[float] = mapped_column(Double)
    caller_number: Mapped[str] = mapped_column(String(255))
    caller_name: Mapped[str] = mapped_column(String(255))
    seconds: Mapped[float] = mapped_column(Double)
    heard_at: Mapped[float | None] = mapped_column(Double)
    deleted_at: Mapped[float | None] = mapped_column(Double)
    saved: Mapped[bool] = mapped_column(Boolean)
    text: Mapped[str] = mapped_column(Text)


def read_messages(engine: Engine, company: str | None = None, box: str | None = None) -> list[Message]:
    """All messages, or those of a company or a box, oldest first. Raises SQLAlchemyError."""
    rows = MessageRow.__table__
    query = select(rows).order_by(rows.c.at, rows.c.id)
    if company is not None:
        query = query.where(rows.c.company == company)
    if box is not None:
        query = query.where(rows.c.box == box)
    with engine.connect() as connection:
        return [msgspec.convert(dict(row), Message) for row in connection.execute(query).mappings()]


def write_messages(engine: Engine, messages: Sequence[Message], gone: Iterable[str] = ()) -> None:
    """Put messages in the place of what was known of them, and forget those that are gone. Raises SQLAlchemyError."""
    ids = [*(message.id for message in messages), *gone]
    with engine.begin() as connection:
        connection.execute(delete(MessageRow).where(MessageRow.id.in_(ids)))
        if messages:
            connection.execute(insert(MessageRow), [_row(message) for message in messages])


def _row(message: Message) -> dict[str, Any]:
    """What the database can hold: callers send as their names and numbers what they like."""
    return {
        **msgspec.structs.asdict(message),
        "caller_number": _text(message.caller_number)[:255],
        "caller_name": _text(message.caller_name)[:255],
        "text": _text(message.text),
    }


def _text(sent: str) -> str:
    return str(mended(sent)).replace("\0", "")
