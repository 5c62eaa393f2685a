"""Calls somebody for the company: fulfils `routing.calling_back.Outlet`."""

from collections.abc import Callable, Sequence

from lampfield.call_control.codecs import SUPPORTED
from lampfield.call_control.dialler import CallDialler
from lampfield.call_control.identity import Identity
from lampfield.call_control.outgoing_leg import OutgoingLeg
from lampfield.call_control.ringing import Ringing
from lampfield.call_control.services import Services
from routing.calling_back import Reached
from routing.model import Company
from routing.ports import RingOutcome


class CallOutlet(Ringing):
    """For one call; `shown_as` is what phones in the house are shown."""

    def __init__(self, services: Services, company: Callable[[], Company], call: str, shown_as: Identity) -> None:
        super().__init__(services, company, call, side="a")
        self._shown_as = shown_as

    async def reach(self, number: str, *, timeout: float) -> Reached | RingOutcome:
        """Ring an extension or an outside number."""
        people = self._company.people.values()
        person = next((each.id for each in people if each.extension == number), None)
        ringing = self.outside(number, timeout) if person is None else self.phones_of(person, timeout)
        result = await ringing
        leg = result.answered
        if not isinstance(leg, OutgoingLeg):
            return result.outcome
        self._services.legs.serves(leg)
        return Reached(leg, CallDialler(self._services, self._company_now, leg))

    @property
    def for_anybody(self) -> bool:
        return False

    @property
    def shown(self) -> Identity:
        return self._shown_as

    def codecs(self) -> Sequence[str]:
        return SUPPORTED

    def leg_rings(self, leg: OutgoingLeg, early_media: bool) -> None:
        """Nobody waits to hear it."""
