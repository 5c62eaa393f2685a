"""Reads iCalendar text in a process of its own: `python -m status_adapters.calendars.reader`.

A calendar is what anybody may have written: a rule that repeats each second would keep a process busy for hours. This
one has limits of time and memory. It stays for the next calendar; one that breaks a limit ends it, and the next is read
by another.
"""

import asyncio
import contextlib
import resource
import signal
import struct
import sys

import msgspec

from status_adapters.calendars.reading import Reading, Task, busy_times
from status_adapters.http_client import SourceFault

TIMEOUT_SECONDS = 60.0
CPU_SECONDS = 5.0
"""For one task."""
MEMORY_BYTES = 1 << 30
_LENGTH = struct.Struct("!I")


class Result(msgspec.Struct, frozen=True):
    """What the process answers to a task."""

    reading: Reading = Reading()
    fault: str = ""


class Reader:
    """One process, started when it is needed. Calendars are read one after another."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def read(self, task: Task) -> Reading:
        """What `busy_times` gives. Raises SourceFault."""
        async with self._turn:
            try:
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    result = await self._ask(msgspec.msgpack.encode(task))
            except TimeoutError:
                await self.close()
                raise SourceFault(f"not read after {TIMEOUT_SECONDS:g} s") from None
            except (OSError, asyncio.IncompleteReadError):
                await self.close()
                raise SourceFault("reading it takes more time or memory than a calendar may") from None
            except asyncio.CancelledError:
                # Half a question was asked, or the answer is still to come.
                await self.close()
                raise
        if result.fault:
            raise SourceFault(result.fault)
        return result.reading

    async def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
            await process.wait()

    async def _ask(self, question: bytes) -> Result:
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "status_adapters.calendars.reader",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(_LENGTH.pack(len(question)) + question)
        await process.stdin.drain()
        (length,) = _LENGTH.unpack(await process.stdout.readexactly(_LENGTH.size))
        return msgspec.msgpack.decode(await process.stdout.readexactly(length), type=Result)


def main() -> None:
    """The process's entry: tasks from standard input until it ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    decoder = msgspec.msgpack.Decoder(Task)
    while len(head := sys.stdin.buffer.read(_LENGTH.size)) == _LENGTH.size:
        task = decoder.decode(sys.stdin.buffer.read(_LENGTH.unpack(head)[0]))
        # The signal that comes when the time is used up ends the process.
        signal.setitimer(signal.ITIMER_PROF, CPU_SECONDS)
        try:
            result = Result(busy_times(task))
        except SourceFault as fault:
            result = Result(fault=str(fault))
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        answer = msgspec.msgpack.encode(result)
        sys.stdout.buffer.write(_LENGTH.pack(len(answer)) + answer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
