"""What signalling knows of companies without asking the database: people, accounts and sounds."""

from collections.abc import Mapping

import msgspec
from sqlalchemy import Engine

from provisioning.accounts import Account, load_accounts
from provisioning.company_rows import load_companies
from provisioning.directory import Directory, directory_of
from provisioning.sound_shelf import SoundShelf, load_shelves
from routing.model import Company


class Picture(msgspec.Struct, frozen=True):
    """What the database said at one moment."""

    companies: tuple[Company, ...]
    accounts: tuple[Account, ...]
    """Passwords are in them as the hashes that the database has."""
    shelves: Mapping[str, SoundShelf]
    """The companies' own sounds, by company id."""

    def directory(self) -> Directory:
        return directory_of(self.companies, self.accounts)


def read_picture(engine: Engine) -> Picture:
    """The picture as the database has it now. Raises sqlalchemy.exc.SQLAlchemyError when it is away."""
    with engine.connect() as connection:
        return Picture(
            companies=tuple(load_companies(connection).values()),
            accounts=tuple(load_accounts(connection)),
            shelves=load_shelves(connection),
        )
