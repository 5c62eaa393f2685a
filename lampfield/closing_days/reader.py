"""Makes times of iCalendar text (RFC 5545), in a process of its own: `python -m lampfield.closing_days.reader`.

A feed is what anybody may have written: a rule that repeats each second would keep a process busy for hours. This one
has limits of time and memory, and is nobody's loop.
"""

import asyncio
import resource
import sys

import msgspec

from lampfield.closing_days.fetch import FeedFault
from routing.hours import ClosedTime

TIMEOUT_SECONDS = 60.0
CPU_SECONDS = 5
MEMORY_BYTES = 1 << 30
MOST_TIMES = 5000
MOST_NAMED = 10
"""Of what cannot be read."""


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
    """In order of their start."""
    left_out: tuple[str, ...] = ()
    """What of the feed cannot be read, in words."""
    fault: str = ""


async def read(task: Task) -> Result:
    """The times that a feed closes. Raises FeedFault."""
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
    return result


def closed_times(task: Task) -> Result:
    """What `read` gives, in this process. Raises FeedFault."""
    # Slow to import, and needed in the process alone.
    from provisioning.calendar_text import NoCalendar, Tally, calendars_of
    from provisioning.occurrences import Occurrence, occurrences, words

    def closes(time: Occurrence) -> ClosedTime:
        return ClosedTime(time.start, time.end, words(time.event, "SUMMARY")[:100] or "closed")

    found: list[ClosedTime] = []
    tally = Tally()
    try:
        for calendar in calendars_of(task.text, tally.left_out):
            for time in occurrences(calendar, task.time_zone, (task.start, task.end), closes, tally):
                if len(found) >= MOST_TIMES:
                    raise FeedFault(f"more than {MOST_TIMES} closed times")
                found.append(time)
        tally.check()
    except NoCalendar as fault:
        raise FeedFault(str(fault)) from None
    in_order = tuple(sorted(found, key=lambda time: (time.start, time.end)))
    return Result(in_order, tuple(each.named(titles=True) for each in tally.left_out[:MOST_NAMED]))


def main() -> None:
    """The process's entry."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    task = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Task)
    try:
        result = closed_times(task)
    except FeedFault as fault:
        result = Result(fault=str(fault))
    sys.stdout.buffer.write(msgspec.msgpack.encode(result))


if __name__ == "__main__":
    main()
