"""Transfers that cross answers and hang-ups: nobody is left in a call alone."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.lampfield.call_control.transfers import COMPANY, connected, three, transfers
from tests.support.exchange import Exchange


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("transfer"), company=COMPANY) as running:
        yield running


def test_a_transfer_and_a_hang_up_right_behind_it_send_the_caller_on(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik, ingrid = await three(exchange, "astrid", "henrik", "ingrid")
        call, answering = await connected(astrid, henrik, "209")
        answering.refer("208")
        answering.hang_up()
        ringing = await ingrid.rings()
        ringing.answer()
        await asyncio.sleep(1)
        assert (exchange.hears(call), exchange.hears(ringing)) == ("ingrid", "astrid")

    exchange.run(test())


def test_a_transfer_right_behind_the_answer_waits_until_the_two_talk(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik, ingrid = await three(exchange, "astrid", "henrik", "ingrid")
        call = astrid.call("209")
        answering = await henrik.rings()
        answering.answer()
        answering.refer("208")
        (await ingrid.rings()).answer()
        await answering.told("200 terminated")
        await asyncio.sleep(1)
        assert exchange.hears(call) == "ingrid"

    exchange.run(test())


def test_a_transfer_right_behind_the_answer_to_a_caller_who_is_gone_is_refused(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik = await three(exchange, "astrid", "henrik")
        call = astrid.call("209")
        answering = await henrik.rings()
        call.hang_up()
        answering.answer()
        answering.refer("208")
        assert await answering.refer_answered() in (481, 603)

    exchange.run(test())


def test_a_transfer_that_comes_behind_the_hang_up_is_for_no_call(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik, ingrid = await three(exchange, "astrid", "henrik", "ingrid")
        call, answering = await connected(astrid, henrik, "209")
        answering.hang_up()
        answering.refer("208")
        assert await answering.refer_answered() == 481
        await call.over()
        assert ingrid.is_silent

    exchange.run(test())


def test_a_transfer_that_crosses_the_callers_hang_up_ends_the_call(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik, ingrid = await three(exchange, "astrid", "henrik", "ingrid")
        call, answering = await connected(astrid, henrik, "209")
        call.hang_up()
        answering.refer("208")
        await answering.over()
        assert await answering.refer_answered() in (481, 603)
        assert ingrid.is_silent

    exchange.run(test())


@pytest.mark.parametrize("first", ["answer", "hang-up"])
def test_an_answer_that_crosses_the_callers_hang_up_leaves_nobody_in_the_call(exchange: Exchange, first: str) -> None:
    async def test() -> None:
        astrid, henrik, ingrid = await three(exchange, "astrid", "henrik", "ingrid")
        call, answering = await connected(astrid, henrik, "209")
        answering.refer("208")
        ringing = await ingrid.rings()
        for step in ("answer", "hang-up") if first == "answer" else ("hang-up", "answer"):
            if step == "answer":
                ringing.answer()
            else:
                call.hang_up()
        await ringing.over()
        await answering.over()

    exchange.run(test())


def test_an_answer_that_crosses_the_transferors_hang_up_connects_the_two(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik, ingrid = await three(exchange, "astrid", "henrik", "ingrid")
        call, answering = await connected(astrid, henrik, "209")
        answering.refer("208")
        ringing = await ingrid.rings()
        answering.hang_up()
        ringing.answer()
        await asyncio.sleep(1)
        assert exchange.hears(call) == "ingrid"
        assert transfers(exchange) == [("blind", "henrik", "callee", "208", "answered", 200)]

    exchange.run(test())
