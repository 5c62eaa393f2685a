"""When a company is open, and where its week calendars lead."""

import msgspec

from routing.model.destination import Destination


class OpenPeriod(msgspec.Struct, frozen=True):
    """Part of a day in local time, minutes since midnight; `end` is exclusive and at most 1440."""

    start: int
    end: int


Week = tuple[tuple[OpenPeriod, ...], ...]
"""The open periods of seven days; Monday is the first."""


class OpeningHours(msgspec.Struct, frozen=True):
    """Weekly hours in a time zone, with the days that are different."""

    name: str
    time_zone: str
    week: Week
    special_days: dict[str, tuple[OpenPeriod, ...]] = {}
    """By date, `2026-12-24`: open then and only then; empty is closed all day. Goes before holidays."""
    holidays: str = ""
    """Country of the public holidays on which it is closed, `DK` or with its part `DE-BY`; empty observes none."""
    closing_days: str = ""
    """URL of an iCalendar feed whose events are closed; empty for none."""
    switch_code: str = ""
    """Feature code that turns the manual switch: by calendar, open, closed. Empty for none."""


class CalendarPeriod(msgspec.Struct, frozen=True):
    """Where calls go in a part of a day."""

    period: OpenPeriod
    destination: Destination


class WeekCalendar(msgspec.Struct, frozen=True):
    """Forwardings by weekday and time of day; Monday is week[0]."""

    name: str
    time_zone: str
    week: tuple[tuple[CalendarPeriod, ...], ...]
    otherwise: Destination = Destination("message", "closed")
