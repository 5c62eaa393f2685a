"""A process that the supervisor starts, watches and starts again, or has another one ready for."""

import asyncio
import contextlib
import ctypes
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence

from lampfield.life_line import BEAT_SECONDS, LifeLine

logger = logging.getLogger(__name__)

FIRST_DELAY = 0.1
"""Seconds before the first restart; doubled at each further one."""
LONGEST_DELAY = 10.0
STEADY_AFTER = 30.0
"""Seconds of running after which a child counts as healthy, so that the next restart is quick again."""
START_FACTOR = 10
"""How much longer than for any other sign of life is waited for the first: what was kept has to be read before it."""
LAST_WORDS_SECONDS = 2.0
"""What one that stands still is given to write down where it does."""


class ChildFailed(Exception):
    """A child was never ready: its configuration or surroundings are wrong, starting again at once will not help."""


class _Started:
    """A process that waits to be told to begin, and then tells when it is ready."""

    def __init__(self, process: asyncio.subprocess.Process, begin: int, life: LifeLine) -> None:
        self.process = process
        self.life = life
        self._begin = begin
        """Our end of the pipe that it waits at."""

    async def begin(self) -> bool:
        """Tell it to begin, and wait until it is ready; False when it ends instead."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._begin, b"1")
        os.close(self._begin)
        return await self.life.ready()

    async def discard(self) -> None:
        """It is not needed any more."""
        os.close(self._begin)
        self.life.close()
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


class Child:
    """One Python module in a process of its own, told by a pipe when it is ready.

    With `spare` another one stands by, all modules imported, so that a restart takes as long as what is to be taken up.
    One that gives no sign of life for `silent_seconds` is killed, and so started again; at 0 none are expected. The
    first sign may take ten times as long, and with `first` at the first start as long as that work does.
    """

    def __init__(
        self,
        name: str,
        module: str,
        arguments: Sequence[str],
        descriptors: Sequence[int] = (),
        *,
        first: Sequence[str] = (),
        spare: bool = False,
        silent_seconds: float = 0.0,
    ) -> None:
        self.name = name
        self._first = tuple(first)
        """Arguments of the first start only."""
        self._command = [sys.executable, "-m", "lampfield.process", module]
        self._arguments = tuple(arguments)
        self._has_spare = spare
        self._spare: _Started | None = None
        self._descriptors = tuple(descriptors)
        self._process: asyncio.subprocess.Process | None = None
        self._life: LifeLine | None = None
        self._silent_seconds = silent_seconds
        self._stopping = False
        self._delay = FIRST_DELAY

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process is not None else None

    @property
    def lacks_database(self) -> bool:
        """Whether it serves without its database, as it says itself."""
        return self._life is not None and self._life.lacks_database

    async def start(self) -> None:
        """Start it and return when it says that it is ready. Raises ChildFailed when it ends or hangs instead."""
        patience = None if self._first or not self._silent_seconds else self._silent_seconds * START_FACTOR
        started = await self._take_spare() or await self._spawn()
        self._hear_no_more()
        self._process, self._life = started.process, started.life
        try:
            async with asyncio.timeout(patience):
                ready = await started.begin()
        except TimeoutError:
            logger.error("%s: not ready after %.0f s, killing it", self.name, patience)
            await self._kill()
            raise ChildFailed(
                f"{self.name} was not ready after {patience:.0f} s; at what it was stands above"
            ) from None
        if not ready:
            status = await self._process.wait()
            raise ChildFailed(f"{self.name} ended with status {status} before it was ready; its message stands above")
        logger.info("%s: ready, process %d", self.name, self._process.pid)

    async def _spawn(self) -> _Started:
        first, self._first = self._first, ()
        pipes: list[int] = []
        try:
            pipes += os.pipe()
            pipes += os.pipe()
            begin_read, begin_write, ready_read, ready_write = pipes
            process = await asyncio.create_subprocess_exec(
                *self._command,
                str(begin_read),
                *self._arguments,
                *first,
                "--ready-fd",
                str(ready_write),
                pass_fds=(*self._descriptors, begin_read, ready_write),
                stdin=asyncio.subprocess.DEVNULL,
                preexec_fn=_end_with_parent,
            )
        except BaseException:
            for descriptor in pipes:
                os.close(descriptor)
            raise
        os.close(begin_read)
        os.close(ready_write)
        return _Started(process, begin_write, LifeLine(ready_read))

    async def _make_spare(self) -> None:
        if self._has_spare and self._spare is None:
            try:
                self._spare = await self._spawn()
            except OSError as error:
                logger.warning("%s: no second process can stand by: %s", self.name, error)

    async def _take_spare(self) -> _Started | None:
        spare, self._spare = self._spare, None
        if spare is not None and spare.process.returncode is not None:
            await spare.discard()
            return None
        return spare

    def _hear_no_more(self) -> None:
        if self._life is not None:
            self._life.close()
            self._life = None

    def send_signal(self, number: int) -> None:
        """Pass a signal on while it runs."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    async def keep(self) -> None:
        """Start it again each time it ends, until `stop`."""
        while not self._stopping:
            started = time.monotonic()
            await self._make_spare()
            status = await self._end()
            if self._stopping:
                return
            if time.monotonic() - started > STEADY_AFTER:
                self._delay = FIRST_DELAY
            logger.error("%s: ended with status %d, starting again in %.1f s", self.name, status, self._delay)
            await asyncio.sleep(self._delay)
            self._delay = min(self._delay * 2, LONGEST_DELAY)
            try:
                await self.start()
            except ChildFailed as failure:
                logger.error("%s", failure)
            except OSError as error:
                logger.error("%s: cannot be started: %s", self.name, error)

    async def _end(self) -> int:
        """Wait until it has ended, and see to that where it stands still; its status."""
        assert self._process is not None
        assert self._life is not None
        ended = asyncio.ensure_future(self._process.wait())
        silent = 0.0
        while not ended.done():
            # Beats are counted and not seconds: a machine that stood still as a whole has missed one.
            await asyncio.wait({ended}, timeout=BEAT_SECONDS)
            if self._silent_seconds and not ended.done():
                silent = 0.0 if self._life.is_felt() else silent + BEAT_SECONDS
            if silent > self._silent_seconds and not ended.done():
                logger.error("%s: no sign of life for %.0f s, killing it", self.name, silent)
                await self._kill()
        return await ended

    async def _kill(self) -> None:
        """End one that stands still, which says first where it does."""
        assert self._process is not None
        # Python says then what each of its threads is at (faulthandler).
        self.send_signal(signal.SIGABRT)
        try:
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self.send_signal(signal.SIGKILL)
            await self._process.wait()

    async def stop(self, patience: float) -> None:
        """Ask it to end (SIGTERM) and kill it after `patience` seconds."""
        self._stopping = True
        if (spare := await self._take_spare()) is not None:
            await spare.discard()
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(patience):
                await self._process.wait()
        except TimeoutError:
            logger.error("%s: still there after %.0f s, killing it", self.name, patience)
            self._process.kill()
            await self._process.wait()
        self._hear_no_more()


def _end_with_parent() -> None:
    """In the new process: leave the terminal's group; end if the supervisor is killed (PR_SET_PDEATHSIG, prctl(2)).

    To be told to read the companies anew before it can do so is no end of it: it reads them as they are then.
    """
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
