"""An asyncio event loop whose clock jumps to the next timer, so that a test of an hour takes milliseconds.

    def test_something_takes_an_hour() -> None:
        async def scenario() -> None:
            await asyncio.sleep(3600)
            assert now() == START + 3600

        run(scenario())

`now()` is what production hands in as the clock: seconds aligned with UTC epoch. It differs from `loop.time()`, as it
does in production, so that mixing the two up shows. Work in executors is waited for with the clock standing still;
sockets are polled, and waited for only while the kernel carries what one of them has sent.
"""

import array
import asyncio
import fcntl
import selectors
import termios
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

T = TypeVar("T")

START = datetime(2024, 5, 15, 9, 0, tzinfo=UTC).timestamp()
"""Where `now()` begins, UTC epoch seconds: a Wednesday morning in summer time."""

DAY = 86_400.0


class Deadlock(AssertionError):
    """The main coroutine waits for what can no longer happen: nothing is ready and no timer is set."""


class OutOfTime(AssertionError):
    """The main coroutine was not done after `limit` virtual seconds."""


DELIVERY_SECONDS = 0.01
DELIVERY_TRIES = 20
"""How often, and for how many real seconds, the kernel is waited for while it holds what one of our sockets sent."""


class _JumpingSelector(selectors.DefaultSelector):
    """Polls; instead of waiting it asks `idle` to move the clock, once nothing is under way between our sockets."""

    idle: Callable[[float | None], bool]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        for _ in range(DELIVERY_TRIES):
            # First this and then a look: what is delivered between the two is seen.
            under_way = any(map(_sends, self.get_map().values()))
            ready = super().select(DELIVERY_SECONDS if under_way else 0)
            if ready or not under_way:
                break
        return ready if ready or self.idle(timeout) else super().select(None)


def _sends(key: selectors.SelectorKey) -> bool:
    """Whether a socket connects, or has sent what has not arrived at its peer (SIOCOUTQ of Linux, also on a pipe)."""
    if key.events & selectors.EVENT_WRITE:
        return True
    queued = array.array("i", [0])
    try:
        fcntl.ioctl(key.fd, termios.TIOCOUTQ, queued)
    except OSError:
        return False
    return queued[0] > 0


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """The event loop; `start` is `now()` at its beginning, `limit` the virtual seconds after which it gives up."""

    def __init__(self, start: float = START, limit: float = 7 * DAY) -> None:
        self._elapsed = 0.0
        self._start = start
        self._limit = limit
        self._in_executors = 0
        selector = _JumpingSelector()
        selector.idle = self._idle
        super().__init__(selector)

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._elapsed

    def now(self) -> float:
        """The same instant as UTC epoch seconds."""
        return self._start + self._elapsed

    def run_in_executor(self, executor: Any, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        """As asyncio's; the clock stands still until the work is done."""
        future = super().run_in_executor(executor, func, *args)
        self._in_executors += 1
        future.add_done_callback(self._executor_done)
        return future

    async def shutdown_default_executor(self) -> None:
        """As asyncio's; its thread is no executor's, yet has to be waited for as well."""
        self._in_executors += 1
        try:
            await super().shutdown_default_executor()
        finally:
            self._in_executors -= 1

    def _executor_done(self, _: asyncio.Future[Any]) -> None:
        self._in_executors -= 1

    def _idle(self, timeout: float | None) -> bool:
        """Move to the next timer, `timeout` seconds away; False where a thread has to be waited for."""
        if self._in_executors:
            return False
        if timeout is None:
            raise Deadlock(f"nothing is scheduled and the main coroutine is not done; waiting are:\n{self._waiting()}")
        self._elapsed += timeout
        if self._elapsed > self._limit:
            raise OutOfTime(f"not done after {self._limit:.0f} virtual seconds; waiting are:\n{self._waiting()}")
        return True

    def _waiting(self) -> str:
        lines = []
        for task in asyncio.all_tasks(self):
            frames = task.get_stack(limit=1)
            where = f"{frames[0].f_code.co_filename}:{frames[0].f_lineno}" if frames else "not started"
            lines.append(f"  {task.get_name()} {task.get_coro()!r} at {where}")
        return "\n".join(lines)


def run(main: Coroutine[Any, Any, T], *, start: float = START, limit: float = 7 * DAY) -> T:
    """Run `main` in virtual time and return what it returns.

    Raises Deadlock, OutOfTime, and any exception that nobody took care of.
    """
    unhandled: list[BaseException] = []

    def note(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        unhandled.append(context.get("exception") or AssertionError(context["message"]))

    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(start, limit)) as runner:
        runner.get_loop().set_exception_handler(note)
        result = runner.run(main)
    if unhandled:
        raise unhandled[0]
    return result


def now() -> float:
    """The clock of the virtual loop that runs, UTC epoch seconds."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    return loop.now()
