"""What the people of a company are doing, as far as queues have to know. One object for each company.

Call control tells it of phones and calls of every kind; queues claim people through it, so that no two queues ring the
same person. Of outside numbers it knows what queues do with them, and nothing else. Everybody who listens is told
before the method returns: nothing comes between a claim and its knowledge.

Listeners are held weakly: a queue whose settings were changed is told for as long as calls still use it.
"""

import weakref
from dataclasses import dataclass
from typing import Protocol

from routing.model import is_outside
from routing.ports import Clock
from routing.queue.events import Obstacle


class Listener(Protocol):
    """A queue, which is told when one of its members can no longer or can again be offered callers."""

    def member_blocked(self, person: str, obstacle: Obstacle) -> None: ...

    def member_cleared(self, person: str, obstacle: Obstacle, idle_since: float | None) -> None: ...


@dataclass(slots=True)
class _Doing:
    reachable: bool = False
    busy: bool = False
    undisturbed: bool = False
    claimed_by: Listener | None = None
    idle_since: float = 0.0


class Activity:
    """Who has a phone, who is in a call, who is claimed by which queue, and since when each is idle."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._people: dict[str, _Doing] = {}
        self._listeners: dict[str, list[weakref.ref[Listener]]] = {}

    def listen(self, person: str, listener: Listener) -> None:
        """Tell `listener` of this person from now on, and at once how things stand."""
        self._listeners.setdefault(person, []).append(weakref.ref(listener))
        doing = self._of(person)
        if doing.busy:
            listener.member_blocked(person, "busy")
        if doing.undisturbed:
            listener.member_blocked(person, "do-not-disturb")
        if doing.claimed_by is not None:
            listener.member_blocked(person, "elsewhere")
        if doing.reachable:
            listener.member_cleared(person, "gone", doing.idle_since or None)

    # Told by call control.

    def member_reachable(self, person: str) -> None:
        """The person has a registered phone."""
        doing = self._of(person)
        if not doing.reachable:
            doing.reachable = True
            self._cleared(person, "gone", None)

    def member_unreachable(self, person: str) -> None:
        """The person's last registered phone is gone."""
        doing = self._of(person)
        if doing.reachable:
            doing.reachable = False
            self._blocked(person, "gone")

    def member_busy(self, person: str) -> None:
        """The person is in a call, calls or is rung, by whatever way. Told again it changes nothing."""
        doing = self._of(person)
        if not doing.busy:
            doing.busy = True
            self._blocked(person, "busy")

    def member_free(self, person: str, at: float, *, talked: bool = True) -> None:
        """The person's last call ended `at` (UTC epoch seconds); `talked` False when it only rang."""
        doing = self._of(person)
        if talked:
            doing.idle_since = max(doing.idle_since, at)
        if doing.busy:
            doing.busy = False
            self._cleared(person, "busy", at if talked else None)

    def member_undisturbed(self, person: str, undisturbed: bool) -> None:
        """Queues may offer the person no callers, or may again. Told again it changes nothing."""
        doing = self._of(person)
        if doing.undisturbed != undisturbed:
            doing.undisturbed = undisturbed
            if undisturbed:
                self._blocked(person, "do-not-disturb")
            else:
                self._cleared(person, "do-not-disturb", None)

    # Told by queues.

    def claim(self, person: str, queue: Listener) -> None:
        """The queue has offered the person a caller: no other queue may."""
        doing = self._of(person)
        assert doing.claimed_by in (None, queue), f"{person} is claimed by two queues"
        doing.claimed_by = queue
        self._blocked(person, "elsewhere", but=queue)

    def release(self, person: str, queue: Listener, idle_since: float | None) -> None:
        """The queue's offer, or conversation with its wrap-up, is over. Does nothing when it had no claim."""
        doing = self._of(person)
        if doing.claimed_by is queue:
            doing.claimed_by = None
            doing.idle_since = max(doing.idle_since, idle_since or 0.0)
            self._cleared(person, "elsewhere", idle_since, but=queue)

    def _of(self, person: str) -> _Doing:
        doing = self._people.get(person)
        if doing is None:
            # An outside number registers nowhere: it is there until a call to it fails.
            doing = self._people[person] = _Doing(reachable=is_outside(person))
        return doing

    def _blocked(self, person: str, obstacle: Obstacle, but: Listener | None = None) -> None:
        for listener in self._listening(person, but):
            listener.member_blocked(person, obstacle)

    def _cleared(self, person: str, obstacle: Obstacle, idle_since: float | None, but: Listener | None = None) -> None:
        for listener in self._listening(person, but):
            listener.member_cleared(person, obstacle, idle_since)

    def _listening(self, person: str, but: Listener | None) -> list[Listener]:
        references = self._listeners.get(person, [])
        alive = [reference for reference in references if reference() is not None]
        if len(alive) != len(references):
            self._listeners[person] = alive
        return [listener for reference in alive if (listener := reference()) is not None and listener is not but]
