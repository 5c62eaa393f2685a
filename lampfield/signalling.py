"""The signalling process: one loop that owns every SIP dialog, queue and subscription.

Started by the supervisor through `lampfield.process`; the sockets and the pipe that says ready are inherited.
"""

import argparse
import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any

import msgspec
from sqlalchemy.exc import SQLAlchemyError

from lampfield.beginning import begin
from lampfield.call_control.taking_up import TakenUp
from lampfield.configuration import Configuration
from lampfield.database import open_database
from lampfield.handed_over import configuration_of, take_configuration
from lampfield.health import watch
from lampfield.kept_picture import KeptPicture
from lampfield.life_line import say_ready, show_life
from lampfield.logs import start_logging
from lampfield.parts import Parts
from lampfield.supervisor import listeners_of, media_control
from lampfield.tail import Tails
from lampfield.timekeeping import Timekeeping
from sipcore.io.clock import WallClock
from sipcore.io.listener import Listener, ListenError

logger = logging.getLogger("lampfield.signalling")

HOUSEKEEPING_SECONDS = 1.0
"""Between two looks at what expires by itself."""
LAST_WORDS_SECONDS = 2.0
"""How long a stop waits for phones to answer our BYEs: two of them may be lost (Timer E: 0.5 s, 1 s)."""
LAST_WORDS_LOOK = 0.05
"""Seconds between two looks whether they have."""
HEALTH_EVERY = 5
"""Housekeepings between two looks at what people are told of when it is away."""


GC_THRESHOLD = 50_000
"""Objects made before the collector looks: what ends is freed by its reference count, so it need not look often."""
SWITCH_SECONDS = 0.0005
"""How long a thread that writes to disk or database may keep Python from the loop, where 5 ms are usual."""


class Signalling:
    """The life of the process: begins, keeps house, and ends cleanly."""

    def __init__(self, parts: Parts, listeners: Sequence[Listener], clock: WallClock) -> None:
        """`clock` is that of the parts."""
        self._parts = parts
        self._timekeeping = Timekeeping(clock, HOUSEKEEPING_SECONDS)
        self._listeners = listeners
        self._parent = os.getppid()

    async def run(self, ready: int | None) -> None:
        """Serve until SIGTERM, then stop cleanly: no new calls, time for those in progress, everything on disk.

        A second SIGTERM ends the time that calls are given.
        """
        parts = self._parts
        stop, at_once = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, lambda: (at_once if stop.is_set() else stop).set())
        loop.add_signal_handler(signal.SIGHUP, lambda: parts.tasks.spawn(parts.reloading.companies(), "reload"))
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._end)
            await self._begin()
            say_ready(ready)
            for work in (
                show_life(ready, lambda: parts.reloading.fault is not None),
                self._housekeeping(),
                parts.admission.watch(lambda: parts.switchboard.calls),
                parts.hours.run(),
                parts.voicemail.run(),
                parts.sounds.prepare(parts.door.directory.companies.values()),
                parts.clips.keep_tidy(),
                parts.state_history.run(),
                parts.reloading.run(),
            ):
                task = asyncio.ensure_future(work)
                stack.push_async_callback(_cancel, task)
            await stop.wait()
            parts.admission.close()
            await self._drain(at_once)
            await self._last_words()

    async def _begin(self) -> None:
        parts = self._parts
        companies = parts.door.directory.companies.values()
        await parts.media.connect(media_control(parts.configuration.state_directory))
        await parts.recordings.end_orphans()
        calls = await self._take_up_calls()
        parts.records.start(surviving=[call.id for call in calls if call.lives_on])
        await parts.spares.begin({leg.rtp.name for leg in parts.legs.live()})
        parts.studios.clear()
        parts.hours.restore(companies)
        parts.member_lamps.configure(companies)
        parts.person_features.configure(companies)
        parts.own_statuses.configure(companies)
        parts.queue_lamps.configure(companies)
        parts.park_lamps.configure(companies)
        parts.consents.restore()
        parts.intake.configure(companies)
        parts.status_feed.configure(companies)
        parts.locations.configure(companies)
        parts.notices.configure(companies)
        parts.notice_watch.configure(companies)
        parts.notices.restore()
        messages = parts.voicemail.restore(companies, database_away=parts.reloading.fault is not None)
        bindings, publications = parts.registrations.restore(), parts.publications.restore()
        subscriptions = parts.subscriptions.restore()
        parts.message_lamps.restore()
        await parts.endpoint.listen(self._listeners)
        await parts.control.start()
        await parts.intake.start()
        await parts.trunks.start()
        await parts.watching.start()
        parts.begun.set()
        parts.completions.begin()
        self._go_on(calls)
        # What lives as long as the process is not worth looking at in each collection.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD)
        sys.setswitchinterval(SWITCH_SECONDS)
        logger.info(
            "taken up from disk: %d bindings, %d publications, %d subscriptions, %d messages, %d calls",
            bindings,
            publications,
            subscriptions,
            messages,
            sum(call.lives_on for call in calls),
        )

    async def _take_up_calls(self) -> list[TakenUp]:
        """The calls whose callers waited or talked when the last run ended."""
        parts = self._parts
        audio = {info.session: info for info in await parts.media.sessions()}
        return [parts.taking_up.take_up(kept, audio) for kept in parts.kept_calls.load()]

    def _go_on(self, calls: Sequence[TakenUp]) -> None:
        """Let the calls that can do so go on, and end what nobody has taken up."""
        self._parts.kept_ringing.ring_again()
        for call in calls:
            call.go_on()
        self._parts.houses.let_go({place for call in calls for place in call.places})

    async def _drain(self, at_once: asyncio.Event) -> None:
        """Give calls their time to end. There is none when the supervisor is gone: the engine went with it."""
        if os.getppid() != self._parent:
            logger.error("the supervisor is gone: calls end now")
            at_once.set()
        draining = asyncio.ensure_future(
            self._parts.switchboard.drain(self._parts.configuration.shutdown.drain_seconds)
        )
        asked = asyncio.ensure_future(at_once.wait())
        await asyncio.wait({draining, asked}, return_when=asyncio.FIRST_COMPLETED)
        for task in (draining, asked):
            await _cancel(task)
        await self._parts.switchboard.drain(0)

    async def _last_words(self) -> None:
        """Let the phones confirm that their calls are over; a BYE that was lost is sent again meanwhile."""
        for _ in range(round(LAST_WORDS_SECONDS / LAST_WORDS_LOOK)):
            if not self._parts.stack.is_hanging_up:
                return
            await asyncio.sleep(LAST_WORDS_LOOK)

    async def _end(self) -> None:
        parts = self._parts
        await parts.trunks.stop()
        await parts.watching.stop()
        await parts.control.stop()
        await parts.intake.stop()
        await parts.endpoint.close()
        parts.spares.close()
        await parts.media.disconnect()
        loop = asyncio.get_running_loop()
        await parts.clips.close()
        await parts.inquiry.close()
        await parts.notices.close()
        await loop.run_in_executor(None, parts.journal.close)
        await loop.run_in_executor(None, parts.records.stop)
        parts.database.dispose()

    async def _housekeeping(self) -> None:
        parts = self._parts
        for turn in range(sys.maxsize):
            await asyncio.sleep(HOUSEKEEPING_SECONDS)
            self._timekeeping.advance()
            parts.registrations.advance()
            parts.keep_alive.advance()
            parts.publications.advance()
            parts.watching.advance()
            parts.lamps.advance(parts.clock())
            if turn % HEALTH_EVERY == 0:
                watch(parts)
            parts.sweeper.advance()
            parts.locations.advance()
            parts.endpoint.wake()


