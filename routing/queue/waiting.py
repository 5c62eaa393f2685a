"""A caller's wait in a queue, until a member answers, a key leads elsewhere, or the wait ends otherwise."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from routing.callback_numbers import CallbackNumbers
from routing.caller_leg import answer
from routing.model import Destination, Queue
from routing.ports import Caller, CallerGone, Clock, Dialler, EventSink
from routing.queue.callback_order import order_callback
from routing.queue.delivery import Delivery
from routing.queue.entertainment import Entertainment, Opening
from routing.queue.in_line import InLine
from routing.queue.runner import QueueRunner
from routing.tasks import stop

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SteppedOut:
    """The caller is on the way to where a key leads, and the place is kept: give it up, or come back to it."""

    destination: Destination
    key: str


@dataclass(frozen=True, slots=True)
class ToBeCalledBack:
    """The caller keeps the place, and is hung up: `number` is called when its turn comes."""

    number: str


async def wait_in_line(
    caller: Caller,
    runner: QueueRunner,
    dialler: Dialler,
    emit: EventSink,
    clock: Clock,
    *,
    keys: Mapping[str, Destination],
    numbers: CallbackNumbers,
    priority: int = 0,
    prefers: str | None = None,
    who: str | None = None,
    place: str = "",
    opening: Opening = "welcome",
    orders_callback: bool = False,
    main_number: str = "",
) -> Delivery | SteppedOut | ToBeCalledBack:
    """Wait in the queue and return how it ended; a member who has answered is to be connected at once.

    Who is refused (full, nobody there) is not answered. `keys` lead elsewhere. `place` is the call under which the
    queue knows a place that the caller comes back to, was called back for, or has from before a restart. With
    `orders_callback` the first question is where to call back; not while `main_number` is closed, by which the caller
    came. Raises CallerGone, with the place in line given up.
    """
    line = InLine(caller, runner, place or caller.call, emit, clock, main_number)
    if place and runner.position(place) is not None:
        delivery = runner.adopt(line.place, caller, dialler)
    else:
        line = InLine(caller, runner, caller.call, emit, clock, main_number)
        delivery = runner.join(caller, dialler, priority=priority, prefers=prefers, who=who)
    if delivery.done():
        return delivery.result()
    wait = _Wait(line, keys, numbers, delivery, Entertainment(line, opening))
    try:
        await answer(caller, emit, clock)
        return await wait.run(orders_callback)
    except CallerGone:
        wait.give_up(dialler, cut_off=await caller.gone() is not None)
        raise
    except BaseException:
        wait.give_up(dialler, cut_off=True)
        raise


def after_waiting(queue: Queue, outcome: str) -> tuple[Destination, str]:
    """Where who has left the line unanswered goes, and why; `outcome` is that of `QueueLeft`."""
    match outcome:
        case "full":
            return queue.on_full, f"{queue.name}: full"
        case "busy":
            return queue.on_busy, f"{queue.name}: nobody free"
        case "unanswered":
            return queue.on_unanswered, f"{queue.name}: offered to everybody"
        case "timeout":
            return queue.on_timeout, f"{queue.name}: waited too long"
        case _:
            return queue.on_no_members, f"{queue.name}: nobody there"


class _Wait:
    """One wait on the line."""

    def __init__(
        self,
        line: InLine,
        keys: Mapping[str, Destination],
        numbers: CallbackNumbers,
        delivery: asyncio.Future[Delivery],
        entertainment: Entertainment,
    ) -> None:
        self._line = line
        self._keys = keys
        self._numbers = numbers
        self._delivery = delivery
        self._entertainment = entertainment

    async def run(self, orders_callback: bool) -> Delivery | SteppedOut | ToBeCalledBack:
        """Raises CallerGone."""
        wish = await self._until_wish(orders_callback)
        # Whoever answers in this very moment has been first: who has the member does not go.
        if wish is None or not self._line.runner.hold(self._line.place):
            return self._delivery.result()
        if isinstance(wish, ToBeCalledBack):
            await self._call_back(wish.number)
        return wish

    def give_up(self, dialler: Dialler, *, cut_off: bool) -> None:
        """Leave the line, `cut_off` or hanging up; a member whose answer came in the same moment is let go."""
        runner, place = self._line.runner, self._line.place
        if cut_off:
            runner.lose(place)
        else:
            runner.hung_up(place, "elsewhere" if self._line.caller.answered_elsewhere else "abandoned")
        ended = self._delivery.result() if self._delivery.done() else None  # else it is to be called back
        if ended is not None and ended.answered is not None:
            runner.talk_ended(place)
            dialler.drop(ended.answered, "caller-gone")

    async def _until_wish(self, orders_callback: bool) -> SteppedOut | ToBeCalledBack | None:
        """What the caller wants instead of waiting; None once the wait is over."""
        hearing = asyncio.ensure_future(self._hear(orders_callback))
        hearing.add_done_callback(_look_at)
        gone = asyncio.ensure_future(self._line.caller.gone())
        waited_for: set[asyncio.Future[Any]] = {self._delivery, gone, hearing}
        try:
            while True:
                await asyncio.wait(waited_for, return_when=asyncio.FIRST_COMPLETED)
                if self._delivery.done():
                    return None
                if gone.done():
                    raise CallerGone
                if not hearing.cancelled() and hearing.exception() is None:
                    return hearing.result()
                waited_for.discard(hearing)  # in silence, rather than not at all
        finally:
            # Cut, not waited for: an announcement that is slow to stop does not hold up the member who has answered.
            hearing.cancel()
            await stop(gone)

    async def _hear(self, orders_callback: bool) -> SteppedOut | ToBeCalledBack:
        """All that the caller hears, until a key says what they want instead."""
        self._line.caller.clear_keys()  # pressed before, and meant for something else
        while True:
            if orders_callback:
                number = await order_callback(self._line, self._numbers)
                if number is not None:
                    return ToBeCalledBack(number)
            key = await self._entertained_until_key()
            orders_callback = key == self._line.queue.callback_key
            if not orders_callback:
                return SteppedOut(self._keys[key], key)

    async def _entertained_until_key(self) -> str:
        """Play to the caller until a key is pressed that means something here."""
        playing = asyncio.ensure_future(self._entertainment.run())
        playing.add_done_callback(_look_at)
        try:
            while True:
                key = await self._line.caller.read_key(None)
                if key is not None and (key in self._keys or key == self._line.queue.callback_key):
                    return key
        finally:
            await stop(playing)

    async def _call_back(self, number: str) -> None:
        """Say goodbye, and have the place called back; that is agreed on, and holds if the caller does not listen."""
        try:
            with suppress(CallerGone):
                await self._line.tell("callback/ordered")
        finally:
            line, language = self._line, self._line.caller.language
            line.caller.hang_up("callback")
            line.runner.call_back(line.place, number, language=language, main_number=line.main_number)


def _look_at(hearing: asyncio.Future[Any]) -> None:
    """Nobody awaits the hearing: a fault in it is told here, the caller's going elsewhere."""
    fault = None if hearing.cancelled() else hearing.exception()
    if fault is not None and not isinstance(fault, CallerGone):
        log.error("telling a waiting caller failed", exc_info=fault)
