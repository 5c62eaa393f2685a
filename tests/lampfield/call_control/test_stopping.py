"""A server that stops gives the calls in progress their time, and begins none by itself."""

import asyncio
from pathlib import Path

import pytest

from routing.events import CalledBack, ToldWhenFree
from tests.lampfield.call_control.test_called_back_once import COMPANY, in_line, left, on_disk, press
from tests.lampfield.call_control.transfers import connected
from tests.support.exchange import Exchange


@pytest.mark.parametrize("stops", [False, True])
def test_nobody_is_called_back_when_the_server_is_about_to_stop(tmp_path: Path, stops: bool) -> None:
    async def test() -> None:
        anna, astrid, ingrid = [await exchange.phone(person) for person in ("anna", "astrid", "ingrid")]
        await connected(await exchange.phone("lars"), await exchange.phone("sofie"), "205")
        talking, _ = await connected(anna, ingrid, "208")
        line, call = await in_line(exchange, astrid)
        await press(exchange, call, "5", "1")
        await line.over()
        stopping = asyncio.create_task(exchange.parts.switchboard.drain(60 if stops else 0)) if stops else None
        await asyncio.sleep(1)
        talking.hang_up()
        await asyncio.sleep(5)
        assert len(exchange.of(CalledBack)) == (0 if stops else 1)
        if stopping is not None:
            await stopping
            assert left(exchange) == []
            assert on_disk(exchange)[1] == [call]
        house = exchange.parts.houses.of_domain("nordlys.example")
        assert house is not None
        house.queues["sales"].leave(call)

    with Exchange(tmp_path, company=COMPANY) as exchange:
        exchange.run(test())


@pytest.mark.parametrize("stops", [False, True])
def test_nobody_is_called_for_a_colleague_who_is_free_when_the_server_is_about_to_stop(
    tmp_path: Path, stops: bool
) -> None:
    async def test() -> None:
        anna, astrid, ingrid = [await exchange.phone(person) for person in ("anna", "astrid", "ingrid")]
        await connected(await exchange.phone("lars"), await exchange.phone("sofie"), "205")
        talking, _ = await connected(anna, ingrid, "208")
        await astrid.call("*37201").over()
        await asyncio.sleep(5)
        stopping = asyncio.create_task(exchange.parts.switchboard.drain(60 if stops else 0)) if stops else None
        await asyncio.sleep(1)
        talking.hang_up()
        await asyncio.sleep(10)
        assert len(exchange.of(ToldWhenFree)) == (0 if stops else 1)
        assert len(exchange.parts.journal.load("completion")) == (1 if stops else 0)
        if stopping is not None:
            await stopping

    with Exchange(tmp_path, company=COMPANY) as exchange:
        exchange.run(test())
