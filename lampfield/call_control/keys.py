"""Keys that were pressed and not read yet."""

import asyncio
from collections import deque


class Keys:
    """Kept in their order; one reader at a time waits for the next."""

    __slots__ = ("_pressed", "_reader")

    def __init__(self) -> None:
        self._pressed: deque[str] = deque()
        self._reader: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._pressed)

    def press(self, key: str) -> None:
        """A key comes last, and wakes the reader."""
        self._pressed.append(key)
        self.wake()

    def wake(self) -> None:
        """Let the reader go on without a key."""
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def clear(self) -> None:
        """Forget what was not read."""
        self._pressed.clear()

    async def read(self, timeout: float | None) -> str | None:
        """The oldest key; None when there is none after `timeout` seconds or when woken without one."""
        if not self._pressed:
            await self._stir(timeout)
        return self._pressed.popleft() if self._pressed else None

    async def _stir(self, timeout: float | None) -> None:
        loop = asyncio.get_running_loop()
        self._reader = loop.create_future()
        timer = loop.call_later(timeout, self.wake) if timeout is not None else None
        try:
            await self._reader
        finally:
            self._reader = None
            if timer is not None:
                timer.cancel()
