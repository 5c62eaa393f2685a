"""Everybody's busy times, reported when they are read and when one begins or ends."""

from collections.abc import Callable, Iterable

from status_adapters.adapter import Report
from status_adapters.calendars.busy_time import BusyTime, Outlook, outlook, report
from status_adapters.moments import Moments


class Agenda:
    """The times by presentity. `tentative` says whether such times count."""

    def __init__(self, source: str, clock: Callable[[], float], *, tentative: bool) -> None:
        self._source = source
        self._clock = clock
        self._tentative = tentative
        self._times: dict[str, tuple[BusyTime, ...]] = {}
        self._changes: Moments[str] = Moments(clock)

    def read(self, presentity: str, times: Iterable[BusyTime], told: Report) -> None:
        """These are the person's times as they were read now."""
        self._times[presentity] = self._counting(times)
        self._tell(presentity, told)

    def forget(self, presentity: str) -> None:
        self._times.pop(presentity, None)
        self._changes.drop(presentity)

    def outlook(self, times: Iterable[BusyTime]) -> Outlook:
        """What such times say of now."""
        return outlook(self._counting(times), self._clock())

    async def run(self, told: Report) -> None:
        """Report when times begin and end, until cancelled."""
        while True:
            self._tell(await self._changes.next(), told)

    def _tell(self, presentity: str, told: Report) -> None:
        now = self._clock()
        seen = outlook(self._times[presentity], now)
        if seen.next_change is not None:
            self._changes.set(presentity, seen.next_change)
        else:
            self._changes.drop(presentity)
        told(report(presentity, self._source, seen, now))

    def _counting(self, times: Iterable[BusyTime]) -> tuple[BusyTime, ...]:
        return tuple(time for time in times if self._tentative or time.show != "tentative")
