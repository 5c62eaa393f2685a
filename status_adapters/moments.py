"""What is to be done at which moment, for thousands of keys with one timer."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

from status_adapters.together import together

K = TypeVar("K", bound=Hashable)

LONGEST_SLEEP = 60.0
"""After which the clock is looked at again: somebody may have set it."""


class Moments(Generic[K]):
    """Keys and the moments at which they are due, by a clock in UTC epoch seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._due: dict[K, float] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._count = 0
        self._changed = asyncio.Event()

    def __contains__(self, key: object) -> bool:
        return key in self._due

    def __len__(self) -> int:
        return len(self._due)

    def keys(self) -> set[K]:
        return set(self._due)

    def set(self, key: K, at: float) -> None:
        """`key` is due at this moment, and no other."""
        if self._due.get(key) == at:
            return
        self._due[key] = at
        self._count += 1
        heapq.heappush(self._heap, (at, self._count, key))
        if self._heap[0][2] == key:
            self._changed.set()

    def drop(self, key: K) -> None:
        self._due.pop(key, None)

    async def next(self) -> K:
        """Waits for the key that is due first, and takes it out."""
        while True:
            self._changed.clear()
            while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][0]:
                heapq.heappop(self._heap)
            left = self._heap[0][0] - self._clock() if self._heap else LONGEST_SLEEP
            if left <= 0:
                key = heapq.heappop(self._heap)[2]
                del self._due[key]
                return key
            try:
                async with asyncio.timeout(min(left, LONGEST_SLEEP) if self._heap else None):
                    await self._changed.wait()
            except TimeoutError:
                continue


async def look_around(
    moments: Moments[K],
    look: Callable[[K], Awaitable[float | None]],
    at_once: int,
) -> None:
    """Look at each key when it is due, `at_once` at a time, until cancelled.

    `look` says when the key is due again, or None for never; what it raises ends all.
    """
    turn = asyncio.Semaphore(at_once)
    running: set[asyncio.Task[None]] = set()
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def looked(key: K) -> None:
        # Due at once where the look is broken off, so that the next run begins with it.
        due: float | None = 0.0
        try:
            due = await look(key)
        except Exception as error:
            if not failed.done():
                failed.set_exception(error)
        finally:
            turn.release()
            if due is not None and key not in moments:
                moments.set(key, due)

    async def start() -> None:
        while True:
            await turn.acquire()
            task = asyncio.ensure_future(looked(await moments.next()))
            running.add(task)
            task.add_done_callback(running.discard)

    async def fail() -> None:
        await failed

    try:
        await together(start(), fail())
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
