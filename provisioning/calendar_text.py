"""iCalendar text (RFC 5545) as calendars; what of it cannot be read is left out and named, and the rest goes on.

Libraries are imported with this module, and slow to import: see `provisioning.occurrences`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import icalendar

_LONGEST_REASON = 150


class NoCalendar(Exception):
    """The text is no calendar; it says why."""


class TooMuch(Exception):
    """An event that takes more time, or occurs more often, than one may."""


class LeftOut(NamedTuple):
    """Something of a calendar that cannot be read."""

    kind: str
    """Such as VEVENT."""
    uid: str
    begins: str
    """As it is written; both are empty where it is not."""
    title: str
    why: str

    def named(self, *, titles: bool) -> str:
        """What it is, and what is wrong with it; `titles` may be told of those who have agreed alone."""
        words = [f"UID {self.uid}"] if self.uid else []
        words += [f"begins {self.begins}"] if self.begins else []
        words += [repr(self.title)] if titles and self.title else []
        return f"{self.kind} ({', '.join(words)}): {self.why}" if words else f"{self.kind}: {self.why}"


@dataclass(slots=True)
class Tally:
    """What became of what calendars hold."""

    read: int = 0
    """Events that could be read, whenever they are."""
    left_out: list[LeftOut] = field(default_factory=list)

    def check(self) -> None:
        """Raises NoCalendar where nothing could be read of what there is."""
        if self.left_out and not self.read:
            raise NoCalendar(f"no iCalendar that can be read: {self.left_out[0].named(titles=False)}")


def calendars_of(text: bytes, left_out: list[LeftOut]) -> list[Any]:
    """The VCALENDARs of a text. Raises NoCalendar."""
    try:
        found = list(icalendar.Calendar.from_ical(text, multiple=True))
    except Exception as error:  # the library has many ways to say that a text is none of its kind
        found = list(_piece_by_piece(text, left_out))
        if not found:
            raise NoCalendar(f"no iCalendar that can be read: {why(error)}") from None
    if not found:
        raise NoCalendar("no iCalendar: it holds no VCALENDAR")
    return found


def why(error: Exception) -> str:
    """What a library says of something that it cannot read, in one line."""
    said = str(error) if isinstance(error, TooMuch) else f"{type(error).__name__}: {error}"
    return " ".join(said.split())[:_LONGEST_REASON]


def _piece_by_piece(text: bytes, left_out: list[LeftOut]) -> Iterator[Any]:
    """What can be read of each VCALENDAR that is whole."""
    lines = re.sub(r"\r?\n[ \t]", "", text.decode("utf-8", "replace")).splitlines()
    begun: int | None = None
    for at, line in enumerate(lines):
        if _is(line, "BEGIN:VCALENDAR"):
            begun = at + 1
        elif _is(line, "END:VCALENDAR") and begun is not None:
            yield _readable(lines[begun:at], left_out)
            begun = None


def _readable(lines: list[str], left_out: list[LeftOut]) -> Any:
    head, pieces = _taken_apart(lines)
    calendar = _calendar([line for line in head if line.upper().startswith(("X-WR-TIMEZONE", "CALSCALE"))])
    # What a time zone is, the library knows once it has read it.
    for piece in sorted(pieces, key=lambda piece: not _is(piece[0], "BEGIN:VTIMEZONE")):
        try:
            read = _calendar(piece).subcomponents
        except Exception as error:
            left_out.append(_named(piece, error))
            continue
        for component in read:
            calendar.add_component(component)
    return calendar


def _calendar(lines: list[str]) -> Any:
    return icalendar.Calendar.from_ical("\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR", ""]))


def _taken_apart(lines: list[str]) -> tuple[list[str], list[list[str]]]:
    """The calendar's own lines, and those of each of its components; each busy time is a component of its own."""
    head: list[str] = []
    pieces: list[list[str]] = []
    depth = 0
    for line in lines:
        begins, ends = (line.upper().startswith(word) for word in ("BEGIN:", "END:"))
        if begins and depth == 0:
            pieces.append([])
        (pieces[-1] if begins or depth else head).append(line)
        depth = max(0, depth + begins - ends)
    return head, [part for piece in pieces for part in _busy_times_apart(piece)]


def _busy_times_apart(piece: list[str]) -> Iterator[list[str]]:
    times = [line for line in piece if re.match("FREEBUSY[:;]", line, re.IGNORECASE)]
    if not times or not _is(piece[0], "BEGIN:VFREEBUSY"):
        yield piece
        return
    rest = [line for line in piece[:-1] if line not in times]
    for line in times:
        name, _, periods = line.partition(":")
        for period in periods.split(","):
            yield [*rest, f"{name}:{period}", piece[-1]]


def _named(piece: list[str], error: Exception) -> LeftOut:
    def value(name: str) -> str:
        found = (line for line in piece if re.match(f"{name}[:;]", line, re.IGNORECASE))
        return next(found, "").partition(":")[2][:100]

    kind = piece[0].partition(":")[2].strip().upper()
    return LeftOut(kind, value("UID") or value("TZID"), value("DTSTART"), value("SUMMARY"), why(error))


def _is(line: str, words: str) -> bool:
    return line.strip().upper() == words
