"""The kinds of value a company file holds beside plain text and numbers."""

import itertools
import re
from collections.abc import Collection
from datetime import date
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import holidays
import phonenumbers

from provisioning.kinds import Kind, Unexpected, text, whole
from routing.model import CalendarPeriod, Destination, OpenPeriod

LANGUAGES = ("en", "da", "nb", "sv", "de")
NAME = text("a name of small letters, digits, - and _", r"[a-z0-9][a-z0-9_-]*", max_length=63)
PERSON_ID = text(
    "a name of small letters, digits, - and _ that begins with a letter", r"[a-z][a-z0-9_-]*", max_length=63
)
PERSON_NAME = text("a name on one line", r"[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*")
OUTSIDE_NUMBER = text("a number in E.164 form, such as +4533221100", r"\+[1-9][0-9]{3,14}")
DOMAIN = text(
    "a domain in small letters, such as nordlys.example",
    r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*",
)
MAIL_ADDRESS = text("a mail address, such as sales@nordlys.example", r"[^\s@<>,;]+@[A-Za-z0-9.-]+")
WEB_ADDRESS = text(
    "a web address, such as https://nordlys.example/calls", r"https?://[A-Za-z0-9.:\[\]-]+(/[!-~]*)?(\?[!-~]*)?"
)
FEATURE_CODE = text("2 to 8 of 0-9, * and #, such as *50", r"[0-9*#]{2,8}")
EXTENSION = text("2 to 6 digits", r"[0-9]{2,6}")
PRIORITY = whole(-100, 100)

# What follows names something else: check asks of each kind whether what it names is there.
PROMPT = text("a prompt's name, such as greeting or position/7", r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")
MUSIC = text("the name of a music list", r"[A-Za-z0-9_-]+")
SECRET = text("a name of letters, digits, - and _", r"[A-Za-z0-9_-]{1,63}")
HOURS_NAME = text(NAME.expected, r"[a-z0-9][a-z0-9_-]*", max_length=63)
READER = text(PERSON_ID.expected, r"[a-z][a-z0-9_-]*", max_length=63)

LAMP = text(
    "the id of a person, an internal number or a code that phones dial",
    r"[a-z][a-z0-9_-]*|[0-9*#]{2,12}",
    max_length=63,
)


def country() -> Kind[str]:
    """ISO 3166 alpha-2, of those whose numbers can be read."""

    def read(value: object) -> str:
        if not isinstance(value, str) or value not in phonenumbers.SUPPORTED_REGIONS:
            raise Unexpected
        return value

    return Kind("a country by two letters (ISO 3166), such as DK", read, "DK")


@cache
def _holiday_countries() -> dict[str, list[str]]:
    """The parts of each country whose public holidays are known."""
    return holidays.list_supported_countries(include_aliases=False)


def holiday_country() -> Kind[str]:
    """A country whose public holidays are known, `DK`, or a part of one, `DE-BY`."""

    def read(value: object) -> str:
        if not isinstance(value, str):
            raise Unexpected
        whole_country, _, part = value.partition("-")
        parts: Collection[str] | None = _holiday_countries().get(whole_country)
        if parts is None:
            raise Unexpected
        if value != whole_country and part not in parts:
            known = f"has {', '.join(parts)}" if parts else "is known as a whole only"
            raise Unexpected(f"a known part of {whole_country}, which {known}")
        return value

    return Kind("a country whose public holidays are known, such as DK, or a part of one, such as DE-BY", read, "DK")


DESTINATIONS = {
    "person:ID": "somebody's phones",
    "queue:NAME": "a hunt group or queue",
    "menu:NAME": "a menu",
    "number:+E164": "a number outside, such as number:+4520304050",
    "message:PROMPT": "a prompt, then the call ends",
    "voicemail:BOX": "leave a message",
    "calendar:NAME": "where the calendar leads at that moment",
    "lookup:NAME": "where the company's own server says",
    "hours:NAME": "the opening hours are told, then `back`",
    "callback:QUEUE": "keep a place in the queue and be called back",
    "names": "dial a person by name",
    "mailbox": "listen to one's messages",
    "recording": "record a greeting, after the PIN",
    "back": "to the menu that the caller came from, or to the place in the queue that was kept",
    "hangup": "the call ends",
}
"""What a destination may be, and what it means."""
_ANY_DESTINATION = f"one of {', '.join(DESTINATIONS)}"


def read_destination(value: object) -> Destination:
    """A destination from its written form, `queue:sales`. Raises Unexpected."""
    match value:
        case "names" | "mailbox" | "recording" | "back" | "hangup":
            return Destination(value)
    kind, _, name = value.partition(":") if isinstance(value, str) else ("", "", "")
    match kind:
        case "number":
            return Destination(kind, OUTSIDE_NUMBER.read(name))
        case "person" | "queue" | "menu" | "voicemail" | "calendar" | "lookup" | "hours" | "callback":
            return Destination(kind, NAME.read(name))
        case "message":
            return Destination(kind, PROMPT.read(name))
    raise Unexpected


DESTINATION = Kind(_ANY_DESTINATION, read_destination, Destination("hangup"), write=str)
"""Where a call goes by itself."""
CHOICE = Kind(_ANY_DESTINATION, read_destination, Destination("hangup"), write=str)
"""Where a call goes when the caller presses a key for it."""


def _read_member(value: object) -> str:
    return OUTSIDE_NUMBER.read(value) if isinstance(value, str) and value.startswith("+") else PERSON_ID.read(value)


MEMBER = Kind("the id of a person or a number in E.164 form, such as +4520304050", _read_member, "")


def time_zone() -> Kind[str]:
    """A name of the IANA time zone database."""

    def read(value: object) -> str:
        try:
            return ZoneInfo(value if isinstance(value, str) else "").key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            # OSError: a folder of the database, such as Europe.
            raise Unexpected from None

    return Kind("a time zone, such as Europe/Copenhagen", read, "UTC")


def _read_date(value: object) -> str:
    if not isinstance(value, str) or re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value) is None:
        raise Unexpected
    try:
        date.fromisoformat(value)
    except ValueError:
        raise Unexpected("a date that there is") from None
    return value


