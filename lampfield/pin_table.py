"""PINs for the API, in the database."""

from collections.abc import Awaitable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from lampfield.database_threads import DatabaseThreads
from provisioning.company_rows import load_companies
from provisioning.pins import drop_pin, owner_of, pins_set_at, set_pin
from routing.model import Company
from routing.ports import Clock
from web.backend import DatabaseAway, NoPinOwner

T = TypeVar("T")


class PinTable:
    """Fulfils `web.backend.Pins`."""

    def __init__(self, database: DatabaseThreads, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def company(self, company: str) -> Company:
        return await _asked(self._database.ask(lambda connection: load_companies(connection, company)[company]))

    async def set_at(self, company: str) -> dict[str, float]:
        return await _asked(self._database.ask(lambda connection: pins_set_at(connection, company)))

    async def put(self, company: str, owner: str, pin: str) -> str:
        def put(connection: Connection) -> str:
            found = self._owner(connection, company, owner)
            set_pin(connection, company, found, pin, self._clock())
            return found

        return await _asked(self._database.change(put))

    async def remove(self, company: str, owner: str) -> str:
        def remove(connection: Connection) -> str:
            found = self._owner(connection, company, owner)
            drop_pin(connection, company, found)
            return found

        return await _asked(self._database.change(remove))

    @staticmethod
    def _owner(connection: Connection, company: str, named: str) -> str:
        found = load_companies(connection, company)[company]
        owner = owner_of(found, named)
        if owner is None:
            raise NoPinOwner([*found.people, *(box for box in found.boxes if box not in found.people)])
        return owner


async def _asked(work: Awaitable[T]) -> T:
    try:
        return await work
    except SQLAlchemyError as error:
        raise DatabaseAway from error
