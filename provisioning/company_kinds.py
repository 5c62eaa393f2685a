"""The kinds of value a company file holds beside plain text and numbers."""

import itertools
import re
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers

from provisioning.kinds import Kind, Unexpected, text
from routing.model import Destination, OpenPeriod

LANGUAGES = ("en", "da", "nb", "sv", "de")
NAME = text("a name of small letters, digits, - and _", r"[a-z0-9][a-z0-9_-]*", max_length=63)
PERSON_ID = text(
    "a name of small letters, digits, - and _ that begins with a letter", r"[a-z][a-z0-9_-]*", max_length=63
)
PROMPT = text("a prompt's name, such as greeting or position/7", r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")
EXTENSION = text("2 to 6 digits", r"[0-9]{2,6}")
OUTSIDE_NUMBER = text("a number in E.164 form, such as +4533221100", r"\+[1-9][0-9]{3,14}")
DOMAIN = text(
    "a domain in small letters, such as nordlys.example",
    r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*",
)
PERSON_NAME = text("a name on one line", r"[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*")


def country() -> Kind[str]:
    """ISO 3166 alpha-2, of those whose numbers can be read."""

    def read(value: object) -> str:
        if not isinstance(value, str) or value not in phonenumbers.SUPPORTED_REGIONS:
            raise Unexpected
        return value

    return Kind("a country by two letters (ISO 3166), such as DK", read, "DK")


def read_destination(value: object) -> Destination:
    """A destination from its written form, `queue:sales`. Raises Unexpected."""
    if value == "hangup":
        return Destination("hangup")
    kind, _, name = value.partition(":") if isinstance(value, str) else ("", "", "")
    match kind:
        case "number":
            return Destination(kind, OUTSIDE_NUMBER.read(name))
        case "person" | "queue" | "menu":
            return Destination(kind, NAME.read(name))
        case "message":
            return Destination(kind, PROMPT.read(name))
    raise Unexpected


DESTINATION = Kind(
    "person:ID, queue:NAME, menu:NAME, number:+E164, message:PROMPT or hangup", read_destination, Destination("hangup")
)


def time_zone() -> Kind[str]:
    """A name of the IANA time zone database."""

    def read(value: object) -> str:
        try:
            return ZoneInfo(value if isinstance(value, str) else "").key
        except (ZoneInfoNotFoundError, ValueError, OSError):
            # OSError: a folder of the database, such as Europe.
            raise Unexpected from None

    return Kind("a time zone, such as Europe/Copenhagen", read, "UTC")


_PERIOD = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")


def open_periods() -> Kind[tuple[OpenPeriod, ...]]:
    """The parts of one day that are open, in order."""

    def read(value: object) -> tuple[OpenPeriod, ...]:
        if not isinstance(value, list):
            raise Unexpected
        periods = tuple(_read_period(entry) for entry in value)
        if any(later.start < earlier.end for earlier, later in itertools.pairwise(periods)):
            raise Unexpected("periods in order that do not overlap")
        return periods

    return Kind('a list of periods, such as ["08:00-12:00", "12:30-16:00"]', read, ())


def _read_period(entry: object) -> OpenPeriod:
    match = _PERIOD.fullmatch(entry) if isinstance(entry, str) else None
    if match is None:
        raise Unexpected
    start, end = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    if not start < end <= 1440:
        raise Unexpected("periods that end after they start, at 24:00 at the latest")
    return OpenPeriod(start, end)


def written_period(period: OpenPeriod) -> str:
    """A period as files have it: `08:00-17:00`."""
    return f"{period.start // 60:02}:{period.start % 60:02}-{period.end // 60:02}:{period.end % 60:02}"
