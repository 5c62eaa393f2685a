"""What a run of signalling begins by: the database or, while that is away, the last picture of it."""

import asyncio
import logging
import time
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from lampfield.database import upgrade
from lampfield.database_threads import ANSWER_SECONDS
from lampfield.kept_picture import KeptPicture
from provisioning.picture import Picture, read_picture

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Beginning:
    """The database, and what is known of it."""

    database: Engine
    kept: KeptPicture
    picture: Picture
    fault: str | None = None
    """Why it is the picture of an earlier run; None where the database was read."""


async def begin(database: Engine, kept: KeptPicture, *, upgrade_first: bool = False) -> Beginning:
    """Read the database, brought up to date on request, or take what was kept of it.

    Raises sqlalchemy.exc.SQLAlchemyError where neither can be done.
    """

    def read() -> Picture:
        if upgrade_first:
            upgrade(database)
        return read_picture(database)

    reading = asyncio.ensure_future(asyncio.to_thread(read))
    await asyncio.wait({reading}, timeout=ANSWER_SECONDS)
    error = reading.exception() if reading.done() else TimeoutError(f"no answer within {ANSWER_SECONDS:g} s")
    # What is wrong with the configuration, or with what the database holds, is not mended by waiting for it.
    last = kept.last() if isinstance(error, DBAPIError | TimeoutError) else None
    if last is None:
        return Beginning(database, kept, await reading)
    reading.add_done_callback(lambda late: late.cancelled() or late.exception())
    picture, at = last
    read_at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
    fault = f"{reason(error)}; the companies are those read on {read_at}"
    logger.warning("the database is away, and is read when it is back: %s", fault)
    return Beginning(database, kept, picture, fault)


def reason(error: BaseException | None) -> str:
    """What is the matter, in one line."""
    return str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
