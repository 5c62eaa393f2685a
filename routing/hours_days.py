"""What a day's hours are: the week's, a special day's, or a holiday's. Pure."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import holidays
import msgspec

from routing.model import OpeningHours, OpenPeriod


class Day(msgspec.Struct, frozen=True):
    """The hours of one date."""

    periods: tuple[OpenPeriod, ...]
    special: bool = False
    """Other than the week says: a special day or a holiday."""
    named: bool = False
    """A special day of the company's own, which goes before every other reason to close."""
    why: str = "weekly hours"


def day_of(hours: OpeningHours, day: date) -> Day:
    """The hours of a date by the company file: a special day goes before a holiday, and a holiday before the week."""
    periods = hours.special_days.get(day.isoformat())
    if periods is not None:
        return Day(periods, special=True, named=True, why="special day")
    holiday = _holidays(hours.holidays, day.year).get(day) if hours.holidays else None
    if holiday is not None:
        return Day((), special=True, why=f"holiday: {holiday}")
    return Day(hours.week[day.weekday()])


def are_observed(country: str) -> bool:
    """Whether the public holidays of `DK`, or of a part such as `DE-BY`, are known."""
    try:
        _country(country, 2000)
    except NotImplementedError:
        return False
    return True


@lru_cache(1024)
def _holidays(country: str, year: int) -> Mapping[date, str]:
    """Names by date, in the country's own language; nothing for a country that nobody knows."""
    try:
        return dict(_country(country, year))
    except NotImplementedError:
        return {}


def _country(country: str, year: int) -> holidays.HolidayBase:
    name, _, part = country.partition("-")
    language = holidays.country_holidays(name).default_language
    return holidays.country_holidays(name, subdiv=part or None, years=year, language=language)