DATE = Kind("a date, such as 2026-12-24", _read_date, "")

_TIME = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")


def open_periods() -> Kind[tuple[OpenPeriod, ...]]:
    """The parts of one day that are open, in order."""

    def read(value: object) -> tuple[OpenPeriod, ...]:
        if not isinstance(value, list):
            raise Unexpected
        periods = tuple(_read_period(entry) for entry in value)
        _refuse_overlap(periods)
        return periods

    return Kind(
        'a list of periods, such as ["08:00-12:00", "12:30-16:00"]',
        read,
        (),
        write=lambda periods: [_written_period(period) for period in periods],
    )


def calendar_periods() -> Kind[tuple[CalendarPeriod, ...]]:
    """Where calls go in the parts of one day, in order."""

    def read(value: object) -> tuple[CalendarPeriod, ...]:
        if not isinstance(value, list):
            raise Unexpected
        entries = tuple(_read_calendar_period(entry) for entry in value)
        _refuse_overlap(tuple(entry.period for entry in entries))
        return entries

    return Kind(
        'a list of parts of the day, such as [{ from = "17:00", to = "22:00", destination = "voicemail:sales" }]',
        read,
        (),
        write=lambda entries: [_written_calendar_period(entry) for entry in entries],
        inside=lambda entries: [(DESTINATION, entry.destination) for entry in entries],
    )


def _refuse_overlap(periods: tuple[OpenPeriod, ...]) -> None:
    if any(later.start < earlier.end for earlier, later in itertools.pairwise(periods)):
        raise Unexpected("periods in order that do not overlap")


def _read_period(entry: object) -> OpenPeriod:
    start, dash, end = entry.partition("-") if isinstance(entry, str) else ("", "", "")
    if not dash:
        raise Unexpected
    return _period(start, end)


def _read_calendar_period(entry: object) -> CalendarPeriod:
    match entry:
        case {"from": str(start), "to": str(end), "destination": destination, **more} if not more:
            try:
                return CalendarPeriod(_period(start, end), DESTINATION.read(destination))
            except Unexpected as unexpected:
                raise Unexpected(unexpected.expected or f"periods whose destination is {_ANY_DESTINATION}") from None
    raise Unexpected


def _period(start: str, end: str) -> OpenPeriod:
    first, last = _TIME.fullmatch(start), _TIME.fullmatch(end)
    if first is None or last is None:
        raise Unexpected
    period = OpenPeriod(int(first[1]) * 60 + int(first[2]), int(last[1]) * 60 + int(last[2]))
    if not period.start < period.end <= 1440:
        raise Unexpected("periods that end after they start, at 24:00 at the latest")
    return period


def _written_period(period: OpenPeriod) -> str:
    return f"{_written_time(period.start)}-{_written_time(period.end)}"


def _written_calendar_period(entry: CalendarPeriod) -> dict[str, str]:
    return {
        "from": _written_time(entry.period.start),
        "to": _written_time(entry.period.end),
        "destination": str(entry.destination),
    }


def _written_time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
