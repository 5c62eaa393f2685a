"""The forwardings of one call, counted, so that none goes round."""

import logging

from routing.diversion import Diversion
from routing.events import CallForwarded
from routing.forwarding import Unwanted
from routing.house import House, Onward
from routing.model import Person
from routing.ports import Caller

log = logging.getLogger(__name__)


class ForwardedCall:
    """What has forwarded a call until now. `earlier`: how often others had before it came here."""

    def __init__(self, house: House, earlier: int) -> None:
        self._house = house
        self._earlier = earlier
        self._people: list[str] = []

    def onward(self, caller: Caller, person: Person, unwanted: Unwanted) -> Onward | None:
        """Where the call goes that `person` does not want; None where it would go round, or on for too long."""
        assert unwanted.to is not None
        count = self._earlier + len(self._people)
        if person.id in self._people or count >= self._house.company.calls.most_forwardings:
            log.warning("%s: %s forwards a call that was forwarded %d times", caller.call, person.id, count)
            return None
        self._people.append(person.id)
        caller.divert(Diversion(person.id, unwanted.why))
        house = self._house
        house.emit(
            CallForwarded(
                call=caller.call, at=house.clock(), person=person.id, why=unwanted.why, destination=str(unwanted.to)
            )
        )
        return Onward(unwanted.to, f"{person.id} forwards calls: {unwanted.why}")
