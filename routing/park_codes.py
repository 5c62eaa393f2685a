"""What happens when a phone dials a park slot in which nobody is: the call that it holds is parked there."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from routing import spoken
from routing.feature_codes import UNKNOWN, FeatureCall

ParkHeld = Callable[[str, str], Coroutine[Any, Any, str | None]]
"""Parks what a person, by id, holds, in a slot or in any for an empty one; tells the slot, None where it cannot be."""


class ParkHeldCall:
    """Parks, and tells the slot's number."""

    def __init__(self, park_held: ParkHeld) -> None:
        self._park_held = park_held

    async def __call__(self, call: FeatureCall) -> Sequence[str]:
        slot = await self._park_held(call.person.id, call.code.digits)
        return [UNKNOWN] if slot is None else spoken.digits(slot)
