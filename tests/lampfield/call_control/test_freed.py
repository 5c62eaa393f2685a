"""What a call leaves in memory when it is over: nothing that only the garbage collector would find."""

import asyncio
import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from lampfield.call_control.bridge import Bridge
from lampfield.call_control.leg import Leg
from lampfield.call_control.rtp_session import RtpSession
from routing.call_flow import CallFlow
from tests.lampfield.call_control.transfers import connected
from tests.support.exchange import Exchange
from tests.support.server import MAIN_NUMBER

CALLER, ANNA, SALES = "+4540112233", "201", "301"


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    company = {"queues": {"sales": {"members": ["anna"], "wrap_up_seconds": 0}}}
    with Exchange(tmp_path, company=company) as running:
        yield running


@pytest.fixture
def _uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def left_over() -> list[object]:
    return [thing for thing in gc.get_objects() if isinstance(thing, Leg | Bridge | RtpSession | CallFlow)]


@pytest.mark.usefixtures("_uncollected")
@pytest.mark.parametrize("dialled", [MAIN_NUMBER, SALES])
def test_a_caller_who_gives_up_is_freed_at_once(exchange: Exchange, dialled: str) -> None:
    async def test() -> None:
        anna = await exchange.phone("anna")
        caller = await exchange.outside(CALLER) if dialled == MAIN_NUMBER else await exchange.phone("astrid")
        line = caller.call(dialled)
        await line.up()
        if dialled == SALES:
            (await anna.rings()).ring()
        await asyncio.sleep(5)
        assert left_over()
        line.hang_up()
        await asyncio.sleep(60)
        assert left_over() == []

    exchange.run(test())


@pytest.mark.usefixtures("_uncollected")
def test_two_who_talked_are_freed_at_once(exchange: Exchange) -> None:
    async def test() -> None:
        anna, astrid = await exchange.phone("anna"), await exchange.phone("astrid")
        line, _ = await connected(astrid, anna, ANNA)
        await asyncio.sleep(10)
        line.hang_up()
        await asyncio.sleep(60)
        assert left_over() == []

    exchange.run(test())
