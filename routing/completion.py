"""Call completion: who wants to be told when somebody is free, in whose turn, once.

For each person who is waited for there is a line: when the person is free, whoever asked first and is free as well has
the turn, and the others wait until it is over. Whoever is on the phone just then keeps the place. It needs no answer
from the person who is waited for: they learn of it when they are called.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Protocol

import msgspec

from routing.activity import Activity
from routing.ports import Clock
from routing.queue.events import Obstacle

log = logging.getLogger(__name__)

SETTLE_SECONDS = 2.0
"""How long somebody is left in peace who has just hung up."""
TURN_SECONDS = 30.0
"""How long the others wait while a phone that was told may call by itself."""


class Wanted(msgspec.Struct, frozen=True):
    """Somebody waits for somebody."""

    asker: str
    target: str
    """Ids of people."""
    expires_at: float
    """UTC epoch seconds; infinite for a phone, which watches until it is told or unsubscribes."""
    by_phone: bool = False
    """The asker's phone is told and calls by itself; else the server calls the asker."""
    armed: bool = False
    """The target was busy or away since, so that being free is news. One who is there and did not answer is not."""


class Completion(Protocol):
    """What is done when a turn comes."""

    def recall(self, asker: str, target: str) -> Coroutine[Any, Any, None]:
        """Call the asker, connect them to the target, and return when that is over."""
        ...

    def told(self, asker: str, target: str) -> None:
        """The asker's phone is to be told that the target is free."""

    def changed(self, asker: str, target: str) -> None:
        """Somebody waits, or waits no more: for what is on disk, and for lamps."""


class CompletionDesk:
    """The lines of one company. Fulfils `routing.activity.Listener`."""

    def __init__(self, completion: Completion, clock: Clock) -> None:
        self._completion = completion
        self._clock = clock
        self._activity: Activity | None = None
        self._lines: dict[str, dict[str, Wanted]] = {}
        """By target, in order, by asker."""
        self._obstacles: dict[str, set[Obstacle]] = {}
        self._serving: dict[str, str] = {}
        """Who has the turn, by target."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def attach(self, activity: Activity) -> None:
        """Learn from now on who is free."""
        if self._activity is not activity:
            self._activity = activity
            self._obstacles.clear()
            for wanted in self.all():
                self._follow(wanted)

    def all(self) -> list[Wanted]:
        """Everybody who waits, in the order of each line."""
        return [wanted for line in self._lines.values() for wanted in line.values()]

    def wanted(self, asker: str, target: str) -> Wanted | None:
        """What somebody waits for, None where they do not wait."""
        return self._lines.get(target, {}).get(asker)

    def waits(self, asker: str, target: str) -> bool:
        return self.wanted(asker, target) is not None

    def ask(self, wanted: Wanted) -> None:
        """Wait from now on; who waits already keeps the place."""
        line = self._lines.setdefault(wanted.target, {})
        known = line.get(wanted.asker)
        if known is not None:
            wanted = msgspec.structs.replace(wanted, armed=known.armed)
        line[wanted.asker] = wanted
        self._follow(wanted)
        self._completion.changed(wanted.asker, wanted.target)
        if wanted.expires_at != math.inf:
            self._later(wanted.expires_at - self._clock(), lambda: self._expire(wanted.target))
        self._look_soon(wanted.target)

    def close(self) -> None:
        """Give nobody a turn from now on: everybody waits on, for another run of the process."""
        self._closed = True

    def cancel(self, asker: str, target: str = "") -> int:
        """Wait no more for the target, or for anybody; how many it were."""
        targets = [target] if target else list(self._lines)
        return sum(self._drop(asker, each) for each in targets)

    def _drop(self, asker: str, target: str) -> bool:
        line = self._lines.get(target, {})
        if line.pop(asker, None) is None:
            return False
        if not line:
            del self._lines[target]
        self._completion.changed(asker, target)
        return True

    # Told by the activity.

    def member_blocked(self, person: str, obstacle: Obstacle) -> None:
        self._obstacles.setdefault(person, set()).add(obstacle)
        line = self._lines.get(person, {})
        for asker, wanted in line.items():
            if not wanted.armed:
                line[asker] = msgspec.structs.replace(wanted, armed=True)
                self._completion.changed(asker, person)

    def member_cleared(self, person: str, obstacle: Obstacle, idle_since: float | None) -> None:
        self._obstacles.setdefault(person, set()).discard(obstacle)
        if self._free(person):
            self._look_for(person)

    # Turns.

    def _follow(self, wanted: Wanted) -> None:
        if self._activity is None:
            return
        for person in (wanted.target, wanted.asker):
            if person not in self._obstacles:
                self._obstacles[person] = {"gone"}
                self._activity.listen(person, self)
        if not self._free(wanted.target) and not wanted.armed:
            self._lines[wanted.target][wanted.asker] = msgspec.structs.replace(wanted, armed=True)

    def _free(self, person: str) -> bool:
        return not self._obstacles.get(person, {"gone"})

    def _may_talk(self, person: str) -> bool:
        """Free and in no turn: whoever has one is about to be called, though nothing shows it yet."""
        return self._free(person) and person not in self._serving and person not in self._serving.values()

    def _look_for(self, person: str) -> None:
        """Somebody is free: look at whoever waits for them, and at whom they wait for."""
        for target, line in self._lines.items():
            if target == person or person in line:
                self._look_soon(target)

    def _look_soon(self, target: str) -> None:
        self._later(SETTLE_SECONDS, lambda: self._look(target))

    def _look(self, target: str) -> None:
        """Give the turn to whoever is next, if the target is free."""
        self._expire(target)
        if self._next(target) is not None:
            task = asyncio.get_running_loop().create_task(self._serve(target))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _next(self, target: str) -> Wanted | None:
        """Whose turn it is; None while nobody can be called."""
        if self._closed or not self._may_talk(target):
            return None
        return next((each for each in self._waiting(target) if each.armed and self._may_talk(each.asker)), None)

    async def _serve(self, target: str) -> None:
        # Whoever was free when this was begun may be in a call by now.
        first = self._next(target)
        if first is None:
            return
        self._serving[target] = first.asker
        self._drop(first.asker, target)
        log.info("%s is free, and %s has asked to be told", target, first.asker)
        if first.by_phone:
            self._completion.told(first.asker, target)
            self._later(TURN_SECONDS, lambda: self._over(target))
        else:
            await self._recall(first)

    async def _recall(self, wanted: Wanted) -> None:
        try:
            await self._completion.recall(wanted.asker, wanted.target)
        except Exception:
            log.exception("%s could not be called for %s, who is free", wanted.asker, wanted.target)
        finally:
            self._over(wanted.target)

    def _over(self, target: str) -> None:
        asker = self._serving.pop(target)
        for person in (target, asker):
            self._look_for(person)

    def _expire(self, target: str) -> None:
        now = self._clock()
        for wanted in list(self._waiting(target)):
            if wanted.expires_at <= now:
                log.info("%s has waited for %s in vain", wanted.asker, target)
                self._drop(wanted.asker, target)

    def _waiting(self, target: str) -> Iterable[Wanted]:
        return self._lines.get(target, {}).values()

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(max(0.0, seconds), work)
