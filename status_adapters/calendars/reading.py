"""iCalendar text to busy times (RFC 5545), and nothing else of what it says."""

from collections.abc import Iterator
from typing import Any

import msgspec

from provisioning.occurrences import NoCalendar, calendars_of, occurrences, words
from status_adapters.calendars.busy_time import BusyTime, Show
from status_adapters.http_client import SourceFault

MOST_TIMES = 5000


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


def busy_times(task: Task) -> tuple[BusyTime, ...]:
    """The times at which somebody is not free, in order. Raises SourceFault."""
    found: set[BusyTime] = set()
    try:
        for text in task.texts:
            for calendar in calendars_of(text):
                for time in _times(calendar, task):
                    found.add(time)
                    if len(found) > MOST_TIMES:
                        raise SourceFault(f"more than {MOST_TIMES} busy times")
    except NoCalendar as fault:
        raise SourceFault(str(fault)) from None
    except SourceFault:
        raise
    except Exception as error:
        # Each library has its own ways to say that a text is none of its kind.
        raise SourceFault(f"no iCalendar that can be read: {type(error).__name__}: {error}") from None
    return tuple(sorted(found))


def _times(calendar: Any, task: Task) -> Iterator[BusyTime]:
    for start, end, all_day, event in occurrences(calendar, task.time_zone, task.start, task.end):
        show = _show(event, task)
        if show is None:
            continue
        if all_day and show in ("busy", "away") and _is_vacation(event, show, task):
            show = "vacation"
        yield BusyTime(start, end, show, all_day, words(event, "SUMMARY")[:100] if task.titles else "")
    for component in calendar.walk("VFREEBUSY"):
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
