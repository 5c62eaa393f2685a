"""Park slots: numbers under which calls wait for anybody of the company to take them. Pure."""

from collections.abc import Iterable

import msgspec


class Stay(msgspec.Struct, frozen=True):
    """A call that is parked."""

    call: str
    by: str
    """Id of who parked it; empty where that is not known."""
    since: float
    """UTC epoch seconds."""


class SlotBook:
    """Which call is in which slot: one at most in each, and each call in one at most."""

    def __init__(self) -> None:
        self._stays: dict[str, Stay] = {}

    def enter(self, slots: Iterable[str], stay: Stay) -> str | None:
        """Park a call in the first free one of `slots`; None where all are taken, or the call is parked already."""
        if self.slot_of(stay.call) is not None:
            return None
        slot = next((slot for slot in slots if slot not in self._stays), None)
        if slot is not None:
            self._stays[slot] = stay
        return slot

    def leave(self, call: str) -> str | None:
        """The call is parked no more; tells the slot that it has left, None where it was in none."""
        slot = self.slot_of(call)
        if slot is not None:
            del self._stays[slot]
        return slot

    def stay(self, slot: str) -> Stay | None:
        """What is parked in a slot."""
        return self._stays.get(slot)

    def slot_of(self, call: str) -> str | None:
        """The slot that a call is parked in."""
        return next((slot for slot, stay in self._stays.items() if stay.call == call), None)
