"""How an adapter is: what it told of itself, and what its reports tell."""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import Literal

import msgspec

from presence_pidf.status_report import StatusReport

Standing = Literal["starting", "logged-in", "failed"]

RATE_SECONDS = 10
"""Over which events a second are counted."""
DIFFERENCE_SECONDS = 300.0
"""For how long the smallest difference of clocks is kept, so that it follows clocks that are set."""
NOBODY: Mapping[str, int] = {}
"""What a link has monitored that is not billed by it."""
MOST_TEXT = 300
"""Characters of an error that are kept."""


class Figures(msgspec.Struct, frozen=True):
    """How an adapter is at a moment; times are UTC epoch seconds by our clock."""

    name: str
    kind: str
    standing: Standing = "starting"
    since: float = 0.0
    last_event: float | None = None
    last_error: str = ""
    last_error_at: float | None = None
    runs: int = 0
    """How often it was begun; it ends where it cannot go on, and is begun again."""
    events: int = 0
    events_a_second: float = 0.0
    lag: float | None = None
    """Seconds by which the source is behind, as the adapter says."""
    clock_difference: float | None = None
    """Seconds that reports are old when they come, at best. Less than nothing: the source's clock is ahead of ours."""
    counts: dict[str, int] = {}
    """What became of its events, and what was wrong with them."""
    waiting: int = 0
    """Reports on their way."""
    monitored: dict[str, int] = {}
    """Different people monitored, by month; of links that are billed by them."""


class AdapterHealth:
    """Where one adapter tells how it is: fulfils `status_adapters.adapter.Health`."""

    def __init__(self, name: str, kind: str, clock: Callable[[], float], masked: Callable[[str], str]) -> None:
        """`masked` takes secrets out of a text."""
        self._name = name
        self._kind = kind
        self._clock = clock
        self._masked = masked
        self._standing: Standing = "starting"
        self._since = clock()
        self._last_event: float | None = None
        self._last_error = ""
        self._last_error_at: float | None = None
        self._lag: float | None = None
        self._seconds: deque[tuple[int, int]] = deque()
        self._difference: float | None = None
        self._difference_before: float | None = None
        self._difference_since = 0.0
        self.events = 0
        self.runs = 0
        self.heard_at = 0.0
        """When the source was last known to be there."""
        self.counts: Counter[str] = Counter()

    @property
    def standing(self) -> Standing:
        return self._standing

    @property
    def last_error(self) -> str:
        return self._last_error

    def logged_in(self) -> None:
        self.heard_at = self._clock()
        self._stand("logged-in")

    def failed(self, error: str) -> None:
        """The adapter cannot do its work; the text says why."""
        self._last_error = self._masked(error)[:MOST_TEXT]
        self._last_error_at = self._clock()
        self._stand("failed")

    def lag(self, seconds: float) -> None:
        self.heard_at = self._clock()
        self._lag = seconds

    def wrong(self, what: str, error: str) -> None:
        """Something that came is of no use and was passed over: it is counted, and the last is kept to be shown."""
        self.counts[what] += 1
        self._last_error = self._masked(error)[:MOST_TEXT]
        self._last_error_at = self._clock()

    def event(self, report: StatusReport, became: str) -> None:
        """A report has come, and this became of it."""
        now = self._clock()
        self.heard_at = self._last_event = now
        self.events += 1
        self.counts[became] += 1
        second = int(now)
        if self._seconds and self._seconds[-1][0] == second:
            self._seconds[-1] = second, self._seconds[-1][1] + 1
        else:
            self._seconds.append((second, 1))
            self._forget(second)
        if report.received is not None:
            self._differ(report.received - report.at, now)

    def figures(self, waiting: int = 0, monitored: Mapping[str, int] = NOBODY) -> Figures:
        now = self._clock()
        self._forget(int(now))
        return Figures(
            name=self._name,
            kind=self._kind,
            standing=self._standing,
            since=self._since,
            last_event=self._last_event,
            last_error=self._last_error,
            last_error_at=self._last_error_at,
            runs=self.runs,
            events=self.events,
            events_a_second=sum(count for _, count in self._seconds) / RATE_SECONDS,
            lag=self._lag,
            clock_difference=self._smallest(),
            counts=dict(self.counts),
            waiting=waiting,
            monitored=dict(monitored),
        )

    def _stand(self, standing: Standing) -> None:
        if standing != self._standing:
            self._standing, self._since = standing, self._clock()

    def _forget(self, second: int) -> None:
        while self._seconds and self._seconds[0][0] <= second - RATE_SECONDS:
            self._seconds.popleft()

    def _differ(self, difference: float, now: float) -> None:
        if now - self._difference_since > DIFFERENCE_SECONDS:
            self._difference_before, self._difference, self._difference_since = self._difference, None, now
        if self._difference is None or difference < self._difference:
            self._difference = difference

    def _smallest(self) -> float | None:
        known = [each for each in (self._difference, self._difference_before) if each is not None]
        return min(known, default=None)
