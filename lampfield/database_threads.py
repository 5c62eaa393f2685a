"""Questions to the database, and changes, that somebody waits for."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Final, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from lampfield.database import CONNECT_WAIT, LOCK_WAIT

T = TypeVar("T")

ANSWER_SECONDS: Final = CONNECT_WAIT + LOCK_WAIT
"""How long an answer is waited for: a database that hangs closes no connection."""
BRIEF_SECONDS: Final = 1.0
"""How long while it is known to answer nobody."""
THREADS: Final = 4


class DatabaseHangs(SQLAlchemyError):
    """The database is there and does not answer."""


class DatabaseThreads:
    """Threads of the database's own, never more than `threads`: while it hangs, files are read and written as always.

    Who asks while each of them hangs is told so soon. Every method raises SQLAlchemyError where the database is away
    or hangs.
    """

    def __init__(self, engine: Engine, threads: int = THREADS) -> None:
        self._engine = engine
        self._most = threads
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="database")
        self._at_work: dict[object, float] = {}
        """Until when what has a thread is waited for: monotonic seconds."""

    async def ask(self, question: Callable[[Connection], T]) -> T:
        """What the question finds."""

        def look() -> T:
            with self._engine.connect() as connection:
                return question(connection)

        return await self.run(look)

    async def change(self, work: Callable[[Connection], T], seconds: float = ANSWER_SECONDS) -> T:
        """Do the work in one transaction. When this raises nothing has changed, nor will when the database answers."""
        given_up = Event()

        def within() -> T:
            with self._engine.begin() as connection:
                done = work(connection)
                if given_up.is_set():
                    raise DatabaseHangs("it has answered too late")
                return done

        try:
            return await self.run(within, seconds)
        except BaseException:
            given_up.set()
            raise

    async def run(self, work: Callable[[], T], seconds: float = ANSWER_SECONDS) -> T:
        """What the work with the database returns; it may take so many seconds."""
        until = time.monotonic() + seconds
        if sum(late < time.monotonic() for late in list(self._at_work.values())) >= self._most:
            seconds = min(seconds, BRIEF_SECONDS)
        mine = object()

        def at_work() -> T:
            self._at_work[mine] = until
            try:
                return work()
            finally:
                del self._at_work[mine]

        try:
            async with asyncio.timeout(seconds):
                return await asyncio.get_running_loop().run_in_executor(self._threads, at_work)
        except TimeoutError:
            raise DatabaseHangs(f"no answer within {seconds:g} s") from None
