"""The record of what programs ask of the API: written in batches, behind the answers."""

import asyncio
import logging
from collections.abc import Callable, Sequence

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from lampfield.database_threads import DatabaseThreads
from provisioning.accesses import Access, add_accesses, forget_accesses
from web.backend import DatabaseAway

logger = logging.getLogger(__name__)

A_DAY = 86_400.0
WRITE_SECONDS = 2.0
"""How long accesses are gathered; those that are alike are one row."""
MOST_WAITING = 10_000
"""Rows that wait while the database is away; what comes then is counted and lost."""
TIDY_SECONDS = 300.0
"""What forgetting a great many may take."""
TIDY_EVERY = 1800
"""Writes between two looks at what is too old."""

_Alike = tuple[str, str, str, str, int]


class AccessTable:
    """Fulfils `web.backend.AccessLog` by the database."""

    def __init__(self, database: DatabaseThreads, days: float, clock: Callable[[], float]) -> None:
        """Accesses are kept for so many days."""
        self._database = database
        self._days = days
        self._clock = clock
        self._waiting: dict[_Alike, Access] = {}
        self._lost = 0

    def put(self, access: Access) -> None:
        key = (access.company, access.client, access.method, access.path, access.status)
        known = self._waiting.get(key)
        if known is not None:
            self._waiting[key] = msgspec.structs.replace(known, times=known.times + access.times)
        elif len(self._waiting) < MOST_WAITING:
            self._waiting[key] = access
        else:
            self._lost += 1

    async def keep(self, access: Access) -> None:
        try:
            await self._write([access])
        except SQLAlchemyError as error:
            raise DatabaseAway from error

    async def run(self) -> None:
        """Write what waits, until cancelled."""
        writes = 0
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            await self.flush()
            if writes % TIDY_EVERY == 0:
                await self._tidy(self._clock() - self._days * A_DAY)
            writes += 1

    async def flush(self) -> None:
        """Write what waits; it goes on waiting where the database is away."""
        waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        try:
            await self._write(list(waiting.values()))
        except SQLAlchemyError as error:
            logger.warning("accesses cannot be put on record now: %s", error)
            for access in waiting.values():
                self.put(access)
        if self._lost:
            logger.error("%d accesses are not on record: the database was away for too long", self._lost)
            self._lost = 0

    async def _write(self, accesses: Sequence[Access]) -> None:
        await self._database.change(lambda connection: add_accesses(connection, accesses))

    async def _tidy(self, before: float) -> None:
        try:
            await self._database.change(lambda connection: forget_accesses(connection, before), TIDY_SECONDS)
        except SQLAlchemyError as error:
            logger.warning("old accesses cannot be forgotten now: %s", error)
