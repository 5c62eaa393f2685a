"""What clients of the API want to be told of later, in the database."""

from collections.abc import Callable

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from lampfield.database_threads import DatabaseThreads
from provisioning.standing_requests import StandingRequest, drop_request, keep_request, load_requests
from web.backend import DatabaseAway


class StandingRequestTable:
    """Fulfils `web.backend.StandingRequests`."""

    def __init__(self, database: DatabaseThreads) -> None:
        self._database = database

    async def keep(self, request: StandingRequest) -> None:
        await self._change(lambda connection: keep_request(connection, request))

    async def drop(self, id: str) -> None:
        await self._change(lambda connection: drop_request(connection, id))

    async def load(self) -> list[StandingRequest]:
        """All of them. Raises DatabaseAway."""
        try:
            return await self._database.ask(load_requests)
        except SQLAlchemyError as error:
            raise DatabaseAway from error

    async def _change(self, work: Callable[[Connection], None]) -> None:
        try:
            await self._database.change(work)
        except SQLAlchemyError as error:
            raise DatabaseAway from error