async def _cancel(task: asyncio.Future[Any]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def inherited(listeners: Sequence[Listener], sockets: Sequence[str]) -> list[Listener]:
    """The listeners with the descriptors that the supervisor handed over, each as `udp:127.0.0.1:5060=7`."""
    descriptors = dict(socket.rsplit("=", 1) for socket in sockets)
    return [
        msgspec.structs.replace(listener, fd=int(descriptors[str(listener)]))
        if str(listener) in descriptors
        else listener
        for listener in listeners
    ]


async def serve(
    configuration: Configuration, sockets: Sequence[str], tails: Tails, ready: int | None, *, upgrade_first: bool
) -> None:
    """Assemble and run the process until SIGTERM.

    With `upgrade_first` the database's tables are made or changed as this version needs them.
    """
    clock = WallClock()
    url = configuration.database_url
    kept = KeptPicture(configuration.state_directory / "companies", url)
    beginning = await begin(open_database(url), kept, upgrade_first=upgrade_first)
    parts = Parts(configuration, clock, beginning, tails)
    signalling = Signalling(parts, inherited(listeners_of(configuration), sockets), clock)
    await signalling.run(ready)


def main() -> None:
    """The process's entry."""
    parser = argparse.ArgumentParser(prog="lampfield.signalling")
    take_configuration(parser)
    parser.add_argument("--socket", action="append", default=[])
    parser.add_argument("--tail", action="append", default=[])
    parser.add_argument("--ready-fd", type=int)
    parser.add_argument("--upgrade-database", action="store_true")
    arguments = parser.parse_args()
    configuration = configuration_of(arguments)
    start_logging(configuration.log.level)
    try:
        asyncio.run(
            serve(
                configuration,
                arguments.socket,
                Tails.of(arguments.tail),
                arguments.ready_fd,
                upgrade_first=arguments.upgrade_database,
            )
        )
    except (SQLAlchemyError, ListenError, OSError) as error:
        logger.error("signalling cannot run: %s", str(getattr(error, "orig", None) or error).strip())
        sys.exit(1)


if __name__ == "__main__":
    main()
