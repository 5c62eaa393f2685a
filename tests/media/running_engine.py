"""An engine process of the test's own, and a client that keeps its events."""

import asyncio
import functools
import itertools
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from media.client import Codec, MediaClient
from media.events import MediaEvent
from tests.media.phone import WAIT, Phone

Kind = TypeVar("Kind", bound=MediaEvent)

_ranges = itertools.count()


def port_range(size: int = 400) -> tuple[int, int]:
    """Ports that no other test of this run uses."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 40000 + worker * 5000 + next(_ranges) % 10 * 400
    return first, first + size - 1


def real_time(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a coroutine test on a real event loop: these tests talk to another process."""

    @functools.wraps(test)
    def run(*args: Any, **keywords: Any) -> None:
        asyncio.run(test(*args, **keywords))

    return run


class RunningEngine:
    """`python -m media.process` on a control socket in a directory of the test's."""

    def __init__(
        self,
        directory: Path,
        *options: str,
        ports: tuple[int, int] | None = None,
        before: Callable[[], None] | None = None,
        keep: Sequence[int] = (),
    ) -> None:
        self.control = directory / "control"
        self._before = before
        self._keep = keep
        self.ports = ports or port_range()
        self._options = options
        self.process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        first, last = self.ports
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "media.process",
                f"--control={self.control}",
                f"--ports={first}-{last}",
                *self._options,
            ],
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=self._before,
            pass_fds=self._keep,
        )
        assert process.stderr
        # Said when the control socket listens.
        assert "media engine: ports" in process.stderr.readline()
        return process

    def restart(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process = self._start()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(timeout=WAIT)


class Controller:
    """A client with the events it was told."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[MediaEvent] = asyncio.Queue()
        self._passed: list[MediaEvent] = []
        self.client = MediaClient(self._events.put_nowait)

    async def event(self, kind: type[Kind]) -> Kind:
        """The next event of a kind; others are kept."""
        for event in self._passed:
            if isinstance(event, kind):
                self._passed.remove(event)
                return event
        while True:
            event = await asyncio.wait_for(self._events.get(), 2 * WAIT)
            if isinstance(event, kind):
                return event
            self._passed.append(event)

    def count(self, kind: type[Kind]) -> int:
        """How many events of a kind came so far and were not asked for; they are kept."""
        while not self._events.empty():
            self._passed.append(self._events.get_nowait())
        return sum(isinstance(event, kind) for event in self._passed)

    def taken(self, kind: type[Kind]) -> list[Kind]:
        """All events of a kind that came so far; others are kept."""
        self.count(kind)
        taken = [event for event in self._passed if isinstance(event, kind)]
        self._passed = [event for event in self._passed if not isinstance(event, kind)]
        return taken

    def nothing_more(self) -> bool:
        """True when no event waits."""
        return self._events.empty() and not self._passed

    async def call(
        self,
        session: str,
        phone: Phone,
        *,
        codec: Codec = "PCMA",
        payload_type: int = 8,
        dtmf: int | None = 101,
        own_dtmf: int | None = None,
        rtp_timeout: float = 0,
    ) -> int:
        """Open a session and agree with the phone on a codec; returns the session's port."""
        port = await self.client.open(session, phone.address[0], rtp_timeout=rtp_timeout)
        phone.talk_to(port)
        self.client.configure(session, phone.address, codec, payload_type, dtmf, own_dtmf_payload_type=own_dtmf)
        # Commands are carried out in order: after this answer the session listens.
        await self.client.counters(session)
        return port


async def connected(engine: RunningEngine) -> Controller:
    controller = Controller()
    await controller.client.connect(engine.control)
    return controller


async def until(condition: Callable[[], Awaitable[bool]], within: float = 2 * WAIT) -> None:
    """Ask again and again until it is so; the answer of the other process paces it."""
    async with asyncio.timeout(within):
        while not await condition():
            pass


def clip(directory: Path, name: str, frames: int, codec: str = "pcma") -> Path:
    """A clip whose every frame tells by its bytes which clip and frame it is."""
    path = directory / f"{name}.{codec}"
    path.write_bytes(b"".join(frame(name, index) for index in range(frames)))
    return path


def frame(name: str, index: int) -> bytes:
    return bytes([ord(name[0]), index & 0xFF]) * 80
