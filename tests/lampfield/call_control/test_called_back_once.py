"""Who orders a call back twice by phone: one call is made, and nothing of the second order stays behind."""

import asyncio
from collections.abc import Iterator

import pytest

from routing.events import CallArrived, CalledBack, QueueLeft
from tests.lampfield.call_control.transfers import connected
from tests.support.exchange import Exchange
from tests.support.virtual_phone import Line, VirtualPhone

SALES, INGRID = "301", "208"
COMPANY = {"queues": {"sales": {"members": ["anna"], "wrap_up_seconds": 0, "callback_key": "5"}}}


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("once"), company=COMPANY) as running:
        yield running


async def in_line(exchange: Exchange, phone: VirtualPhone) -> tuple[Line, str]:
    """A call that waits in the queue, and its id."""
    line = phone.call(SALES)
    await line.up()
    await asyncio.sleep(10)
    return line, exchange.of(CallArrived)[-1].call


async def press(exchange: Exchange, call: str, *keys: str) -> None:
    leg = exchange.parts.legs.of_caller(call)
    assert leg is not None
    for key in keys:
        leg.key_pressed(key)
        await asyncio.sleep(2)


async def served(exchange: Exchange, back: Line, member: VirtualPhone) -> None:
    """Who was called back last answers, wants to talk, and talks to the member."""
    back.answer()
    await asyncio.sleep(2)
    await press(exchange, exchange.of(CalledBack)[-1].call, "1")
    (await member.rings()).answer()
    await asyncio.sleep(2)
    assert exchange.hears(back) == member.user


def on_disk(exchange: Exchange) -> tuple[list[str], list[str]]:
    """The calls that are kept, and the places."""
    calls = [kept.call for kept in exchange.parts.kept_calls.load()]
    return calls, [key.partition("/")[2] for key in exchange.parts.journal.load("place")]


def left(exchange: Exchange) -> list[tuple[str, str]]:
    return [(event.call, event.outcome) for event in exchange.of(QueueLeft)]


def test_a_second_order_leaves_nothing_behind_and_the_first_is_carried_out(exchange: Exchange) -> None:
    async def test() -> None:
        anna, astrid, ingrid = [await exchange.phone(person) for person in ("anna", "astrid", "ingrid")]
        talking, _ = await connected(anna, ingrid, INGRID)
        (busy,), _ = on_disk(exchange)
        calls = []
        for _ in range(2):
            line, call = await in_line(exchange, astrid)
            await press(exchange, call, "5", "1")
            await line.over()
            calls.append(call)
        assert on_disk(exchange) == ([busy], calls[:1])
        assert left(exchange) == [(calls[1], "already-ordered")]
        talking.hang_up()
        back = await astrid.rings()
        await served(exchange, back, anna)
        back.hang_up()
        await asyncio.sleep(100)
        assert len(exchange.of(CalledBack)) == 1
        assert left(exchange)[1:] == [(calls[0], "called-back")]
        assert on_disk(exchange) == ([], [])

    exchange.run(test())


def test_who_orders_while_being_called_is_called_once_more_when_that_call_has_ended(exchange: Exchange) -> None:
    async def test() -> None:
        anna, astrid, ingrid = [await exchange.phone(person) for person in ("anna", "astrid", "ingrid")]
        talking, _ = await connected(anna, ingrid, INGRID)
        line, first = await in_line(exchange, astrid)
        await press(exchange, first, "5", "1")
        await line.over()
        line, second = await in_line(exchange, astrid)
        talking.hang_up()
        engaged = await astrid.rings()
        engaged.ring()
        await press(exchange, second, "5", "1")
        await line.over()
        back = await astrid.rings()
        await engaged.over()
        await served(exchange, back, anna)
        assert [event.attempt for event in exchange.of(CalledBack)] == [1, 1]
        assert left(exchange) == [(second, "already-ordered"), (first, "called-back")]

    exchange.run(test())


def test_who_calls_again_and_is_answered_is_not_rung_any_more(exchange: Exchange) -> None:
    async def test() -> None:
        anna, astrid, ingrid = [await exchange.phone(person) for person in ("anna", "astrid", "ingrid")]
        talking, _ = await connected(anna, ingrid, INGRID)
        line, first = await in_line(exchange, astrid)
        await press(exchange, first, "5", "1")
        await line.over()
        line, second = await in_line(exchange, astrid)
        talking.hang_up()
        (await astrid.rings()).refuse(486)
        (await anna.rings()).answer()
        await asyncio.sleep(2)
        assert exchange.hears(line) == "anna"
        assert left(exchange) == [(second, "answered"), (first, "answered-meanwhile")]
        assert on_disk(exchange) == ([second], [second])

    exchange.run(test())


def test_who_was_called_back_and_rings_at_a_member_is_picked_up_by_the_queues_extension(exchange: Exchange) -> None:
    async def test() -> None:
        anna, astrid, ingrid = [await exchange.phone(person) for person in ("anna", "astrid", "ingrid")]
        bjorn = await exchange.phone("bjorn")
        talking, _ = await connected(anna, ingrid, INGRID)
        line, call = await in_line(exchange, astrid)
        await press(exchange, call, "5", "1")
        await line.over()
        talking.hang_up()
        back = await astrid.rings()
        early = bjorn.call(f"**{SALES}")
        await early.over()
        back.answer()
        await asyncio.sleep(2)
        await press(exchange, exchange.of(CalledBack)[0].call, "1")
        (await anna.rings()).ring()
        await asyncio.sleep(1)
        taken = bjorn.call(f"**{SALES}")
        await taken.up()
        await asyncio.sleep(1)
        assert exchange.hears(back) == "bjorn"
        assert left(exchange) == [(call, "called-back")]

    exchange.run(test())
