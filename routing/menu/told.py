"""The opening hours as clips: the week, today and the next day where they differ from it, the next closed day. Pure."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from routing import spoken
from routing.hours import Changes, open_periods, situation
from routing.model import OpeningHours, OpenPeriod, Week

DAYS_AHEAD = 30
"""How far days are looked for that are unlike the week."""
_MONDAY = date(2024, 1, 1)


def told(hours: OpeningHours, at: float, changes: Changes, language: str) -> list[str]:
    """What a caller is told at `at`, UTC epoch seconds, in clips of this language."""
    today = datetime.fromtimestamp(at, ZoneInfo(hours.time_zone)).date()
    return [
        *_week(hours.week, language),
        *_today(hours, today, at, changes, language),
        *_next_other_hours(hours, today, changes, language),
        *_next_closed_day(hours, today, changes),
    ]


def _week(week: Week, language: str) -> list[str]:
    """Days with the same hours that follow one another are told together; closed ones are not told."""
    clips = []
    for periods, days in groupby(range(7), key=lambda day: week[day]):
        if periods:
            clips += [*_days(list(days)), *_periods(periods, language)]
    return ["hours/weekly", *clips] if clips else ["hours/never"]


def _days(days: Sequence[int]) -> list[str]:
    first, last = (spoken.weekday(_MONDAY + timedelta(days=day)) for day in (days[0], days[-1]))
    match len(days):
        case 1:
            return first
        case 2:
            return [*first, "word/and", *last]
        case 7:
            return ["hours/every-day"]
        case _:
            return [*first, "word/to", *last]


def _periods(periods: Sequence[OpenPeriod], language: str) -> list[str]:
    clips: list[str] = []
    for period in periods:
        if clips:
            clips.append("word/and")
        if (period.start, period.end) == (0, 1440):
            clips.append("hours/all-day")
        else:
            clips += ["word/from", *_clock(period.start, language), "word/to", *_clock(period.end, language)]
    return clips


def _clock(minute: int, language: str) -> list[str]:
    return ["time/24"] if minute == 1440 else spoken.clock(time(minute // 60, minute % 60), language)


def _today(hours: OpeningHours, today: date, at: float, changes: Changes, language: str) -> list[str]:
    if changes.switch != "calendar":
        return ["hours/open-now" if situation(hours, at, changes).open else "hours/closed-now"]
    periods = open_periods(hours, today, changes)
    if periods == hours.week[today.weekday()]:
        return []
    return ["hours/today", *_periods(periods, language)] if periods else ["hours/closed-today"]


def _next_other_hours(hours: OpeningHours, today: date, changes: Changes, language: str) -> list[str]:
    for ahead in range(1, DAYS_AHEAD + 1):
        day = today + timedelta(days=ahead)
        periods = open_periods(hours, day, changes)
        if periods and periods != hours.week[day.weekday()]:
            return [*spoken.weekday(day), *spoken.calendar_day(day), *_periods(periods, language)]
    return []


def _next_closed_day(hours: OpeningHours, today: date, changes: Changes) -> list[str]:
    for ahead in range(1, DAYS_AHEAD + 1):
        day = today + timedelta(days=ahead)
        if hours.week[day.weekday()] and not open_periods(hours, day, changes):
            return ["hours/next-closed", *spoken.weekday(day), *spoken.calendar_day(day)]
    return []
