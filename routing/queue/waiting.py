"""A caller's wait in a queue: what the caller hears, until a member answers or the wait ends otherwise."""

import asyncio
import logging
import math
from collections.abc import Coroutine
from typing import Any

from routing.caller_leg import answer, start_music, tell
from routing.events import PositionAnnounced
from routing.ports import Caller, CallerGone, Clock, Dialler, EventSink
from routing.prompts import position_prompt
from routing.queue.runner import Delivery, QueueRunner
from routing.tasks import stop

log = logging.getLogger(__name__)


async def wait_in_line(
    caller: Caller,
    runner: QueueRunner,
    dialler: Dialler,
    emit: EventSink,
    clock: Clock,
    *,
    priority: int = 0,
    adopted: bool = False,
) -> Delivery:
    """Wait in the queue and return how it ended; a member who has answered is to be connected at once.

    Who is refused (full, nobody there) is not answered. `adopted`: the caller has a place already, from before a
    restart. Raises CallerGone, with the place in line given up.
    """
    if adopted:
        delivery = runner.adopt(caller.call, caller, dialler)
    else:
        delivery = runner.join(caller, dialler, priority=priority)
    if delivery.done():
        return delivery.result()
    try:
        await answer(caller, emit, clock)
        await _hear_until_delivered(delivery, caller, _entertain(caller, runner, emit, clock, welcome=not adopted))
        return delivery.result()
    except BaseException:
        await _give_up(caller, runner, dialler, delivery)
        raise


async def _hear_until_delivered(
    delivery: asyncio.Future[Delivery], caller: Caller, entertainment: Coroutine[Any, Any, None]
) -> None:
    hearing = asyncio.ensure_future(entertainment)
    hearing.add_done_callback(_look_at)
    gone = asyncio.ensure_future(caller.gone())
    try:
        either: set[asyncio.Future[Any]] = {delivery, gone}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not delivery.done():
            raise CallerGone
    finally:
        # Cut, not waited for: an announcement that is slow to stop does not hold up the member who has answered.
        hearing.cancel()
        await stop(gone)


def _look_at(hearing: asyncio.Future[None]) -> None:
    """Nobody awaits the hearing: a fault in it is told here, the caller's going elsewhere."""
    fault = None if hearing.cancelled() else hearing.exception()
    if fault is not None and not isinstance(fault, CallerGone):
        log.error("telling a waiting caller failed", exc_info=fault)


async def _give_up(caller: Caller, runner: QueueRunner, dialler: Dialler, delivery: asyncio.Future[Delivery]) -> None:
    """Leave the line; a member whose answer came in the same moment is let go."""
    runner.leave(caller.call)
    ended = delivery.result()
    if ended.answered is not None:
        runner.talk_ended(caller.call)
        await dialler.drop(ended.answered, "caller-gone")


async def _entertain(caller: Caller, runner: QueueRunner, emit: EventSink, clock: Clock, *, welcome: bool) -> None:
    """Welcome, music, and the position every so often; the music goes on by itself where a prompt interrupted it."""
    queue, joined = runner.queue, runner.joined_at(caller.call)
    if queue.welcome_prompt and welcome:
        await tell(caller, [queue.welcome_prompt], emit, clock)
    await start_music(caller, queue.music)
    every, beat = queue.position_every_seconds, 0
    while every:
        # Whole multiples of the interval since joining: long prompts do not shift the beat.
        waited = clock() - joined
        beat = max(beat, math.floor(waited / every)) + 1
        await asyncio.sleep(beat * every - waited)
        position = runner.position(caller.call)
        if position is None:
            return
        emit(PositionAnnounced(call=caller.call, at=clock(), queue=queue.name, position=position))
        await tell(caller, [position_prompt(position)], emit, clock)
