"""Opening hours as they are now: what was worked out for one call holds for the next, until something may change."""

from routing.hours import Changes, Situation, situation
from routing.model import OpeningHours

LONGEST = 60.0
"""Seconds, whole in every time zone: a day's periods begin and end with a minute, as days do."""


class _Known:
    """How it is from `since` until before `until`, by these hours and what changes them."""

    __slots__ = ("changes", "hours", "since", "situation", "until")

    def __init__(self, hours: OpeningHours, changes: Changes, at: float) -> None:
        self.hours = hours
        self.changes = changes
        self.situation = situation(hours, at, changes)
        self.since = at
        self.until = _unchanged_until(at, changes)


class HoursNow:
    """Of one company; asked for every call that comes."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    def situation(self, hours: OpeningHours, at: float, changes: Changes) -> Situation:
        """As `hours.situation`."""
        known = self._known.get(hours.name)
        if known is None or known.hours is not hours or not known.since <= at < known.until or known.changes != changes:
            known = self._known[hours.name] = _Known(hours, changes, at)
        return known.situation


def _unchanged_until(at: float, changes: Changes) -> float:
    """The first instant after `at` at which the day's periods, the day, or what a feed closes may be others."""
    until = (at // LONGEST + 1) * LONGEST
    for time in changes.closed:
        for border in (time.start, time.end):
            if at < border < until:
                until = border
    return until
