"""Which feeds of closing days there are, and the times that each closes."""

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path

import httpx
import msgspec

from lampfield.closing_days.fetch import FeedFault, fetch
from lampfield.closing_days.kept import FeedsOnDisk, Kept
from lampfield.closing_days.reader import Task, read
from lampfield.shown_url import shown
from routing.hours import ClosedTime
from routing.model import Company, OpeningHours
from routing.ports import Clock

logger = logging.getLogger(__name__)

REFRESH_SECONDS = 900.0
"""Between two looks at a feed."""
REREAD_SECONDS = 86_400.0
"""After which a feed that has not changed is read again: the time that is looked ahead has moved on."""
BEHIND_SECONDS = 2 * 86_400.0
AHEAD_SECONDS = 420 * 86_400.0
AT_ONCE = 4
"""Feeds that are fetched or read at the same time."""
MOST_REDIRECTS = 5


class ClosingDays:
    """Feeds in the background. A feed that is away or bad leaves what was known of it, and is told in the log, once.

    What cannot be read of one that is good otherwise is left out, and told as well.
    """

    def __init__(self, folder: Path, clock: Clock, *, refresh_seconds: float = REFRESH_SECONDS) -> None:
        self._disk = FeedsOnDisk(folder)
        self._clock = clock
        self._refresh_seconds = refresh_seconds
        self._zones: dict[str, set[str]] = {}
        self._times: dict[tuple[str, str], tuple[ClosedTime, ...]] = {}
        self._faults: dict[str, str] = {}
        self._left_out: dict[str, tuple[str, ...]] = {}
        self._changed = asyncio.Event()
        self._turn = asyncio.Semaphore(AT_ONCE)

    def configure(self, companies: Iterable[Company]) -> None:
        """Take over which feeds there are; what is on disk of them counts from now on, and they are looked at soon."""
        zones: dict[str, set[str]] = {}
        for company in companies:
            for hours in company.hours.values():
                if hours.closing_days:
                    zones.setdefault(hours.closing_days, set()).add(hours.time_zone)
        self._zones, known = zones, self._times
        self._times = {wanted: times for wanted, times in known.items() if wanted[0] in zones}
        for url in zones:
            kept = self._disk.load(url)
            if kept is not None:
                self._take(kept)
        self._changed.set()

    def times(self, hours: OpeningHours) -> tuple[ClosedTime, ...]:
        """What the feed of these hours closes, in order; nothing while nothing is known of it."""
        return self._times.get((hours.closing_days, hours.time_zone), ())

    async def run(self) -> None:
        """Look at the feeds again and again, until cancelled."""
        async with httpx.AsyncClient(
            timeout=None,  # noqa: S113  timed as a whole
            follow_redirects=True,
            max_redirects=MOST_REDIRECTS,
            trust_env=False,
        ) as client:
            while True:
                self._changed.clear()
                await asyncio.to_thread(self._disk.forget_all_but, set(self._zones))
                await asyncio.gather(*(self._refresh(client, url) for url in sorted(self._zones)))
                try:
                    async with asyncio.timeout(self._refresh_seconds):
                        await self._changed.wait()
                except TimeoutError:
                    continue

    async def _refresh(self, client: httpx.AsyncClient, url: str) -> None:
        try:
            async with self._turn:
                kept = await asyncio.to_thread(self._disk.load, url)
                fetched = await fetch(client, url, kept)
                current = await self._read_anew(url, kept, fetched)
        except FeedFault as fault:
            self._told(url, str(fault))
            return
        self._told(url, "")
        if current is None:
            return
        self._take(current)
        logger.info("closing days %s: %d closed times", shown(url), max(map(len, current.times.values()), default=0))
        try:
            await asyncio.to_thread(self._disk.save, current)
        except OSError as error:
            logger.error("closing days %s cannot be kept on disk: %s", shown(url), error)

    async def _read_anew(self, url: str, kept: Kept | None, fetched: Kept | None) -> Kept | None:
        """The feed with its times, None where those that are kept are good. Raises FeedFault."""
        now, zones = self._clock(), self._zones.get(url, set())
        current = fetched or kept
        assert current is not None, "who has nothing is never answered that nothing has changed"
        if fetched is None and now - current.read_at < REREAD_SECONDS and zones <= current.times.keys():
            return None
        times: dict[str, tuple[ClosedTime, ...]] = {}
        for zone in sorted(zones):
            result = await read(Task(current.text, zone, now - BEHIND_SECONDS, now + AHEAD_SECONDS))
            times[zone] = result.times
            self._told_left_out(url, result.left_out)
        return msgspec.structs.replace(current, times=times, read_at=now)

    def _take(self, kept: Kept) -> None:
        for zone, times in kept.times.items():
            self._times[kept.url, zone] = times

    def _told(self, url: str, fault: str) -> None:
        """A fault is told when it begins, or becomes another one."""
        if fault and self._faults.get(url) != fault:
            logger.warning("closing days %s: %s; what was known of them stands", shown(url), fault)
        self._faults[url] = fault

    def _told_left_out(self, url: str, left_out: tuple[str, ...]) -> None:
        """What of a feed cannot be read is told when it comes, or becomes something else."""
        for each in left_out if left_out != self._left_out.get(url, ()) else ():
            logger.warning("closing days %s: left out, the rest counts: %s", shown(url), each)
        self._left_out[url] = left_out
