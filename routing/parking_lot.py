"""Calls that are parked: each waits with music until somebody takes it, its time is over, or the caller hangs up."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from routing.caller_leg import start_music
from routing.events import CallParked, CallUnparked
from routing.model import Park
from routing.park import SlotBook, Stay
from routing.ports import Answered, Caller, Clock, Dialler, EventSink
from routing.tasks import while_there


class Taker(NamedTuple):
    """Somebody of the company who takes a parked call."""

    answered: Answered
    person: str
    """Their id."""


class ParkedCall(NamedTuple):
    """A call in a slot, or just taken from it."""

    slot: str
    stay: Stay
    taker: asyncio.Future[Taker]


class ParkingLot:
    """The slots of one company. Who takes a call has it at that moment, and nobody else."""

    def __init__(self, changed: Callable[[str], None] = lambda slot: None) -> None:
        """`changed` is told of each slot that a call has entered or left."""
        self._changed = changed
        self._book = SlotBook()
        self._calls: dict[str, ParkedCall] = {}

    def stay(self, slot: str) -> Stay | None:
        """What is parked in a slot."""
        return self._book.stay(slot)

    def slot_of(self, call: str) -> str | None:
        """The slot that a call is parked in."""
        return self._book.slot_of(call)

    def enter(self, slots: Sequence[str], stay: Stay) -> ParkedCall | None:
        """Park a call in the first free one of `slots`; None where all are taken.

        A call that is parked already, as one that has outlived a restart, stays where it is.
        """
        parked = self._calls.get(stay.call)
        if parked is None and (slot := self._book.enter(slots, stay)) is not None:
            parked = self._calls[stay.call] = ParkedCall(slot, stay, asyncio.get_running_loop().create_future())
            self._changed(slot)
        return parked

    def take(self, call: str, taker: Taker) -> None:
        """Let somebody have a call that is parked. Its treatment connects them."""
        self._calls[call].taker.set_result(taker)
        self._empty(call)

    def leave(self, call: str) -> None:
        """The call goes on elsewhere, or is over."""
        del self._calls[call]
        self._empty(call)

    def _empty(self, call: str) -> None:
        slot = self._book.leave(call)
        if slot is not None:
            self._changed(slot)


async def wait_in_slot(
    parked: ParkedCall, lot: ParkingLot, park: Park, caller: Caller, dialler: Dialler, emit: EventSink, clock: Clock
) -> Taker | None:
    """Let the caller wait in the slot until somebody takes the call; None once its time is over. Raises CallerGone."""
    slot, by, taker, since = parked.slot, parked.stay.by, parked.taker, clock()
    outcome: Literal["taken", "returned", "abandoned"] = "abandoned"
    emit(CallParked(call=caller.call, at=since, slot=slot, by=by))
    try:
        await start_music(caller, park.music)
        await while_there(caller, _wait(taker, park.return_seconds))
        outcome = "taken" if taker.done() else "returned"
    except BaseException:
        if taker.done():
            dialler.drop(taker.result().answered, "caller-gone")
        raise
    finally:
        lot.leave(caller.call)
        at = clock()
        emit(CallUnparked(call=caller.call, at=at, slot=slot, by=by, outcome=outcome, seconds=at - since))
    return taker.result() if taker.done() else None


async def _wait(taker: asyncio.Future[Taker], seconds: float) -> None:
    await asyncio.wait({taker}, timeout=seconds)
