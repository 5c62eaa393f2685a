"""Calendars as sources: iCalendar feeds (RFC 5545) and CalDAV (RFC 4791).

`busy_time`   times that are not free, and what they mean at a moment
`reading`     iCalendar text to such times
`reader`      the process that does it: what strangers wrote is read within limits
`feed`        one person's feed
`caldav`      one person's calendars on a CalDAV server
`agenda`      everybody's times, reported when they begin and end
`settings`    what an administrator sets
`adapter`     all of them, looked at again and again
"""

from status_adapters.calendars.adapter import CalendarAdapter
from status_adapters.calendars.settings import CalendarSettings, check
from status_adapters.registry import AdapterKind

__all__ = ["KIND", "CalendarAdapter", "CalendarSettings"]

KIND = AdapterKind(CalendarSettings, CalendarAdapter, check)
