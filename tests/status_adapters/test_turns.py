"""One adapter that computes without a pause is named, then stopped; the others have their turns again.

In real time: what is measured is the processor's.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from status_adapters.adapter import Finding, Health, Report, Watched
from status_adapters.health import AdapterHealth
from status_adapters.hook import HookAnswer, HookRequest
from status_adapters.outlet import Outlet
from status_adapters.supervision import Supervised
from status_adapters.turns import HELD_UP, Turns
from tests.status_adapters.test_outlet import Shelf

NAMED, STOPPED = 0.05, 0.2


def compute(seconds: float) -> None:
    """Use so much of the processor."""
    begin = time.process_time()
    while time.process_time() - begin < seconds:
        pass


class Computing:
    """An adapter that computes when it begins, and when it is sent a request."""

    name = "computing"

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.computed = asyncio.Event()

    async def run(self, report: Report, health: Health) -> None:
        health.logged_in()
        try:
            compute(self._seconds)
        finally:
            self.computed.set()
        await asyncio.get_running_loop().create_future()

    def watch(self, people: Iterable[Watched]) -> None:
        """It wants to know of nobody."""

    async def test(self, person: Watched) -> list[Finding]:
        return []

    async def hooked(self, request: HookRequest) -> HookAnswer:
        compute(60)
        return HookAnswer(200)


def supervised(adapter: Computing) -> Supervised:
    health = AdapterHealth(adapter.name, "test", time.time, lambda text: text)
    return Supervised(adapter, health, Outlet(Shelf(), time.time, lambda: None).lane("c"), time.time, random.Random(1))


@asynccontextmanager
async def turns() -> AsyncIterator[None]:
    watching = asyncio.ensure_future(Turns(NAMED, STOPPED).watch())
    await asyncio.sleep(0)
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.wait([watching])


@asynccontextmanager
async def kept(adapter: Computing) -> AsyncIterator[Supervised]:
    it = supervised(adapter)
    keeping = asyncio.ensure_future(it.keep())
    try:
        yield it
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])


def test_who_computes_without_a_pause_is_stopped_and_the_others_go_on() -> None:
    async def scenario() -> None:
        adapters = Computing(60), Computing(0)
        async with turns(), kept(adapters[0]) as greedy, kept(adapters[1]) as modest:
            for adapter in adapters:
                await adapter.computed.wait()
            assert (greedy.health.standing, modest.health.standing) == ("failed", "logged-in")
            assert greedy.health.last_error.startswith(
                "it computed for 0.2 s without a pause, in compute (test_turns.py:"
            )
            assert greedy.health.counts[HELD_UP] == 1
            assert modest.health.counts[HELD_UP] == 0

    asyncio.run(scenario())


def test_who_computes_a_little_long_is_named_and_goes_on() -> None:
    async def scenario() -> None:
        adapter = Computing(2 * NAMED)
        async with turns(), kept(adapter) as slow:
            await adapter.computed.wait()
            assert (slow.health.standing, slow.health.counts[HELD_UP]) == ("logged-in", 1)
            assert "computes for more than 0.05 s without a pause" in slow.health.last_error

    asyncio.run(scenario())


def test_a_request_that_is_computed_for_too_long_is_to_be_sent_again() -> None:
    async def scenario() -> None:
        async with turns():
            it = supervised(Computing(0))
            answer = await it.hooked(HookRequest("POST", {}, b"", time.time()))
            assert answer.status == 503
            assert it.health.counts == {HELD_UP: 1, "hooks failed": 1}

    asyncio.run(scenario())


def test_what_is_nobodys_work_is_not_stopped() -> None:
    async def scenario() -> None:
        async with turns():
            compute(2 * STOPPED)

    asyncio.run(scenario())
