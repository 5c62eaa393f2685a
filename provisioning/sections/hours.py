"""Opening hours, and calendars that say where calls go by the time of day."""

from provisioning.company_kinds import (
    DATE,
    DESTINATION,
    FEATURE_CODE,
    WEB_ADDRESS,
    calendar_periods,
    holiday_country,
    open_periods,
    time_zone,
)
from provisioning.kinds import perhaps
from provisioning.sections.forms import Field, TableOf, Weekdays
from provisioning.sections.section import Section
from routing.model import OpeningHours, WeekCalendar

_ZONE = Field("time_zone", time_zone(), "The clock on the wall; the company's when left out.", of_company=True)

HOURS = Section(
    "hours",
    OpeningHours,
    (
        _ZONE,
        Field("week", Weekdays(open_periods()), "Open at these times; a day that is left out is closed."),
        Field(
            "special_days",
            TableOf(DATE, open_periods(), "DATE"),
            "Open at these times and no others on that date; [] is closed all day. Goes before holidays.",
        ),
        Field("holidays", perhaps(holiday_country(), empty="none"), "Closed on these public holidays."),
        Field(
            "closing_days",
            perhaps(WEB_ADDRESS, empty="none"),
            "An iCalendar feed; while one of its events lasts, closed.",
        ),
        Field(
            "switch_code",
            perhaps(FEATURE_CODE, empty="none"),
            "What phones dial to turn the switch: by calendar, open, closed.",
        ),
    ),
    "When the company, or a part of it, is open.",
    called="NAME",
    example="hours.office",
    kind="hours",
)
CALENDARS = Section(
    "calendars",
    WeekCalendar,
    (
        _ZONE,
        Field("week", Weekdays(calendar_periods()), "Where calls go at these times."),
        Field("otherwise", DESTINATION, "Where calls go at all other times."),
    ),
    "Where calls go by weekday and time of day; a destination `calendar:NAME` leads to it.",
    called="NAME",
    example="calendars.evenings",
    kind="calendar",
)
