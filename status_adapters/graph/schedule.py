"""When people are busy, by getSchedule: what they are busy with is in none of these structs, and so never read."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time
from itertools import groupby
from zoneinfo import ZoneInfo

import msgspec

from status_adapters.calendars.busy_time import BusyTime, Show
from status_adapters.graph.api import GraphApi

BATCH = 20
"""Mailboxes in one request, by Exchange's own limit."""
SLOT_SECONDS = 900.0
AHEAD_SECONDS = 8 * 86_400.0
BEHIND_SECONDS = 86_400.0

_OF_STATUS: dict[str, Show] = {"tentative": "tentative", "busy": "busy", "oof": "away"}
_OF_DIGIT: dict[str, Show] = {"1": "tentative", "2": "busy", "3": "away"}


class _Moment(msgspec.Struct, frozen=True, rename="camel"):
    date_time: str
    time_zone: str = "UTC"

    @property
    def at(self) -> float:
        """UTC epoch seconds. We ask for UTC; Graph writes seven digits behind the second."""
        zone = UTC if self.time_zone.upper() in ("UTC", "ETC/UTC", "ETC/GMT") else ZoneInfo(self.time_zone)
        return datetime.fromisoformat(self.date_time.partition(".")[0].rstrip("Z")).replace(tzinfo=zone).timestamp()


class _Item(msgspec.Struct, frozen=True):
    status: str
    start: _Moment
    end: _Moment


class _Error(msgspec.Struct, frozen=True, rename="camel"):
    response_code: str = ""
    message: str = ""


class Schedule(msgspec.Struct, frozen=True, rename="camel"):
    """One mailbox's."""

    schedule_id: str
    availability_view: str = ""
    schedule_items: list[_Item] | None = None
    error: _Error | None = None

    def busy_times(self, start: float, time_zone: str) -> tuple[BusyTime, ...]:
        """The times; of mailboxes that show no items, the slots since `start`. Raises ValueError."""
        if self.schedule_items:
            return tuple(sorted(_of_items(self.schedule_items, ZoneInfo(time_zone))))
        return tuple(_of_view(self.availability_view, start))


def _of_items(items: Sequence[_Item], zone: ZoneInfo) -> Iterator[BusyTime]:
    for item in items:
        show = _OF_STATUS.get(item.status.lower())
        if show is None:
            continue
        start, end = item.start.at, item.end.at
        all_day = end - start >= 82_800 and _is_midnight(start, zone) and _is_midnight(end, zone)
        yield BusyTime(start, end, "vacation" if all_day and show == "away" else show, all_day)


def _is_midnight(at: float, zone: ZoneInfo) -> bool:
    return datetime.fromtimestamp(at, zone).time() == time()


def _of_view(view: str, start: float) -> Iterator[BusyTime]:
    place = 0
    for digit, slots in groupby(view):
        begin, place = place, place + len(list(slots))
        if digit in _OF_DIGIT:
            yield BusyTime(start + begin * SLOT_SECONDS, start + place * SLOT_SECONDS, _OF_DIGIT[digit])


class _Schedules(msgspec.Struct, frozen=True):
    value: list[Schedule]


async def schedules(api: GraphApi, user_id: str, mails: Sequence[str], start: float) -> list[Schedule]:
    """The schedules of at most `BATCH` mailboxes from `start` on. Raises SourceFault."""
    body = {
        "schedules": mails,
        "startTime": {"dateTime": _text(start), "timeZone": "UTC"},
        "endTime": {"dateTime": _text(start + BEHIND_SECONDS + AHEAD_SECONDS), "timeZone": "UTC"},
        "availabilityViewInterval": round(SLOT_SECONDS / 60),
    }
    return (await api.ask("POST", f"/users/{user_id}/calendar/getSchedule", body, _Schedules)).value


def _text(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
