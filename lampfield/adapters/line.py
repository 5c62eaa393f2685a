"""The adapters' end of the line to signalling: sends what there is, and all of it again where signalling began anew."""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from lampfield.adapters.desk import AdapterDesk
from lampfield.adapters.wire import (
    REPORTS_IN_BATCH,
    Batch,
    Hello,
    People,
    Standing,
    Taken,
    Told,
    from_signalling,
    packed,
    read_message,
)
from status_adapters.adapter import Watched

logger = logging.getLogger(__name__)

FIRST_DELAY = 0.05
"""Seconds before the line is tried again; doubled each time."""
LONGEST_DELAY = 2.0
STANDING_SECONDS = 1.0
"""Between two words on how adapters are, and which sources are there."""


class ReportLine:
    """Carries reports from the desk to signalling; one batch is under way at a time."""

    def __init__(self, path: Path, desk: AdapterDesk, clock: Callable[[], float], dice: random.Random) -> None:
        self._path = path
        self._desk = desk
        self._clock = clock
        self._dice = dice
        self._number = 0
        self._taken: asyncio.Future[None] | None = None
        self._people: list[Watched] = []

    async def run(self) -> None:
        """Keep the line, until cancelled."""
        delay = FIRST_DELAY
        while True:
            try:
                await self._converse()
                delay = FIRST_DELAY
            except (OSError, EOFError) as error:
                logger.debug("signalling: %s", error)
            await asyncio.sleep(delay * self._dice.uniform(0.5, 1.0))
            delay = min(delay * 2, LONGEST_DELAY)

    async def _converse(self) -> None:
        reader, writer = await asyncio.open_unix_connection(str(self._path))
        logger.info("signalling: connected")
        self._desk.outlet.tell_all_again()
        writer.write(packed(Hello(self._desk.tells)))
        self._people = []
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(work) for work in (self._listen(reader), self._send(writer))]
                tasks.append(group.create_task(self._stand(writer)))
        except* (OSError, EOFError):
            logger.info("signalling: the line ended")
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        while True:
            match await read_message(reader, from_signalling):
                case People(people, last):
                    self._people += people
                    if last:
                        self._desk.watch(self._people)
                        self._people = []
                case Taken(number):
                    if number == self._number and self._taken is not None and not self._taken.done():
                        self._taken.set_result(None)
                case Told() as told:
                    self._desk.tell(told)

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        outlet = self._desk.outlet
        while True:
            await self._desk.ready.wait()
            taken = outlet.take(REPORTS_IN_BATCH)
            if not taken:
                self._desk.ready.clear()
                continue
            self._number += 1
            self._taken = asyncio.get_running_loop().create_future()
            try:
                writer.write(packed(Batch(self._number, [report for _, report in taken])))
                await writer.drain()
                await self._taken
            except BaseException:
                outlet.put_back(taken)
                raise

    async def _stand(self, writer: asyncio.StreamWriter) -> None:
        """Tell how adapters are, and which sources are there: a source may have nothing to say for hours."""
        while True:
            heard = self._desk.take_heard()
            if heard:
                writer.write(packed(Batch(0, [], heard)))
            writer.write(packed(Standing(self._desk.figures())))
            await writer.drain()
            await asyncio.sleep(STANDING_SECONDS)
