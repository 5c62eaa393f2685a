"""Numbers, times and dates as the names of the clips that say them (`media.prompts.library` lists the clips)."""

from datetime import date, time

HIGHEST = 999
"""The highest number that can be said."""
_WHOLE_UP_TO = 99
_TWENTY_FOUR_HOURS = ("da", "nb", "sv", "de")
"""Languages that count hours to 24; all others are answered in English, which says a.m. and p.m."""


def number(value: int) -> list[str]:
    """A number from 0 to 999. Raises ValueError."""
    if not 0 <= value <= HIGHEST:
        raise ValueError(f"{value}: can be said from 0 to {HIGHEST}")
    hundreds, rest = divmod(value, 100)
    if value <= _WHOLE_UP_TO or not rest:
        return [f"number/{value}"]
    return [f"hundreds/{hundreds}", f"number/{rest}"]


def digits(written: str) -> list[str]:
    """The digits of a number one by one; what is no digit is passed over."""
    return [f"number/{digit}" for digit in written if digit.isascii() and digit.isdigit()]


def clock(at: time, language: str) -> list[str]:
    """A time of the day to the minute."""
    if not at.minute:
        return [f"time/{at.hour}"]
    spoken = [f"hour/{at.hour}", f"minute/{at.minute}"]
    if language not in _TWENTY_FOUR_HOURS:
        spoken.append("half-day/am" if at.hour < 12 else "half-day/pm")
    return spoken


def weekday(day: date) -> list[str]:
    return [f"weekday/{day.isoweekday()}"]


def calendar_day(day: date) -> list[str]:
    """Day and month: "the twenty-fourth of December"."""
    return [f"day/{day.day}", f"month/{day.month}"]


def key(pressed: str) -> list[str]:
    """A key of the telephone: 0-9, * or #, at the end of what is said."""
    return [{"*": "key/star", "#": "key/hash"}.get(pressed, f"number/{pressed}")]
