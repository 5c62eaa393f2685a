"""People's calls here, told to Teams as a presence session of ours (setPresence), kept alive while they last."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

from status_adapters.adapter import Health
from status_adapters.graph.api import GraphApi, GraphFault
from status_adapters.http_client import SourceFault
from status_adapters.moments import Moments

LIFE_SECONDS = 600
"""After which Teams forgets a session of ours that is not renewed: so long a call would outlive a crash of ours."""
RENEW_SECONDS = 480.0
RETRY_SECONDS = 30.0
ECHO_SECONDS = 60.0
"""For so long after a call Graph may still tell of it."""
AT_ONCE = 8


class Telling:
    """Who is to be shown in a call, and who is."""

    def __init__(self, session: str, clock: Callable[[], float]) -> None:
        self._session = session
        self._clock = clock
        self._wanted: set[str] = set()
        self._shown: dict[str, float] = {}
        """Until when Graph may tell us of our own call."""
        self._due: Moments[str] = Moments(clock)

    def tell(self, presentity: str, in_call: bool) -> None:
        """The person is now in a call here, or not."""
        if in_call == (presentity in self._wanted):
            return
        if in_call:
            self._wanted.add(presentity)
        else:
            self._wanted.discard(presentity)
            if presentity not in self._shown:
                self._due.drop(presentity)
                return
        self._due.set(presentity, self._clock())

    def is_echo(self, presentity: str) -> bool:
        """Whether a call that Graph tells of may be the one that we told it."""
        return self._shown.get(presentity, 0.0) > self._clock()

    async def run(self, api: GraphApi, ids: Mapping[str, str], health: Health) -> None:
        """Tell, until cancelled. `ids` are users' by presentity."""
        for presentity in self._wanted:
            self._due.set(presentity, self._clock())
        turn = asyncio.Semaphore(AT_ONCE)
        running: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                presentity = await self._due.next()
                before = running.get(presentity)
                if before is not None:
                    # In order: the end of a call must not arrive before its beginning.
                    await before
                await turn.acquire()
                task = asyncio.ensure_future(self._tell(api, presentity, ids.get(presentity, ""), health))
                running[presentity] = task
                task.add_done_callback(partial(_forget, running, presentity))
                task.add_done_callback(lambda _: turn.release())
        finally:
            for task in running.values():
                task.cancel()
            await asyncio.gather(*running.values(), return_exceptions=True)

    async def _tell(self, api: GraphApi, presentity: str, user: str, health: Health) -> None:
        if not user:
            return
        path = f"/users/{user}/presence"
        try:
            if presentity in self._wanted:
                self._shown[presentity] = self._clock() + LIFE_SECONDS
                body = {
                    "sessionId": self._session,
                    "availability": "Busy",
                    "activity": "InACall",
                    "expirationDuration": f"PT{LIFE_SECONDS // 60}M",
                }
                await api.ask("POST", f"{path}/setPresence", body)
                if presentity not in self._due:
                    self._due.set(presentity, self._clock() + RENEW_SECONDS)
            else:
                await self._clear(api, path)
                self._shown[presentity] = self._clock() + ECHO_SECONDS
        except SourceFault as fault:
            health.failed(f"{presentity} not told: {fault}")
            if presentity not in self._due:
                self._due.set(presentity, self._clock() + RETRY_SECONDS)

    async def _clear(self, api: GraphApi, path: str) -> None:
        try:
            await api.ask("POST", f"{path}/clearPresence", {"sessionId": self._session})
        except GraphFault as fault:
            # 404: the session is gone already.
            if fault.status != 404:
                raise


def _forget(running: dict[str, asyncio.Task[None]], presentity: str, done: asyncio.Task[None]) -> None:
    if running.get(presentity) is done:
        del running[presentity]
