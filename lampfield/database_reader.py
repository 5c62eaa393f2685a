"""Short questions to the database that a call waits for."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from lampfield.database import CONNECT_WAIT, LOCK_WAIT

T = TypeVar("T")

ANSWER_SECONDS: Final = CONNECT_WAIT + LOCK_WAIT
"""How long an answer is waited for: a database that hangs closes no connection."""
THREADS: Final = 4


class DatabaseHangs(SQLAlchemyError):
    """The database is there and does not answer."""


class DatabaseReader:
    """Asks in threads of its own: while the database hangs, files are read and written as always."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="database")

    async def ask(self, question: Callable[[Connection], T]) -> T:
        """What the question finds. Raises SQLAlchemyError where the database is away or hangs."""

        def look() -> T:
            with self._engine.connect() as connection:
                return question(connection)

        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await asyncio.get_running_loop().run_in_executor(self._threads, look)
        except TimeoutError:
            raise DatabaseHangs(f"no answer within {ANSWER_SECONDS:g} s") from None
