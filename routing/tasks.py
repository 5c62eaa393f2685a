"""Waiting for several things at once, and for what is to be done whatever becomes of them.

This module stays Python. Compiled code that is cancelled while it waits in `except` or `finally` leaves its exception
behind, and the next such wait of anybody else raises it.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from routing.ports import Caller, CallerGone

T = TypeVar("T")
U = TypeVar("U")


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


async def followed_by(work: Coroutine[Any, Any, T], then: Callable[[], Coroutine[Any, Any, U]]) -> tuple[T, U]:
    """Do `work`, and what `then` gives, whatever becomes of the work; what the two return."""
    try:
        done = await work
    except BaseException:
        await then()
        raise
    return done, await then()
