"""Makes times of iCalendar text (RFC 5545), in a process of its own: `python -m lampfield.closing_days.reader`.

A feed is what anybody may have written: a rule that repeats each second would keep a process busy for hours. This one
has limits of time and memory, and is nobody's loop.
"""

import asyncio
import resource
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from lampfield.closing_days.fetch import FeedFault
from routing.hours import ClosedTime

TIMEOUT_SECONDS = 60.0
CPU_SECONDS = 5
MEMORY_BYTES = 1 << 30
MOST_TIMES = 5000


class Task(msgspec.Struct, frozen=True):
    """What the process reads on its standard input."""

    text: bytes
    time_zone: str
    """Of days, and of times that name none."""
    start: float
    end: float
    """Between these, UTC epoch seconds, times are wanted."""


class Result(msgspec.Struct, frozen=True):
    """What it writes on its standard output."""

    times: tuple[ClosedTime, ...] = ()
    fault: str = ""


async def read(task: Task) -> tuple[ClosedTime, ...]:
    """The times that a feed closes, in order of their start. Raises FeedFault."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "lampfield.closing_days.reader",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            written, _ = await process.communicate(msgspec.msgpack.encode(task))
    except TimeoutError:
        raise FeedFault(f"not read after {TIMEOUT_SECONDS:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise FeedFault("reading it takes more time or memory than a feed may")
    result = msgspec.msgpack.decode(written, type=Result)
    if result.fault:
        raise FeedFault(result.fault)
    return result.times


def closed_times(task: Task) -> tuple[ClosedTime, ...]:
    """What `read` gives, in this process. Raises FeedFault."""
    # Slow to import, and needed in the process alone.
    import icalendar
    import recurring_ical_events

    try:
        calendars = icalendar.Calendar.from_ical(task.text, multiple=True)
        times = [time for calendar in calendars for time in _times(recurring_ical_events.of(calendar), task)]
    except FeedFault:
        raise
    except Exception as error:
        # Each library has its own ways to say that a text is none of its kind.
        raise FeedFault(f"no iCalendar that can be read: {type(error).__name__}: {error}") from error
    if not calendars:
        raise FeedFault("no iCalendar: it holds no VCALENDAR")
    return tuple(sorted(times, key=lambda time: (time.start, time.end)))


def _times(query: Any, task: Task) -> Iterator[ClosedTime]:
    zone = ZoneInfo(task.time_zone)
    first, last = (datetime.fromtimestamp(at, UTC) for at in (task.start, task.end))
    for count, event in enumerate(query.between(first, last)):
        if count >= MOST_TIMES:
            raise FeedFault(f"more than {MOST_TIMES} closed times")
        if str(event.get("STATUS", "")).upper() == "CANCELLED":
            continue
        start, end = _instant(event.start, zone), _instant(event.end, zone)
        if end == start and not isinstance(event.start, datetime):
            end = _instant(event.start + timedelta(days=1), zone)
        if end > start:
            yield ClosedTime(start, end, str(event.get("SUMMARY", "")).strip()[:100] or "closed")


def _instant(moment: date, zone: ZoneInfo) -> float:
    """UTC epoch seconds of a day's first instant, or of a time; in `zone` where it names none (RFC 5545 §3.3.5)."""
    if not isinstance(moment, datetime):
        return datetime(moment.year, moment.month, moment.day, tzinfo=zone).timestamp()
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).timestamp()


def main() -> None:
    """The process's entry."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    task = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Task)
    try:
        result = Result(closed_times(task))
    except FeedFault as fault:
        result = Result(fault=str(fault))
    sys.stdout.buffer.write(msgspec.msgpack.encode(result))


if __name__ == "__main__":
    main()
