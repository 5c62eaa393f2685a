"""A day on a main number, made by chance, and what in truth happened to its callers and members.

The truth is what callers heard and phones did; the log is what the day leaves behind.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from random import Random

from routing.events import CallEvent
from routing.model import Company, Destination, VoicemailBox
from routing.queue.events import AnyMemberEvent
from tests.routing.nordlys import company, menu, queue
from tests.routing.voicemail.boxes import FakePostbox, service
from tests.routing.world import FakeCaller, Phone, World
from tests.support.virtual_time import START, now, run

HOURS = 5
"""From eleven o'clock to closing time."""
CALLERS = 80
WRAP_UP_SECONDS = 15.0
MAIN_NUMBER, MOBILE = "+4533221100", "+4540404040"
MEMBERS = ("anna", "bo")
PAUSES = {"anna": (3600.0, 1800.0, "lunch"), "bo": (7200.0, 600.0, "meeting")}
"""When each pauses, seconds since the day began, for how long, and why."""
PASSIVE = {"anna": (6000.0, 100.0), "bo": (10_000.0, 3600.0)}
"""When each is passive, and for how long."""


def house() -> Company:
    """1 is sales, where 5 is to be called back; 2 a mobile, 3 sales' voicemail. Who waits too long reaches it too."""
    box = Destination("voicemail", "sales")
    keys = {"1": Destination("queue", "sales"), "2": Destination("number", MOBILE), "3": box}
    sales = queue(
        members=MEMBERS, wrap_up_seconds=WRAP_UP_SECONDS, max_wait_seconds=90.0, on_timeout=box, callback_key="5"
    )
    boxes = {"sales": VoicemailBox("sales")}
    return company(menus={"main": menu(keys=keys, operator=None)}, queues={"sales": sales}, boxes=boxes)


class GeneratedDay:
    """What happened. Times are seconds since the day began."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._chance = Random(seed)
        self._postbox = FakePostbox(house(), folder)
        self.members: list[AnyMemberEvent] = []
        """Their part of the log."""
        self.offered: Counter[int] = Counter()
        """Callers, by the hour in which they came."""
        self.answered: Counter[int] = Counter()
        """Those who talked to anybody in that call."""
        self.waits: list[float] = []
        """From choosing sales to the member's voice, seconds."""
        self.keys: Counter[str] = Counter()
        """Pressed in the menu."""
        self.callbacks_ordered = 0
        self.sent_outside = 0
        run(self._happens())

    @property
    def calls(self) -> list[CallEvent]:
        """The callers' part of the log."""
        return self._world.events

    @property
    def messages(self) -> int:
        """Left in the box."""
        return len(self._postbox.kept)

    @property
    def callbacks_connected(self) -> int:
        return sum(any(heard.startswith("talks with") for heard in back.sounds) for back in self._world.called_back)

    def rung(self, member: str) -> int:
        """How often the member's phone began to ring."""
        return sum(who == member for _, who in self._world.rung)

    def talks(self, member: str) -> list[float]:
        """The seconds of each conversation; callers never end one."""
        return [answered.talks for answered in self._world.answered if answered.person == member]

    async def _happens(self) -> None:
        phones = {"anna": self._phone("answer", "answer", "reject"), "bo": self._phone("answer", "ring")}
        self._world = World(
            self._postbox.company,
            {**phones, MOBILE: self._phone("answer", "busy")},
            house=service(self._postbox),
            keeping=lambda _: {"member_sink": self.members.append},
        )
        self._postbox.tell = self._world.note
        times = sorted(self._chance.uniform(0, HOURS * 3600 - 1800) for _ in range(CALLERS))
        callers = [self._calls(number, at, self._chance.choice("1111152390")) for number, at in enumerate(times)]
        await asyncio.gather(*callers, *map(self._changes, MEMBERS))
        await asyncio.sleep(HOURS * 3600 - (now() - START))
        assert not self._world.dropped
        assert not self._world.wrong

    def _phone(self, *ways: str) -> Iterator[Phone]:
        while True:
            after, talks = self._chance.uniform(2, 8), self._chance.uniform(20, 400)
            yield Phone(self._chance.choice(ways), after, talks)  # type: ignore[arg-type]

    async def _changes(self, member: str) -> None:
        """The member pauses, and is passive for a time."""
        runner = self._world.queues["sales"]
        for at, does in (
            (PAUSES[member][0], partial(runner.pause, member, PAUSES[member][2])),
            (sum(PAUSES[member][:2]), partial(runner.resume, member)),
            (PASSIVE[member][0], partial(runner.deactivate, member)),
            (sum(PASSIVE[member]), partial(runner.activate, member)),
        ):
            await asyncio.sleep(at - (now() - START))
            assert does()

    async def _calls(self, number: int, at: float, wish: str) -> None:
        """A caller comes, and presses what they wish: 5 is to be called back, 9 a wrong key first, 0 none at all."""
        patience = self._chance.uniform(20, 400)
        await asyncio.sleep(at)
        self.offered[int(at // 3600)] += 1
        caller = FakeCaller(f"call-{number}", number=f"+45401{number:05}")
        caller.speaks_seconds = 8.0
        call = self._world.call(caller, MAIN_NUMBER)
        asyncio.get_running_loop().call_later(patience, self._loses_patience, caller)
        chose = 0.0
        for key in {"5": "1", "9": "91", "0": ""}.get(wish, wish):
            await asyncio.sleep(3)
            chose = now() - START
            self.keys[key] += 1
            caller.press(key)
        if wish == "5":
            await asyncio.sleep(10)
            caller.press("5", "1")
        await call
        self.callbacks_ordered += "callback/ordered" in caller.sounds
        for since, heard in caller.heard:
            if heard.startswith("talks with"):
                self.answered[int(at // 3600)] += 1
                if heard.endswith(MOBILE):
                    self.sent_outside += 1
                else:
                    self.waits.append(since - chose)

    @staticmethod
    def _loses_patience(caller: FakeCaller) -> None:
        if not any(heard.startswith("talks with") for heard in caller.sounds):
            caller.hang_up_now()
