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


class ParkingLot:
    """The slots of one company. Who takes a call has it at that moment, and nobody else."""

    def __init__(self, changed: Callable[[str], None] = lambda slot: None) -> None:
        """`changed` is told of each slot that a call has entered or left."""
        self._changed = changed
        self._book = SlotBook()
        self._takers: dict[str, asyncio.Future[Taker]] = {}
        """By call."""

    def stay(self, slot: str) -> Stay | None:
        """What is parked in a slot."""
        return self._book.stay(slot)

    def slot_of(self, call: str) -> str | None:
        """The slot that a call is parked in."""
        return self._book.slot_of(call)

    def enter(self, slots: Sequence[str], stay: Stay) -> str | None:
        """Park a call in the first free one of `slots`; None where all are taken."""
        slot = self._book.enter(slots, stay)
        if slot is not None:
            self._takers[stay.call] = asyncio.get_running_loop().create_future()
            self._changed(slot)
        return slot

    def take(self, call: str, taker: Taker) -> None:
        """Let somebody have a call that is parked."""
        self._takers[call].set_result(taker)
        self._leave(call)

    def taker(self, call: str) -> asyncio.Future[Taker]:
        """Who takes a call that is parked; for the call's own treatment, which lets it `leave`."""
        return self._takers[call]

    def leave(self, call: str) -> None:
        """The call is parked no more, or is taken and goes on."""
        self._takers.pop(call, None)
        self._leave(call)

    def _leave(self, call: str) -> None:
        slot = self._book.leave(call)
        if slot is not None:
            self._changed(slot)


async def wait_in_slot(
    slot: str, lot: ParkingLot, park: Park, caller: Caller, dialler: Dialler, emit: EventSink, clock: Clock
) -> Taker | None:
    """Let the caller wait in the slot until somebody takes the call; None once its time is over. Raises CallerGone."""
    call, since, by = caller.call, clock(), _by(lot, slot)
    taker = lot.taker(call)
    outcome: Literal["taken", "returned", "abandoned"] = "abandoned"
    emit(CallParked(call=call, at=since, slot=slot, by=by))
    try:
        await start_music(caller, park.music)
        await while_there(caller, _wait(taker, park.return_seconds))
        outcome = "taken" if taker.done() else "returned"
    except BaseException:
        if taker.done():
            await dialler.drop(taker.result().answered, "caller-gone")
        raise
    finally:
        lot.leave(call)
        at = clock()
        emit(CallUnparked(call=call, at=at, slot=slot, by=by, outcome=outcome, seconds=at - since))
    return taker.result() if taker.done() else None


async def _wait(taker: asyncio.Future[Taker], seconds: float) -> None:
    await asyncio.wait({taker}, timeout=seconds)


def _by(lot: ParkingLot, slot: str) -> str:
    stay = lot.stay(slot)
    return stay.by if stay is not None else ""
