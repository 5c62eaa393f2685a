"""Keeps adapters running: each by itself, begun again later and later where it cannot go on."""

import asyncio
import logging
import random
from collections.abc import Callable, Iterable

import msgspec

from presence_pidf.status_report import StatusReport
from status_adapters.adapter import Adapter, Billed, Overhearer, Teller, Watched
from status_adapters.health import NOBODY, AdapterHealth, Figures
from status_adapters.hook import HookAnswer, Hooked, HookRequest
from status_adapters.outlet import Lane
from status_adapters.turns import working_for

logger = logging.getLogger(__name__)

FIRST_DELAY = 1.0
"""Seconds before an adapter is begun again; doubled each time."""
LONGEST_DELAY = 300.0
STEADY_SECONDS = 60.0
"""One that ran for so long and was logged in counts as healthy: the next delay is the first again."""
TIMES_TOLD = 1, 10, 100, 1000
"""Of what goes wrong again and again, these are logged."""


def _nobody_else(_: "Supervised", report: StatusReport) -> None:
    """There are no other adapters."""


class Supervised:
    """One adapter with its health and its reports."""

    def __init__(
        self,
        adapter: Adapter,
        health: AdapterHealth,
        lane: Lane,
        clock: Callable[[], float],
        dice: random.Random,
        others: Callable[["Supervised", StatusReport], None] = _nobody_else,
    ) -> None:
        """`others` tells the other adapters of a report that was accepted."""
        self.adapter = adapter
        self.health = health
        self.lane = lane
        self._clock = clock
        self._dice = dice
        self._others = others
        self._watched: frozenset[str] = frozenset()
        self._delay = FIRST_DELAY

    @property
    def name(self) -> str:
        return self.adapter.name

    @property
    def tells(self) -> bool:
        """Whether it tells its source of people's states here."""
        return isinstance(self.adapter, Teller)

    def figures(self) -> Figures:
        billed = self.adapter.monitored_by_month if isinstance(self.adapter, Billed) else NOBODY
        return self.health.figures(len(self.lane), billed)

    def watch(self, people: Iterable[Watched]) -> None:
        """These are the people from now on."""
        people = list(people)
        self._watched = frozenset(person.presentity for person in people)
        try:
            with working_for(self.health):
                self.adapter.watch(people)
        except Exception as error:
            logger.exception("%s: cannot take the people to watch", self.name)
            self.health.failed(f"people to watch: {_told(error)}")

    def report(self, report: StatusReport) -> None:
        """Take what the adapter reports."""
        if report.received is None:
            report = msgspec.structs.replace(report, received=self._clock())
        became = self.lane.put(report) if report.presentity in self._watched else "unknown person"
        self.health.event(report, became)
        if became in ("sent", "merged", "unchanged"):
            self._others(self, msgspec.structs.replace(report, location=None))
        if became in ("unknown person", "too many sources") and self.health.counts[became] in TIMES_TOLD:
            logger.warning("%s: %s: %s of %s", self.name, became, report.source, report.presentity)

    async def keep(self) -> None:
        """Run the adapter, until cancelled."""
        while True:
            began = self._clock()
            self.health.runs += 1
            try:
                with working_for(self.health):
                    await self.adapter.run(self.report, self.health)
                fault = "it ended by itself"
            except Exception as error:
                fault = _told(error)
            if self._clock() - began > STEADY_SECONDS and self.health.standing == "logged-in":
                self._delay = FIRST_DELAY
            # Half of the delay is chance, so that many adapters of one server do not come back at the same moment.
            delay = self._delay * self._dice.uniform(0.5, 1.0)
            self._delay = min(self._delay * 2, LONGEST_DELAY)
            self.health.failed(fault)
            logger.warning("%s: %s; begun again in %.1f s", self.name, self.health.last_error, delay)
            await asyncio.sleep(delay)

    async def hooked(self, request: HookRequest) -> HookAnswer:
        """Have the adapter answer a request; where it cannot, the sender is asked to try again."""
        if not isinstance(self.adapter, Hooked):
            return HookAnswer(404, "this adapter takes no requests")
        try:
            with working_for(self.health):
                return await self.adapter.hooked(request)
        except Exception as error:
            self.health.wrong("hooks failed", _told(error))
            logger.warning("%s: a request could not be taken: %s", self.name, self.health.last_error)
            return HookAnswer(503, "try again later", headers={"retry-after": "10"})

    def overheard(self, report: StatusReport) -> None:
        """Pass on what another adapter reports, where this one wants to know."""
        if not isinstance(self.adapter, Overhearer):
            return
        try:
            with working_for(self.health):
                self.adapter.overheard(report)
        except Exception as error:
            self.health.wrong("not passed on", _told(error))
            logger.warning("%s: cannot pass on what %s says: %s", self.name, report.source, self.health.last_error)

    def tell(self, presentity: str, activity: str, note: str, since: float) -> None:
        """Pass on a person's own state here, where the adapter tells its source of it."""
        if not isinstance(self.adapter, Teller):
            return
        try:
            with working_for(self.health):
                self.adapter.tell(presentity, activity, note, since)
        except Exception as error:
            self.health.wrong("not told", _told(error))
            logger.warning("%s: cannot tell of %s: %s", self.name, presentity, self.health.last_error)


def _told(error: Exception) -> str:
    """An exception for people: faults that name themselves by their text alone, others with their kind."""
    text = str(error)
    return text if text and type(error).__module__.startswith("status_adapters") else f"{type(error).__name__}: {text}"
