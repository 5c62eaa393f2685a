"""PINs for the telephone: made up here, told once, kept as Argon2 hashes."""

import itertools
import secrets
from collections.abc import Collection

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, delete, insert, select

from provisioning.sound_rows import PinRow

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


def set_pin(connection: Connection, company: str, owner: str, pin: str, at: float) -> None:
    """Put a PIN in place of the one that a person or a box had; takes a tenth of a second of computing."""
    columns = PinRow.__table__.c
    connection.execute(delete(PinRow).where(columns.company_id == company, columns.owner == owner))
    row = {"company_id": company, "owner": owner, "hash": PasswordHasher().hash(pin), "set_at": at}
    connection.execute(insert(PinRow), row)


def keep_pins(connection: Connection, company: str, owners: Collection[str]) -> None:
    """Forget all but these: who comes later under the name of somebody who left needs a PIN of their own."""
    columns = PinRow.__table__.c
    connection.execute(delete(PinRow).where(columns.company_id == company, columns.owner.not_in(owners)))


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
