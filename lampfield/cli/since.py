"""Points in time as people write them on a command line."""

import re
from datetime import datetime, time, timedelta

SINCE_HELP = "today, yesterday, 90m, 2h, 7d, 2026-11-22 or 2026-11-22T08:30."
_AGO = re.compile(r"([0-9]{1,5})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def since(text: str, now: datetime) -> datetime:
    """The moment that is meant, by this machine's clock on the wall. Raises ValueError saying what may be written."""
    if text in ("today", "yesterday"):
        day = now.astimezone().date() - timedelta(days=text == "yesterday")
        moment = datetime.combine(day, time())
    elif ago := _AGO.fullmatch(text):
        moment = now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    else:
        try:
            return datetime.fromisoformat(text).astimezone()
        except (ValueError, OverflowError):  # also of the first day that there is, and of the last
            raise ValueError(f"must be {SINCE_HELP}") from None
    # Without a zone it is the clock of that day, which may be another hour than today's.
    return moment.astimezone()
