"""One call to somebody who has asked to be told when a colleague is free: they are called, then the colleague is."""

from routing.call_flow import STATUS, CallFlow
from routing.calling_back import Outlet, Reached
from routing.events import CallAnswered, CallArrived, CallEnded, ToldWhenFree
from routing.house import Arrival, House
from routing.model import Destination, Person
from routing.ports import Ended

RING_SECONDS = 20.0
"""How long the asker's phone rings; the colleague may be gone again after that."""


class Recalling:
    """From the ringing to the end of the call."""

    def __init__(self, house: House, asker: Person, target: Person, outlet: Outlet) -> None:
        self._house = house
        self._asker = asker
        self._target = target
        self._outlet = outlet

    async def run(self) -> None:
        """Call the asker and connect them. The last event is CallEnded; raises nothing but what cancels it."""
        house, target = self._house, self._target
        self._begin()
        try:
            reached = await self._outlet.reach(self._asker.extension, timeout=RING_SECONDS)
        except BaseException:
            self._end(Ended("shutdown", "system", 503))
            raise
        if not isinstance(reached, Reached):
            self._end(Ended(reached, "callee", STATUS.get(reached, 480)))
            return
        house.emit(CallAnswered(call=self._outlet.call, at=house.clock()))
        arrival = Arrival("phone", target.extension, self._asker.id)
        flow = CallFlow(house, reached.caller, reached.dialler, arrival)
        await flow.serve(Destination("person", target.id), f"{target.id} is free")

    def _begin(self) -> None:
        house, call, asker = self._house, self._outlet.call, self._asker
        house.emit(
            CallArrived(
                call=call,
                at=house.clock(),
                company=house.company.id,
                origin="callback",
                caller_number=asker.extension,
                caller_name=asker.name,
                caller_person=asker.id,
                dialled=self._target.extension,
            )
        )
        house.emit(ToldWhenFree(call=call, at=house.clock(), person=asker.id, target=self._target.id))

    def _end(self, ended: Ended) -> None:
        self._house.emit(
            CallEnded(
                call=self._outlet.call, at=self._house.clock(), cause=ended.cause, by=ended.by, status=ended.status
            )
        )
