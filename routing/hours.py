"""Opening hours: open or closed at an instant, and when that changes. Pure.

Hours are wall-clock time in the company's time zone, so a period starts and ends when the clock on the wall says so.
Where the clock jumps forward over a border, the border is passed at the jump; where it goes back, the hour that comes
twice is open both times if the wall says so.
"""

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from routing.model import OpeningHours

DAYS_AHEAD = 15
"""How far `next_change` looks: a whole week and the longest jump of a clock, twice over."""


def is_open(hours: OpeningHours, at: float) -> bool:
    """Whether it is open at `at`, UTC epoch seconds."""
    return _open_on_the_wall(hours, datetime.fromtimestamp(at, ZoneInfo(hours.time_zone)))


def next_change(hours: OpeningHours, at: float) -> float | None:
    """The next instant after `at` at which it opens or closes, UTC epoch seconds; None when it never does."""
    zone = ZoneInfo(hours.time_zone)
    now_open = is_open(hours, at)
    first_day = datetime.fromtimestamp(at, zone).date()
    for instant in _borders(hours, first_day, zone):
        if instant > at and is_open(hours, instant) != now_open:
            return instant
    return None


def _open_on_the_wall(hours: OpeningHours, wall: datetime) -> bool:
    minute = wall.hour * 60 + wall.minute
    return any(period.start <= minute < period.end for period in hours.week[wall.weekday()])


def _borders(hours: OpeningHours, first_day: date, zone: tzinfo) -> list[float]:
    """Every instant of the coming days at which it may open or close: borders of periods and jumps of the clock."""
    instants: set[float] = set()
    for offset in range(DAYS_AHEAD):
        day = first_day + timedelta(days=offset)
        for period in hours.week[day.weekday()]:
            for minute in (period.start, period.end):
                instants.update(_instants(day, minute, zone))
        instants.update(_clock_jumps(day, zone))
    return sorted(instants)


def _instants(day: date, minute: int, zone: tzinfo) -> set[float]:
    """When the wall shows `minute` of `day`: once, twice in autumn; what spring skips as PEP 495 maps it."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    wall = midnight + timedelta(minutes=minute)  # arithmetic on the wall: minute 1440 is the next day's midnight
    return {wall.replace(fold=fold).timestamp() for fold in (0, 1)}


def _clock_jumps(day: date, zone: tzinfo) -> set[float]:
    """The instant of `day` at which its clock jumps, to the second; empty on most days."""
    start = int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp())
    following = day + timedelta(days=1)
    end = int(datetime(following.year, following.month, following.day, tzinfo=zone).timestamp())
    if _utc_offset(start, zone) == _utc_offset(end, zone):
        return set()
    while end - start > 1:  # the offset differs between start and end: halve until the jump is found
        middle = (start + end) // 2
        if _utc_offset(middle, zone) == _utc_offset(start, zone):
            start = middle
        else:
            end = middle
    return {float(end)}


def _utc_offset(instant: float, zone: tzinfo) -> timedelta | None:
    return datetime.fromtimestamp(instant, UTC).astimezone(zone).utcoffset()
