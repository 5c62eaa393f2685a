"""Waiting for several things at once, of which the caller's hanging up is always one."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from routing.ports import Caller, CallerGone

T = TypeVar("T")


async def stop(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks and wait until they have ended; what they raise is not of interest any more."""
    for task in tasks:
        task.cancel()
    pending = [task for task in tasks if not task.done()]
    if pending:
        await asyncio.wait(pending)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio does not complain of it


async def while_there(caller: Caller, work: Coroutine[Any, Any, T]) -> T:
    """Do `work` as long as the caller is there. Raises CallerGone, with the work cancelled, when the caller hangs up.

    Work that is done at the very moment of the hanging up counts as done: its result must not be lost.
    """
    working = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(caller.gone())
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            await stop(working)
        if working.cancelled():
            raise CallerGone
        return working.result()
    finally:
        await stop(working, gone)
