"""iCalendar feeds of closing days: fetched in the background, kept on disk, read in a process of their own.

`feeds`    which feeds there are, and the times that each closes
`fetch`    one feed over HTTP, asked for only when it has changed
`kept`     what was fetched last, on disk
`reader`   the process that makes times of iCalendar text
"""

from lampfield.closing_days.feeds import ClosingDays

__all__ = ["ClosingDays"]
