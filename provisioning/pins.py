"""PINs for the telephone: made up here, told once, kept as Argon2 hashes."""

import itertools
import secrets
from collections.abc import Collection

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, delete, insert, select

from provisioning.sound_rows import PinRow
from routing.model import Company

DIGITS = 6
"""Of the PINs that we make."""
FEWEST_DIGITS, MOST_DIGITS = 4, 12
"""Of the PINs that people choose."""


def new_pin() -> str:
    """A PIN that is easy to type and not one that people try first."""
    while True:
        pin = "".join(secrets.choice("0123456789") for _ in range(DIGITS))
        if not is_easy(pin):
            return pin


def is_easy(pin: str) -> bool:
    """True for one that is guessed first: few different digits, or a row up or down."""
    steps = {(int(after) - int(before)) % 10 for before, after in itertools.pairwise(pin)}
    return len(set(pin)) <= 2 or steps in ({1}, {9})


def fault_of(pin: str) -> str | None:
    """What one that somebody has chosen would have to be; None for one that may be set."""
    if not (pin.isascii() and pin.isdigit() and FEWEST_DIGITS <= len(pin) <= MOST_DIGITS):
        return f"{FEWEST_DIGITS} to {MOST_DIGITS} digits"
    return "one that is not guessed at once: no row and more than two different digits" if is_easy(pin) else None


def owner_of(company: Company, named: str) -> str | None:
    """Whose PIN it is: a person's, by id or extension, or a group's box's, by name; None for nobody's."""
    if named in company.people or named in company.boxes:
        return named
    return next((person.id for person in company.people.values() if person.extension == named), None)


def set_pin(connection: Connection, company: str, owner: str, pin: str, at: float) -> None:
    """Put a PIN in place of the one that a person or a box had; takes a tenth of a second of computing."""
    drop_pin(connection, company, owner)
    row = {"company_id": company, "owner": owner, "hash": PasswordHasher().hash(pin), "set_at": at}
    connection.execute(insert(PinRow), row)


def keep_pins(connection: Connection, company: str, owners: Collection[str]) -> None:
    """Forget all but these: who comes later under the name of somebody who left needs a PIN of their own."""
    columns = PinRow.__table__.c
    connection.execute(delete(PinRow).where(columns.company_id == company, columns.owner.not_in(owners)))


def drop_pin(connection: Connection, company: str, owner: str) -> None:
    """Take a PIN away; nothing where none is set."""
    columns = PinRow.__table__.c
    connection.execute(delete(PinRow).where(columns.company_id == company, columns.owner == owner))


def pins_set_at(connection: Connection, company: str) -> dict[str, float]:
    """Who has a PIN and since when (UTC epoch seconds), by owner."""
    columns = PinRow.__table__.c
    found = select(columns.owner, columns.set_at).where(columns.company_id == company).order_by(columns.owner)
    return {row.owner: row.set_at for row in connection.execute(found)}


def pin_hash(connection: Connection, company: str, owner: str) -> str | None:
    """The hash of a PIN; None where none is set."""
    columns = PinRow.__table__.c
    return connection.scalar(select(columns.hash).where(columns.company_id == company, columns.owner == owner))


def opens(hashed: str, pin: str) -> bool:
    """Whether the PIN is the one of the hash; takes a tenth of a second of computing."""
    try:
        return PasswordHasher().verify(hashed, pin)
    except (VerificationError, InvalidHashError):
        return False
