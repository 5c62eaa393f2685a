"""Who waits in a queue and is cut off, by a stop of the server or with the audio: what is on record, who is called."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from routing.events import CallArrived, CallbackMissed, CalledBack, CallEnded, QueueLeft
from routing.queue.runner import QueueRunner
from tests.lampfield.call_control.transfers import connected
from tests.support.exchange import Exchange
from tests.support.server import DOMAIN
from tests.support.virtual_phone import Line, VirtualPhone

SALES, INGRID = "301", "208"
COMPANY = {"queues": {"sales": {"members": ["anna"], "wrap_up_seconds": 0, "callback_key": "5"}}}


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Exchange]:
    with Exchange(tmp_path, company=COMPANY) as running:
        yield running


def sales(exchange: Exchange) -> QueueRunner:
    house = exchange.parts.houses.of_domain(DOMAIN)
    assert house is not None
    return house.queues["sales"]


async def press(exchange: Exchange, call: str, *keys: str) -> None:
    leg = exchange.parts.legs.of_caller(call)
    assert leg is not None
    for key in keys:
        leg.key_pressed(key)
        await asyncio.sleep(2)


async def order(exchange: Exchange, phone: VirtualPhone) -> str:
    """Somebody waits and orders a call back; the id of the place."""
    line = phone.call(SALES)
    await line.up()
    await asyncio.sleep(10)
    call = exchange.of(CallArrived)[-1].call
    await press(exchange, call, "5", "1")
    await line.over()
    return call


async def called_back(exchange: Exchange) -> tuple[str, Line]:
    """Astrid has ordered a call back, is called and waits for anna, whose phone rings: the place, and astrid's line."""
    anna, astrid, ingrid = [await exchange.phone(person) for person in ("anna", "astrid", "ingrid")]
    talking, _ = await connected(anna, ingrid, INGRID)
    place = await order(exchange, astrid)
    talking.hang_up()
    back = await astrid.rings()
    back.answer()
    await asyncio.sleep(2)
    await press(exchange, exchange.of(CalledBack)[-1].call, "1")
    (await anna.rings()).ring()
    return place, back


def left(exchange: Exchange) -> list[tuple[str, str]]:
    return [(event.call, event.outcome) for event in exchange.of(QueueLeft)]


def test_a_stop_lets_who_waits_go_and_calls_nobody_back(exchange: Exchange) -> None:
    async def test() -> None:
        anna, astrid, henrik, ingrid = [
            await exchange.phone(person) for person in ("anna", "astrid", "henrik", "ingrid")
        ]
        await connected(anna, ingrid, INGRID)
        ordered = await order(exchange, astrid)
        waiting = henrik.call(SALES)
        await waiting.up()
        await exchange.parts.switchboard.drain(0)
        await waiting.over()
        await asyncio.sleep(5)
        assert left(exchange) == [(exchange.of(CallArrived)[2].call, "shutdown")]
        assert astrid.is_silent, "it is kept, and made when the server is there again"
        assert [caller.standing for caller in sales(exchange).state.in_line()] == ["callback"]
        sales(exchange).leave(ordered)

    exchange.run(test())


def test_who_was_called_back_when_the_server_stops_is_to_be_called_back_again(exchange: Exchange) -> None:
    async def test() -> None:
        place, back = await called_back(exchange)
        await exchange.parts.switchboard.drain(0)
        await back.over()
        assert left(exchange) == []
        assert exchange.of(CallEnded)[-1].cause == "shutdown"
        assert [(caller.call, caller.standing) for caller in sales(exchange).state.in_line()] == [(place, "callback")]
        assert [key.partition("/")[2] for key in exchange.parts.journal.load("place")] == [place]
        sales(exchange).leave(place)

    exchange.run(test())


def test_a_call_back_that_rings_when_the_server_stops_counts_as_no_attempt(exchange: Exchange) -> None:
    async def test() -> None:
        anna, astrid, ingrid = [await exchange.phone(person) for person in ("anna", "astrid", "ingrid")]
        talking, _ = await connected(anna, ingrid, INGRID)
        place = await order(exchange, astrid)
        talking.hang_up()
        back = await astrid.rings()
        back.ring()
        await exchange.parts.switchboard.drain(0)
        await back.over()
        await asyncio.sleep(5)
        assert exchange.of(CallbackMissed) == []
        assert [(caller.call, caller.attempts) for caller in sales(exchange).state.in_line()] == [(place, 0)]
        assert astrid.is_silent
        sales(exchange).leave(place)

    exchange.run(test())


def test_who_was_called_back_and_loses_the_audio_is_called_back_again(exchange: Exchange) -> None:
    async def test() -> None:
        place, back = await called_back(exchange)
        leg = exchange.parts.legs.of_caller(exchange.of(CalledBack)[-1].call)
        assert leg is not None
        leg.end("failed")  # as where the media engine was started anew
        await back.over()
        again = await back.phone.rings()
        assert [event.place for event in exchange.of(CalledBack)] == [place, place]
        assert left(exchange) == []
        again.refuse(486)
        sales(exchange).leave(place)

    exchange.run(test())


def test_who_waits_and_loses_the_audio_has_not_given_up(exchange: Exchange) -> None:
    async def test() -> None:
        anna, astrid = [await exchange.phone(person) for person in ("anna", "astrid")]
        line = astrid.call(SALES)
        await line.up()
        (await anna.rings()).ring()
        leg = exchange.parts.legs.of_caller(exchange.of(CallArrived)[-1].call)
        assert leg is not None
        leg.end("failed")
        await line.over()
        assert [outcome for _, outcome in left(exchange)] == ["lost"]

    exchange.run(test())
