"""iCalendar text to busy times (RFC 5545), and nothing else of what it says."""

from collections.abc import Iterator
from typing import Any

import msgspec

from provisioning.calendar_text import LeftOut, NoCalendar, Tally, calendars_of
from provisioning.occurrences import Occurrence, occurrences, words
from status_adapters.calendars.busy_time import BusyTime, Show
from status_adapters.http_client import SourceFault

MOST_TIMES = 5000
MOST_NAMED = 10
"""Of what cannot be read."""


class Task(msgspec.Struct, frozen=True):
    """What to read, and how."""

    texts: tuple[bytes, ...] = ()
    start: float = 0.0
    end: float = 0.0
    """Between these, UTC epoch seconds, times are wanted."""
    time_zone: str = "UTC"
    """Of days, and of times that name none."""
    mail: str = ""
    """Whose calendar it is: what this person has declined is free."""
    titles: bool = False
    vacation_words: tuple[str, ...] = ()
    """In lower case; a whole day with one of them in its title or categories is a vacation."""

    def within(self, start: float, end: float, texts: tuple[bytes, ...]) -> "Task":
        """The same of other texts and times."""
        return msgspec.structs.replace(self, start=start, end=end, texts=texts)


_OF_OUTLOOK: dict[str, Show | None] = {
    "FREE": None,
    "WORKINGELSEWHERE": None,
    "TENTATIVE": "tentative",
    "BUSY": "busy",
    "OOF": "away",
}
"""X-MICROSOFT-CDO-BUSYSTATUS; says more than TRANSP, which has no word for out of office."""

_OF_FREE_BUSY: dict[str, Show | None] = {
    "FREE": None,
    "BUSY-TENTATIVE": "tentative",
    "BUSY-UNAVAILABLE": "away",
    "BUSY": "busy",
}
"""FBTYPE (RFC 5545 §3.2.9); an unknown one is BUSY."""


class Reading(msgspec.Struct, frozen=True):
    """What calendars say."""

    times: tuple[BusyTime, ...] = ()
    """The times at which somebody is not free, in order."""
    left_out: tuple[str, ...] = ()
    """What cannot be read of them, in words, without titles."""


def busy_times(task: Task) -> Reading:
    """Read the task's texts. Raises SourceFault."""
    found: set[BusyTime] = set()
    tally = Tally()
    for text in task.texts:
        try:
            for calendar in calendars_of(text, tally.left_out):
                for time in _times(calendar, task, tally):
                    found.add(time)
                    if len(found) > MOST_TIMES:
                        raise SourceFault(f"more than {MOST_TIMES} busy times")
        except NoCalendar as fault:
            tally.left_out.append(LeftOut("calendar", "", "", "", str(fault)))
    try:
        tally.check()
    except NoCalendar as fault:
        raise SourceFault(str(fault)) from None
    named = tuple(each.named(titles=False) for each in tally.left_out[:MOST_NAMED])
    return Reading(tuple(sorted(found)), named)


def _times(calendar: Any, task: Task, tally: Tally) -> Iterator[BusyTime]:
    def busy(time: Occurrence) -> BusyTime | None:
        show = _show(time.event, task)
        if show is None:
            return None
        if time.all_day and show in ("busy", "away") and _is_vacation(time.event, show, task):
            show = "vacation"
        title = words(time.event, "SUMMARY")[:100] if task.titles else ""
        return BusyTime(time.start, time.end, show, time.all_day, title)

    yield from occurrences(calendar, task.time_zone, (task.start, task.end), busy, tally)
    for component in calendar.walk("VFREEBUSY"):
        tally.read += 1
        yield from _free_busy(component)


def _show(event: Any, task: Task) -> Show | None:
    """How an event counts, None for not at all."""
    part = _participation(event, task.mail)
    if part == "DECLINED":
        return None
    said = words(event, "X-MICROSOFT-CDO-BUSYSTATUS").upper()
    if said in _OF_OUTLOOK:
        return _OF_OUTLOOK[said]
    if words(event, "TRANSP").upper() == "TRANSPARENT":
        return None
    if words(event, "STATUS").upper() == "TENTATIVE" or part in ("TENTATIVE", "NEEDS-ACTION"):
        return "tentative"
    return "busy"


def _participation(event: Any, mail: str) -> str:
    """What the person has answered to an invitation (RFC 5545 §3.2.12), empty for a person who was not invited."""
    attendees = event.get("ATTENDEE", ())
    for attendee in attendees if isinstance(attendees, list) else [attendees]:
        if mail and str(attendee).lower().removeprefix("mailto:") == mail.lower():
            return str(attendee.params.get("PARTSTAT", "NEEDS-ACTION")).upper()
    return ""


def _is_vacation(event: Any, show: Show, task: Task) -> bool:
    """Out of office for whole days is one; else the words say so."""
    if show == "away":
        return True
    categories = event.get("CATEGORIES")
    said = " ".join([words(event, "SUMMARY"), *(str(word) for word in getattr(categories, "cats", ()))]).lower()
    return any(word in said for word in task.vacation_words)


def _free_busy(component: Any) -> Iterator[BusyTime]:
    """The periods of a free-busy answer (RFC 4791 §7.10)."""
    entries = component.get("FREEBUSY", ())
    for entry in entries if isinstance(entries, list) else [entries]:
        show = _OF_FREE_BUSY.get(str(entry.params.get("FBTYPE", "BUSY")).upper(), "busy")
        if show is not None:
            yield BusyTime(entry.start.timestamp(), entry.end.timestamp(), show)
