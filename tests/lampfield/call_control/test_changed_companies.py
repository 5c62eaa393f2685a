"""Queues at work go by what the company's file says since: names that are told, opening hours, queues that are gone."""

import asyncio
import gc
from collections.abc import Iterator

import msgspec
import pytest

from routing.events import CallArrived, CallbackRequested, CalledBack, QueueJoined, QueueLeft
from routing.model import Company
from tests.lampfield.call_control.test_called_back_once import in_line, left, on_disk, press, served
from tests.lampfield.call_control.test_removed_queues import without_sales
from tests.lampfield.call_control.transfers import connected
from tests.support.exchange import Exchange
from tests.support.server import DOMAIN
from tests.support.virtual_phone import VirtualPhone

MOBILE, MAIN = "+4540404040", "+4533221100"
COMPANY = {
    "queues": {
        "sales": {"members": ["anna"], "wrap_up_seconds": 0, "callback_key": "5"},
        "support": {"members": [MOBILE], "wrap_up_seconds": 0},
    },
    "main_numbers": {MAIN: {"open": "queue:sales", "closed": "message:closed", "hours": "office"}},
}


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("changed"), company=COMPANY) as running:
        yield running


@pytest.fixture(autouse=True)
def unchanged(exchange: Exchange) -> Iterator[None]:
    """Each test begins with the company as it was."""
    yield
    exchange.run(configure(exchange, company_of(exchange)))


async def configure(exchange: Exchange, *companies: Company) -> None:
    exchange.parts.houses.configure(companies)


def company_of(exchange: Exchange) -> Company:
    (company,) = exchange.parts.door.directory.companies.values()
    return company


async def ordered(exchange: Exchange, *people: str) -> tuple[VirtualPhone, VirtualPhone, str]:
    """Astrid is to be called back by anna, who talks to ingrid until that one's phone hangs up; and astrid's call."""
    anna, astrid, ingrid = [await exchange.phone(person) for person in ("anna", "astrid", "ingrid")]
    await connected(anna, ingrid, "208")
    line, call = await in_line(exchange, astrid)
    await press(exchange, call, "5", "1")
    await line.over()
    return anna, astrid, call


def test_who_has_to_press_1_is_told_the_extension_that_the_queue_has_now(exchange: Exchange) -> None:
    async def test() -> None:
        company = company_of(exchange)
        others = {number: name for number, name in company.queue_extensions.items() if name != "support"}
        renumbered = msgspec.structs.replace(company, queue_extensions={**others, "377": "support"})
        exchange.parts.houses.configure([renumbered])
        mobile, astrid = await exchange.outside(MOBILE), await exchange.phone("astrid")
        line = astrid.call("377")
        answering = await mobile.rings()
        answering.answer()
        await asyncio.sleep(1)
        session = next(each for each in exchange.engine.sessions.values() if each.remote == answering.rtp)
        told = ["confirm/call-from", "word/extension", "number/3", "number/7", "number/7", "confirm/press"]
        clips = await exchange.parts.sounds.spoken(told, company.language, "PCMA", DOMAIN)
        assert session.announced == [clip.stem for clip in clips]
        exchange.parts.houses.configure([company])
        line.hang_up()

    exchange.run(test())


@pytest.mark.parametrize("comes_back", [False, True])
def test_a_queue_that_is_taken_out_calls_back_who_was_promised_it(exchange: Exchange, comes_back: bool) -> None:
    async def test() -> None:
        anna, astrid, call = await ordered(exchange)
        company = company_of(exchange)
        exchange.parts.houses.configure([without_sales(company)])
        gc.collect()
        if comes_back:
            exchange.parts.houses.configure([company])
        for line in anna.lines:
            line.hang_up()
        back = await astrid.rings()
        await served(exchange, back, anna)
        back.hang_up()
        await asyncio.sleep(10)
        assert left(exchange) == [(call, "called-back")]
        assert on_disk(exchange) == ([], [])
        exchange.parts.houses.configure([company])

    exchange.run(test())


def test_a_company_that_is_taken_out_calls_nobody_back(exchange: Exchange) -> None:
    async def test() -> None:
        anna, astrid, call = await ordered(exchange)
        company = company_of(exchange)
        exchange.parts.houses.configure([without_sales(company)])
        exchange.parts.houses.configure([])
        for line in anna.lines:
            line.hang_up()
        await asyncio.sleep(10)
        assert astrid.is_silent
        exchange.parts.houses.configure([company])
        house = exchange.parts.houses.of_domain(DOMAIN)
        assert house is not None
        house.queues["sales"].leave(call)

    exchange.run(test())


def test_a_place_whose_queue_was_taken_out_while_the_server_was_away_is_lost_on_record(exchange: Exchange) -> None:
    async def test() -> None:
        parts, company, now = exchange.parts, company_of(exchange), exchange.parts.clock()
        sink = parts.places.sink(company, lambda _: None)
        sink(QueueJoined(call="old", at=now - 60, queue="gone", position=1))
        sink(CallbackRequested(call="old", at=now - 50, queue="gone", number=MOBILE, earliest=now - 50))
        sink(QueueJoined(call="on-the-line", at=now - 60, queue="gone", position=2))
        parts.houses.let_go(())
        assert [(event.call, event.queue, event.outcome, event.waited) for event in exchange.of(QueueLeft)] == [
            ("old", "gone", "lost", 60.0)
        ]
        assert on_disk(exchange) == ([], [])

    exchange.run(test())


def test_nobody_is_called_back_while_the_switch_says_closed(exchange: Exchange) -> None:
    async def test() -> None:
        parts = exchange.parts
        switches = parts.hours.switches(company_of(exchange))
        anna, ingrid = await exchange.phone("anna"), await exchange.phone("ingrid")
        await connected(anna, ingrid, "208")
        switches.turn("office", "open")
        mobile = await exchange.outside(MOBILE)
        line = mobile.call(MAIN)
        await line.up()
        await asyncio.sleep(10)
        await press(exchange, exchange.of(CallArrived)[-1].call, "5", "1")
        await line.over()
        switches.turn("office", "closed")
        for talk in anna.lines:
            talk.hang_up()
        await asyncio.sleep(600)
        assert exchange.of(CalledBack) == []
        switches.turn("office", "open")
        await mobile.rings(65)
        house = parts.houses.of_domain(DOMAIN)
        assert house is not None
        house.queues["sales"].leave(exchange.of(CallArrived)[1].call)
        switches.turn("office", "calendar")

    exchange.run(test())
