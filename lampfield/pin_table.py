"""PINs for the API, in the database."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from provisioning.company_rows import load_companies
from provisioning.pins import drop_pin, owner_of, pins_set_at, set_pin
from routing.model import Company
from routing.ports import Clock
from web.backend import DatabaseAway, NoPinOwner

T = TypeVar("T")


class PinTable:
    """Fulfils `web.backend.Pins`."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    async def company(self, company: str) -> Company:
        return await self._do(lambda connection: load_companies(connection, company)[company])

    async def set_at(self, company: str) -> dict[str, float]:
        return await self._do(lambda connection: pins_set_at(connection, company))

    async def put(self, company: str, owner: str, pin: str) -> str:
        def put(connection: Connection) -> str:
            found = self._owner(connection, company, owner)
            set_pin(connection, company, found, pin, self._clock())
            return found

        return await self._do(put)

    async def remove(self, company: str, owner: str) -> str:
        def remove(connection: Connection) -> str:
            found = self._owner(connection, company, owner)
            drop_pin(connection, company, found)
            return found

        return await self._do(remove)

    @staticmethod
    def _owner(connection: Connection, company: str, named: str) -> str:
        found = load_companies(connection, company)[company]
        owner = owner_of(found, named)
        if owner is None:
            raise NoPinOwner([*found.people, *(box for box in found.boxes if box not in found.people)])
        return owner

    async def _do(self, work: Callable[[Connection], T]) -> T:
        def within() -> T:
            with self._engine.begin() as connection:
                return work(connection)

        try:
            return await asyncio.to_thread(within)
        except SQLAlchemyError as error:
            raise DatabaseAway from error
