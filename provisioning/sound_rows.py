"""The tables of a company's own sounds and of PINs. An import of the company file leaves them alone."""

from sqlalchemy import Double, ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from provisioning.models import Base


def _of_company() -> Mapped[str]:
    # Checked at commit: an import takes the company's row out and puts it back in.
    return mapped_column(ForeignKey("companies.id", deferrable=True, initially="DEFERRED"), primary_key=True)


class SoundRow(Base):
    """A sound that the company recorded or uploaded; the file bears its name."""

    __tablename__ = "sounds"
    __table_args__ = (UniqueConstraint("company_id", "number"),)

    company_id: Mapped[str] = _of_company()
    name: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int | None]
    """By which the phone calls it."""
    kind: Mapped[str]
    music_list: Mapped[str | None]
    """The list that music belongs to; None for all else."""
    place: Mapped[int]
    """Order in which the sounds came."""
    seconds: Mapped[float] = mapped_column(Double)
    made_at: Mapped[float] = mapped_column(Double)
    """UTC epoch seconds."""
    made_by: Mapped[str]
    original_name: Mapped[str]
    original_format: Mapped[str]


class GreetingRow(Base):
    """A greeting in use."""

    __tablename__ = "greetings_in_use"
    __table_args__ = (
        ForeignKeyConstraint(
            ["company_id", "sound"], ["sounds.company_id", "sounds.name"], deferrable=True, initially="DEFERRED"
        ),
    )

    company_id: Mapped[str] = _of_company()
    number: Mapped[str] = mapped_column(primary_key=True)
    """The main number, E.164."""
    slot: Mapped[str] = mapped_column(primary_key=True)
    sound: Mapped[str]


class ActiveMusicRow(Base):
    """The music list that plays, where it is not the standard one."""

    __tablename__ = "active_music"

    company_id: Mapped[str] = _of_company()
    music_list: Mapped[str]


class PinRow(Base):
    """The PIN of a person, or of a box of messages: not itself, only its Argon2 hash."""

    __tablename__ = "pins"

    company_id: Mapped[str] = _of_company()
    owner: Mapped[str] = mapped_column(primary_key=True)
    """Id of the person, or name of the box."""
    hash: Mapped[str]
    set_at: Mapped[float] = mapped_column(Double)
    """UTC epoch seconds."""
