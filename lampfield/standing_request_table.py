"""What clients of the API want to be told of later, in the database."""

import asyncio
from collections.abc import Callable

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from provisioning.standing_requests import StandingRequest, drop_request, keep_request, load_requests
from web.backend import DatabaseAway


class StandingRequestTable:
    """Fulfils `web.backend.StandingRequests`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def keep(self, request: StandingRequest) -> None:
        await self._do(lambda connection: keep_request(connection, request))

    async def drop(self, id: str) -> None:
        await self._do(lambda connection: drop_request(connection, id))

    async def load(self) -> list[StandingRequest]:
        """All of them. Raises DatabaseAway."""
        try:
            return await asyncio.to_thread(self._load)
        except SQLAlchemyError as error:
            raise DatabaseAway from error

    def _load(self) -> list[StandingRequest]:
        with self._engine.connect() as connection:
            return load_requests(connection)

    async def _do(self, work: Callable[[Connection], None]) -> None:
        def write() -> None:
            with self._engine.begin() as connection:
                work(connection)

        try:
            await asyncio.to_thread(write)
        except SQLAlchemyError as error:
            raise DatabaseAway from error
