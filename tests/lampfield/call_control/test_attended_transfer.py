"""Two whom somebody talks to are joined: in which call, with what everybody hears and sees, and what is on record."""

import asyncio
from collections.abc import Iterator

import pytest

from routing.events import CallEnded, CallTransferred
from tests.lampfield.call_control.transfers import COMPANY, connected, record, three
from tests.support.exchange import Exchange


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("transfer"), company=COMPANY) as running:
        yield running


@pytest.mark.parametrize("second", ["calls", "is called"])
@pytest.mark.parametrize("first", ["calls", "is called"])
@pytest.mark.parametrize("asks_in", ["first", "second"])
def test_two_whom_somebody_talks_to_are_joined_in_the_call_that_came_first(
    exchange: Exchange, first: str, second: str, asks_in: str
) -> None:
    async def test() -> None:
        astrid, henrik, ingrid = await three(exchange, "astrid", "henrik", "ingrid")
        if first == "calls":
            mine, one = await connected(henrik, astrid, "210")
        else:
            one, mine = await connected(astrid, henrik, "209")
        mine.hold()
        await asyncio.sleep(1)
        assert exchange.hears(one) == "music"
        if second == "calls":
            other_mine, two = await connected(henrik, ingrid, "208")
        else:
            two, other_mine = await connected(ingrid, henrik, "209")
        asking, named = (mine, other_mine) if asks_in == "first" else (other_mine, mine)
        asking.refer_to(named)
        await asking.told("200 terminated")
        await mine.over()
        await other_mine.over()
        await asyncio.sleep(1)
        assert (exchange.hears(one), exchange.hears(two)) == ("ingrid", "astrid")
        assert exchange.lamp("henrik") == ("idle", [])
        assert exchange.lamp("astrid") == ("talking", ["Ingrid Solberg"])
        assert exchange.lamp("ingrid") == ("talking", ["Astrid Kjær"])
        assert ("Ingrid" in one.identified, "Astrid" in two.identified) == (True, True)
        calls = list(dict.fromkeys(event.call for event in exchange.events))
        (over,) = exchange.of(CallEnded)
        assert (over.call, over.cause) == (calls[1], "transferred")
        told = {event.call: event for event in exchange.of(CallTransferred)}
        assert told[calls[0]].goes_on_in == ""
        assert told[calls[1]].goes_on_in == calls[0]
        two.hang_up()
        await one.over()
        await asyncio.sleep(1)
        assert [ended.call for ended in exchange.of(CallEnded)] == [calls[1], calls[0]]

    exchange.run(test())


def test_a_caller_from_outside_is_joined_to_a_colleague_and_stays_the_caller_on_record(exchange: Exchange) -> None:
    async def test() -> None:
        anna, ingrid = await three(exchange, "anna", "ingrid")
        outside = await exchange.outside()
        call = outside.call("+4533221100", domain="127.0.0.1")
        await call.up()
        leg = exchange.parts.legs.live()[0]
        leg.key_pressed("1")
        answering = await anna.rings()
        answering.answer()
        await asyncio.sleep(1)
        answering.hold()
        consulting, two = await connected(anna, ingrid, "208")
        consulting.hold()
        await asyncio.sleep(1)
        answering.refer_to(consulting)
        await answering.over()
        await asyncio.sleep(1)
        assert (exchange.hears(call), exchange.hears(two)) == ("ingrid", "+4540123456")
        two.hang_up()
        await call.over()
        await asyncio.sleep(1)
        whole = record(exchange, exchange.events[0].call)
        assert (whole.caller_number, whole.connected_person) == ("+4540123456", "ingrid")
        assert [visit.outcome for visit in whole.queue_visits] == ["answered"]

    exchange.run(test())


def test_who_is_transferred_before_the_second_answers_goes_there_as_in_a_blind_transfer(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik, ingrid = await three(exchange, "astrid", "henrik", "ingrid")
        call, answering = await connected(astrid, henrik, "209")
        consulting = henrik.call("208")
        first = await ingrid.rings()
        first.ring()
        await asyncio.sleep(1)
        answering.refer_to(consulting)
        again = await ingrid.rings()
        await first.over()
        again.answer()
        await answering.told("200 terminated")
        await asyncio.sleep(1)
        assert consulting.is_over
        assert (exchange.hears(call), exchange.hears(again)) == ("ingrid", "astrid")

    exchange.run(test())


def test_who_is_transferred_to_a_queue_in_which_the_transferor_waits_waits_there(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik, anna = await three(exchange, "astrid", "henrik", "anna")
        call, answering = await connected(astrid, henrik, "209")
        consulting = henrik.call("301")
        await consulting.up()
        (await anna.rings()).ring()
        answering.refer_to(consulting)
        await answering.told("200 terminated")
        await consulting.over()
        (await anna.rings()).answer()
        await asyncio.sleep(1)
        assert exchange.hears(call) == "anna"

    exchange.run(test())


def test_a_dialog_that_has_just_ended_can_be_joined_to_nobody(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik, ingrid = await three(exchange, "astrid", "henrik", "ingrid")
        call, answering = await connected(astrid, henrik, "209")
        consulting, two = await connected(henrik, ingrid, "208")
        two.hang_up()
        answering.refer_to(consulting)
        assert await answering.refer_answered() == 481
        await asyncio.sleep(1)
        assert exchange.hears(call) == "henrik"

    exchange.run(test())


def test_only_a_call_of_ones_own_can_be_joined(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik, ingrid, maja = await three(exchange, "astrid", "henrik", "ingrid", "maja")
        _, answering = await connected(astrid, henrik, "209")
        others, _ = await connected(ingrid, maja, "207")
        answering.refer_to(others)
        assert await answering.refer_answered() == 403

    exchange.run(test())
