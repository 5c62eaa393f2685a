"""Reports on their way to signalling: the last of each person and source, so that no flood takes more room than that.

What a newer report has overtaken is not sent. What was accepted is on disk until a later word replaces it, and is told
again where signalling, or this process, has begun anew.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, Protocol

import msgspec

from presence_pidf.status_report import StatusReport, not_ahead

Became = Literal["sent", "merged", "unchanged", "older", "unknown person", "too many sources"]
"""What became of a report: on its way; taken the place of one that waited; says the same; told later already; of nobody
who is watched; of one source too many."""

MOST_SOURCES = 16
"""Of one adapter."""

Key = tuple[str, str]
"""Source and presentity."""


class Shelf(Protocol):
    """Where reports are kept over a restart, by key."""

    def put(self, key: str, value: bytes) -> None: ...

    def delete(self, key: str) -> None: ...


class Lane:
    """The reports of one adapter."""

    def __init__(self, name: str, shelf: Shelf, clock: Callable[[], float], ready: Callable[[], None]) -> None:
        self.name = name
        self._shelf = shelf
        self._clock = clock
        self._ready = ready
        self._known: dict[Key, StatusReport] = {}
        """The last of each, without location: that is passed on once, and not kept here."""
        self._waiting: dict[Key, StatusReport] = {}
        self.sources: set[str] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, report: StatusReport) -> Became:
        """Take a report of somebody who is watched."""
        now = self._clock()
        report = not_ahead(report, now)
        source = report.source
        if source not in self.sources:
            if len(self.sources) >= MOST_SOURCES:
                return "too many sources"
            self.sources.add(source)
        key = source, report.presentity
        known = self._known.get(key)
        if known is not None:
            if report.is_older_than(known):
                return "older"
            if _says_the_same(report, known):
                if report.started is None:
                    report = msgspec.structs.replace(report, started=known.since)
                self._known[key] = report
                return "unchanged"
        self._keep(key, report)
        merged = key in self._waiting
        self._waiting[key] = report
        self._ready()
        return "merged" if merged else "sent"

    def _keep(self, key: Key, report: StatusReport) -> None:
        if report.location is not None:
            report = msgspec.structs.replace(report, location=None)
        self._known[key] = report
        self._shelf.put(self._on_shelf(key), msgspec.msgpack.encode(report))

    def _on_shelf(self, key: Key) -> str:
        return "\n".join((self.name, *key))

    def restore(self, report: StatusReport) -> None:
        """Take up a report from disk."""
        key = report.source, report.presentity
        self.sources.add(report.source)
        self._known[key] = self._waiting[key] = report

    def retain(self, presentities: Callable[[str], bool]) -> None:
        """Forget people who are watched no more."""
        for key in [key for key in self._known if not presentities(key[1])]:
            del self._known[key]
            self._waiting.pop(key, None)
            self._shelf.delete(self._on_shelf(key))

    def tell_all_again(self) -> None:
        """Send the last of each once more, but for what has expired."""
        now = self._clock()
        self._waiting = {key: report for key, report in self._known.items() if report.live(now)} | self._waiting
        if self._waiting:
            self._ready()

    def take(self, most: int) -> list[StatusReport]:
        """The reports that have waited longest."""
        keys = [key for _, key in zip(range(most), self._waiting, strict=False)]
        return [self._waiting.pop(key) for key in keys]

    def put_back(self, report: StatusReport) -> None:
        """What was taken did not arrive; a newer one stays in its place."""
        self._waiting.setdefault((report.source, report.presentity), report)


def _says_the_same(report: StatusReport, known: StatusReport) -> bool:
    """Whether signalling knows all of it: content, beginning, end."""
    return (
        report.content == known.content
        and report.started in (None, known.since)
        and report.expires_at == known.expires_at
    )


class Outlet:
    """The lanes of all adapters. Each has its share of what is sent, however much another has to tell."""

    def __init__(self, shelf: Shelf, clock: Callable[[], float], ready: Callable[[], None]) -> None:
        """`ready` is called whenever there is something to take."""
        self._shelf = shelf
        self._clock = clock
        self._ready = ready
        self._lanes: dict[str, Lane] = {}

    def lane(self, name: str) -> Lane:
        """The lane of the adapter of this name."""
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = Lane(name, self._shelf, self._clock, self._ready)
        return lane

    def restore(self, kept: Mapping[str, bytes]) -> None:
        """Take up what the shelf holds, once the lanes are made; what is of no adapter any more is thrown away."""
        for key, value in kept.items():
            lane = self._lanes.get(key.partition("\n")[0])
            try:
                report = msgspec.msgpack.decode(value, type=StatusReport)
            except msgspec.DecodeError:
                lane = None
            if lane is None:
                self._shelf.delete(key)
            else:
                lane.restore(report)

    def retain(self, presentities: Callable[[str], bool]) -> None:
        for lane in self._lanes.values():
            lane.retain(presentities)

    def tell_all_again(self) -> None:
        for lane in self._lanes.values():
            lane.tell_all_again()

    def take(self, most: int) -> list[tuple[Lane, StatusReport]]:
        """At most so many reports, of each lane its share; what one leaves is the others'."""
        lanes = sorted((lane for lane in self._lanes.values() if len(lane)), key=len)
        taken: list[tuple[Lane, StatusReport]] = []
        for place, lane in enumerate(lanes):
            share = (most - len(taken)) // (len(lanes) - place)
            taken += [(lane, report) for report in lane.take(share)]
        return taken

    @staticmethod
    def put_back(taken: Iterable[tuple[Lane, StatusReport]]) -> None:
        for lane, report in taken:
            lane.put_back(report)

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._lanes.values())
