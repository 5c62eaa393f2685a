"""A caller's visits to queues, and the places that are kept while the caller is elsewhere."""

from collections.abc import Mapping

from routing.callback_numbers import CallbackNumbers
from routing.course import Course
from routing.house import House, Onward
from routing.model import Destination
from routing.ports import Answered, Caller, Dialler, Ended
from routing.queue.entertainment import Opening
from routing.queue.waiting import SteppedOut, ToBeCalledBack, after_waiting, wait_in_line
from routing.structs import Value

RETURNED_FROM = frozenset({"message", "voicemail", "person", "number"})
"""Destinations after which a caller who has stepped out of a queue is back in line, where nobody was reached."""


class Found(Value, frozen=True):
    """A member has answered, and is to be connected at once."""

    answered: Answered
    member: str


class QueueVisits:
    """Of one call."""

    def __init__(self, house: House, dialler: Dialler, course: Course) -> None:
        self._house = house
        self._queues = house.queues
        self._dialler = dialler
        self._course = course
        self._held: dict[str, str] = {}
        """Places that the caller has stepped out of, by queue: the call under which the queue knows it."""

    @property
    def keep_a_place(self) -> bool:
        """The caller has stepped out of a queue, and can come back."""
        return bool(self._held)

    def hold(self, places: Mapping[str, str]) -> None:
        """The caller has these places, by queue, and comes to them."""
        self._held.update(places)

    async def visit(
        self, name: str, caller: Caller, *, opening: Opening | None = None, orders_callback: bool = False
    ) -> Found | Onward | Ended:
        """Wait in a queue, at the place that is kept there or behind all others. Raises CallerGone."""
        # The settings of when the call came: what they lead to is in the company as it was then.
        house, course, queue, runner = self._house, self._course, self._house.company.queues[name], self._queues[name]
        place = self._held.pop(name, "")
        ended = await wait_in_line(
            caller,
            runner,
            self._dialler,
            house.emit,
            house.clock,
            keys=queue.keys,
            numbers=CallbackNumbers(house.company, caller.number),
            priority=course.priority,
            prefers=house.last_members.member(queue, caller.number),
            who=course.arrival.caller_person or caller.number,
            place=place,
            opening=opening or ("position" if place else "welcome"),
            orders_callback=orders_callback,
            main_number=course.main_number,
        )
        place = place or caller.call
        if isinstance(ended, ToBeCalledBack):
            return Ended("callback", "system")
        if isinstance(ended, SteppedOut):
            return await self._step_out(name, place, caller, ended)
        course.places.left(Destination("queue", name))
        if ended.answered is not None:
            if ended.member in queue.members:
                house.last_members.spoke(queue, caller.number, ended.member)
            self.talks_to(name, place, ended.answered, caller.number)
            caller.stop_music()
            return Found(ended.answered, ended.member)
        if caller.answered:
            caller.stop_music()
            caller.clear_keys()  # pressed in impatience, and meant for no menu that may come
        if ended.left.outcome == "shutdown":
            return Ended("shutdown", "system", 503)
        return Onward(*after_waiting(queue, ended.left.outcome))

    def talks_to(self, queue: str, place: str, answered: Answered, number: str = "") -> None:
        """The caller of the place talks to whom the queue has found; nothing for a queue that is no more."""
        if queue in self._queues:
            self._queues[queue].talks_to(place, answered, number)

    async def _step_out(self, queue: str, place: str, caller: Caller, wish: SteppedOut) -> Onward:
        """Go where the key leads; the place is kept until the caller is back, or talks to somebody."""
        self._held[queue] = place
        self._course.places.came_to(Destination("queue", queue))
        caller.stop_music()
        return Onward(wish.destination, f"{queue}: key {wish.key}", chosen=True)

    def back_in_line(self, step: Ended, destination: Destination) -> Onward | Ended:
        """Where a caller who has a place in a queue goes when what they left it for is over."""
        if not self._held or step.by == "caller" or destination.kind not in RETURNED_FROM:
            return step
        return Onward(Destination("queue", next(reversed(self._held))), f"{destination} is over")

    def give_up(self) -> None:
        """The caller waits for nobody any more."""
        held, self._held = self._held, {}
        for queue, place in held.items():
            self._queues[queue].hung_up(place)
