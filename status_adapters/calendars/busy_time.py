"""The times at which a calendar says that somebody is not free, and what they mean at a moment. Pure."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from presence_pidf.status_report import Activity, StatusReport

Show = Literal["tentative", "busy", "away", "vacation"]
"""How a time is entered; `away` is out of office."""

_STRENGTH: dict[Show, int] = {"vacation": 0, "away": 1, "busy": 2, "tentative": 3}


class BusyTime(msgspec.Struct, frozen=True, order=True, gc=False):
    """One time, UTC epoch seconds; the end is not part of it."""

    start: float
    end: float
    show: Show = "busy"
    all_day: bool = False
    title: str = ""
    """Empty unless the person has agreed."""


class Outlook(msgspec.Struct, frozen=True, gc=False):
    """What a calendar says of a moment."""

    activity: Activity
    """`unknown` where nothing is entered: who is in no meeting may still be anywhere."""
    since: float | None = None
    until: float | None = None
    """When nothing stands against being called any more."""
    title: str = ""
    next_change: float | None = None
    """The next moment at which another answer may be right."""


def outlook(times: Iterable[BusyTime], now: float) -> Outlook:
    """What these times say of `now`; of several the strongest counts."""
    ahead = sorted(time for time in times if time.end > now)
    current = [time for time in ahead if time.start <= now]
    next_change = min((time.end if time.start <= now else time.start for time in ahead), default=None)
    if not current:
        return Outlook("unknown", next_change=next_change)
    time = min(current, key=lambda time: (_STRENGTH[time.show], time.start))
    until = time.end
    for other in ahead:
        if other.start <= until:
            until = max(until, other.end)
    return Outlook(_activity(time), time.start, until, time.title, next_change)


def _activity(time: BusyTime) -> Activity:
    if time.show == "vacation" or time.show == "away":
        return time.show
    return "busy" if time.all_day else "meeting"


def report(presentity: str, source: str, seen: Outlook, at: float) -> StatusReport:
    """What a calendar says, as a report. It expires by itself when the last of several times in a row ends."""
    return StatusReport(
        presentity=presentity,
        source=source,
        activity=seen.activity,
        at=at,
        started=seen.since,
        expires_at=seen.until,
        back_at=seen.until,
        note=seen.title,
    )
