"""RTP sessions opened before anybody needs one, so that a call does not wait for its port."""

import asyncio
from collections.abc import Callable, Collection
from typing import NamedTuple

from media.client import MediaClient, MediaError

MOST_SPARE = 12
"""Each holds a pair of ports, and three sockets of the engine."""
OPENED_AT_ONCE = 6
"""One packet to the engine and one back for all of them."""


class SpareSession(NamedTuple):
    """A session that nobody uses yet, and its RTP port."""

    name: str
    port: int


class SpareSessions:
    """Keeps some sessions on `address`, an IP literal, open in advance; `token` names them."""

    def __init__(self, client: MediaClient, address: str, token: Callable[[], str]) -> None:
        self._client = client
        self._address = address
        self._token = token
        self._spares: list[SpareSession] = []
        self._begun = False
        self._filling: asyncio.Task[None] | None = None

    async def begin(self, in_use: Collection[str] = ()) -> None:
        """Keep sessions from now on; close those from before that are neither configured nor `in_use`.

        Raises MediaError where the engine is away.
        """
        for info in await self._client.sessions():
            if info.codec is None and info.session not in in_use:
                self._client.drop(info.session)
        self._begun = True
        self._fill()

    def take(self) -> SpareSession | None:
        """A session for the taker alone, who closes it; None where there is none, then `open` one."""
        spare = self._spares.pop() if self._spares else None
        if len(self._spares) <= MOST_SPARE - OPENED_AT_ONCE:
            self._fill()
        return spare

    async def open(self, name: str) -> int:
        """Open a session that nobody waits for in advance and give its RTP port. Raises MediaError."""
        return await self._client.open(name, self._address)

    def forget(self) -> None:
        """The engine is away: what it had opened may be gone. `begin` again when it is back."""
        self._begun = False
        if self._filling is not None:
            self._filling.cancel()
        self._spares.clear()

    def close(self) -> None:
        """Give all of them back."""
        for spare in self._spares:
            self._client.drop(spare.name)
        self.forget()

    def _fill(self) -> None:
        if self._begun and (self._filling is None or self._filling.done()):
            self._filling = asyncio.get_running_loop().create_task(self._open_some(), name="spare RTP sessions")

    async def _open_some(self) -> None:
        names = [self._token() for _ in range(OPENED_AT_ONCE)]
        try:
            opened = await self._client.open_several(names, self._address)
        except MediaError:
            return  # the engine has just gone
        self._spares += [SpareSession(name, port) for name, port in opened.items()]
