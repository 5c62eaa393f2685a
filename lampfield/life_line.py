"""The pipe by which a process tells its supervisor that it is ready, and from then on that it is alive.

One that has ended is noticed without it. One whose loop stands still holds its sockets and answers nobody.
"""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Final

BEAT_SECONDS: Final = 1.0
"""Between two signs of life, and between two looks for them."""

_SIGN: Final = b"1"
_SIGN_WITHOUT: Final = b"0"
"""Of a process that serves, but without its database."""
_MOST: Final = 4096
"""Signs taken with one look: more than an hour of them."""


class LifeLine:
    """The supervisor's end."""

    def __init__(self, descriptor: int) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self.lacks_database = False
        """Whether the last sign said so."""

    async def ready(self) -> bool:
        """Wait for the first sign; False where the process ends instead."""
        loop, told = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._descriptor, told.set)
        try:
            await told.wait()
        finally:
            loop.remove_reader(self._descriptor)
        return self.is_felt()

    def is_felt(self) -> bool:
        """True if there was a sign since the last look."""
        try:
            signs = os.read(self._descriptor, _MOST)
        except BlockingIOError:
            return False
        self.lacks_database = signs.endswith(_SIGN_WITHOUT)
        return bool(signs)

    def close(self) -> None:
        os.close(self._descriptor)


def say_ready(descriptor: int | None) -> None:
    """Tell the supervisor, if there is one, that this process is ready. It expects signs of life from now on."""
    if descriptor is not None:
        os.set_blocking(descriptor, False)
        os.write(descriptor, _SIGN)


async def show_life(descriptor: int | None, lacks_database: Callable[[], bool] = lambda: False) -> None:
    """Give a sign at each beat, as long as this process's loop runs."""
    while True:
        await asyncio.sleep(BEAT_SECONDS)
        if descriptor is not None:
            # A supervisor that stands still itself has enough of them to read.
            with suppress(BlockingIOError):
                os.write(descriptor, _SIGN_WITHOUT if lacks_database() else _SIGN)
