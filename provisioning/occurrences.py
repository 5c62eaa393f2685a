"""Events of iCalendar text (RFC 5545) as they occur: what repeats is expanded with its exceptions, and given instants.

What an event means is the reader's: a meeting, or a day on which a company is closed. Libraries are imported with this
module, and slow to import: it is for processes that read calendars and do nothing else.
"""

import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from provisioning.calendar_text import LeftOut, Tally, TooMuch, why

Meaning = TypeVar("Meaning")

LAST_YEAR = 2800
"""Later dates are read as its first day: they say "until further notice", and how long that is overflows."""
EVENT_SECONDS = 0.5
"""Of computing, for one event."""
AGAIN_SECONDS = 0.1
"""Of computing, between two attempts to end one."""
MOST_OF_ONE = 5000
"""Times of one event."""


class Occurrence(NamedTuple):
    """One time of an event, UTC epoch seconds; the end is not part of it."""

    start: float
    end: float
    all_day: bool
    event: Any
    """The VEVENT, as the icalendar library has it."""


def occurrences(
    calendar: Any,
    time_zone: str,
    between: tuple[float, float],
    meaning: Callable[[Occurrence], Meaning | None],
    tally: Tally,
) -> Iterator[Meaning]:
    """What occurs between two instants and was not cancelled, as what it means; None is passed over.

    Days, and times that name no zone, are of `time_zone`. An event that cannot be read is left out as a whole.
    """
    zone, (first, last) = ZoneInfo(time_zone), (datetime.fromtimestamp(at, UTC) for at in between)
    for events in _by_uid(calendar):
        try:
            with _patience():
                found = [meaning(each) for each in _of_one(_alone(calendar, events), first, last, zone)]
        except Exception as error:  # each library has its own ways to say what it cannot read
            tally.left_out.append(_named(events[0], error))
            continue
        tally.read += 1
        yield from (each for each in found if each is not None)


def words(event: Any, name: str) -> str:
    """A property as one line of text, empty where the event has none."""
    return " ".join(str(event.get(name, "")).split())


def _of_one(calendar: Any, first: datetime, last: datetime, zone: ZoneInfo) -> Iterator[Occurrence]:
    _bring_near(calendar)
    found = recurring_ical_events.of(calendar).between(first, last)
    if len(found) > MOST_OF_ONE:
        raise TooMuch(f"it occurs more than {MOST_OF_ONE} times")
    for event in found:
        if words(event, "STATUS").upper() == "CANCELLED":
            continue
        all_day = not isinstance(event.start, datetime)
        begins, ends = _instant(event.start, zone), _instant(event.end, zone)
        if all_day and ends == begins:
            ends = _instant(event.start + timedelta(days=1), zone)
        if ends > begins:
            yield Occurrence(begins, ends, all_day, event)


def _by_uid(calendar: Any) -> Iterable[list[Any]]:
    """The events, each with the exceptions from its rule."""
    found: dict[str, list[Any]] = {}
    for number, event in enumerate(calendar.walk("VEVENT")):
        found.setdefault(words(event, "UID") or f"without one, {number}", []).append(event)
    return found.values()


def _alone(calendar: Any, events: list[Any]) -> Any:
    """The calendar with these events alone."""
    alone = icalendar.Calendar()
    alone.update(calendar)
    for event in events:
        alone.add_component(event)
    return alone


def _named(event: Any, error: Exception) -> LeftOut:
    begins = event.get("DTSTART")
    written = "" if begins is None else begins.to_ical().decode("utf-8", "replace")
    return LeftOut("VEVENT", words(event, "UID"), written, words(event, "SUMMARY")[:100], why(error))


@contextmanager
def _patience() -> Iterator[None]:
    """Raises TooMuch in the midst of what computes for longer than one event may: some rules have no end."""

    over = False

    def stop(signal_number: int, frame: object) -> None:
        if not over:
            raise TooMuch(f"it takes more than {EVENT_SECONDS:g} s of computing")

    before = signal.signal(signal.SIGVTALRM, stop)
    # Again and again, for what is raised where Python frees something comes to nothing.
    signal.setitimer(signal.ITIMER_VIRTUAL, EVENT_SECONDS, AGAIN_SECONDS)
    try:
        yield
    finally:
        over = True
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, before)


def _bring_near(calendar: Any) -> None:
    for event in calendar.walk("VEVENT"):
        for name in ("DTSTART", "DTEND"):
            moment = getattr(event.get(name), "dt", None)
            if isinstance(moment, date) and moment.year > LAST_YEAR:
                event[name].dt = moment.replace(year=LAST_YEAR, month=1, day=1)
        _shorten(event)


def _shorten(event: Any) -> None:
    """Let what lasts beyond the last year end there."""
    begins, lasts = (getattr(event.get(name), "dt", None) for name in ("DTSTART", "DURATION"))
    if isinstance(begins, date) and isinstance(lasts, timedelta):
        most = date(LAST_YEAR, 1, 1) - date(begins.year, begins.month, begins.day)
        event["DURATION"].dt = min(lasts, most)


def _instant(moment: date, zone: ZoneInfo) -> float:
    """UTC epoch seconds of a day's first instant, or of a time; in `zone` where it names none (RFC 5545 §3.3.5)."""
    if not isinstance(moment, datetime):
        return datetime(moment.year, moment.month, moment.day, tzinfo=zone).timestamp()
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).timestamp()
