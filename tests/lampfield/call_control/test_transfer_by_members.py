"""Transfers by and to members of a queue: their notes after a call, and what is on record."""

import asyncio
from collections.abc import Iterator

import pytest

from routing.events import CallBridged
from routing.queue.view import MemberView, view
from tests.lampfield.call_control.transfers import COMPANY, connected, three
from tests.support.exchange import Exchange
from tests.support.server import DOMAIN
from tests.support.virtual_phone import Line, VirtualPhone
from tests.support.virtual_time import now


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("transfer"), company=COMPANY) as running:
        yield running


def member(exchange: Exchange, person: str) -> MemberView:
    house = exchange.parts.houses.of_domain(DOMAIN)
    assert house is not None
    return next(each for each in view(house.queues["sales"].state, now()).members if each.person == person)


async def answered_by(exchange: Exchange, caller: VirtualPhone, member: VirtualPhone) -> tuple[Line, Line]:
    """A caller of the queue talks to the member."""
    call = caller.call("301")
    answering = await member.rings()
    answering.answer()
    await asyncio.sleep(2)
    assert exchange.hears(call) == member.user
    return call, answering


def test_a_members_notes_begin_when_the_transferred_caller_is_answered(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, anna, ingrid = await three(exchange, "astrid", "anna", "ingrid")
        call, answering = await answered_by(exchange, astrid, anna)
        answering.refer("208")
        ringing = await ingrid.rings()
        await asyncio.sleep(5)
        assert member(exchange, "anna").state == "talking", "the caller may be back"
        ringing.answer()
        await asyncio.sleep(0.1)
        answered = now()
        assert member(exchange, "anna").state == "wrap-up"
        assert member(exchange, "anna").until == pytest.approx(answered + 30, abs=0.2)
        await asyncio.sleep(20)
        call.hang_up()
        await asyncio.sleep(5)
        assert member(exchange, "anna").state == "wrap-up", "whatever becomes of the caller"
        await asyncio.sleep(6)
        assert member(exchange, "anna").state == "free"

    exchange.run(test())


def test_a_members_notes_begin_when_they_hang_up_behind_the_transfer(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, anna, ingrid = await three(exchange, "astrid", "anna", "ingrid")
        _, answering = await answered_by(exchange, astrid, anna)
        answering.refer("208")
        await answering.refer_answered()
        answering.hang_up()
        began = now()
        await ingrid.rings()
        await asyncio.sleep(5)
        assert member(exchange, "anna").until == pytest.approx(began + 30, abs=0.2)

    exchange.run(test())


def test_a_members_notes_begin_when_they_have_joined_the_two(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, anna, ingrid = await three(exchange, "astrid", "anna", "ingrid")
        anna.takes_notify = 0
        call, answering = await answered_by(exchange, astrid, anna)
        consulting, two = await connected(anna, ingrid, "208")
        answering.refer_to(consulting)
        await answering.refer_answered()
        await asyncio.sleep(0.1)
        assert member(exchange, "anna").state == "wrap-up"
        assert member(exchange, "anna").until == pytest.approx(now() + 30, abs=0.3), "though the phone is not told yet"
        assert exchange.hears(call) == "ingrid"
        two.hang_up()
        await asyncio.sleep(50)

    exchange.run(test())


def test_a_member_who_was_consulted_talks_until_their_own_part_is_over(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik, anna = await three(exchange, "astrid", "henrik", "anna")
        call, answering = await connected(astrid, henrik, "209")
        consulting, two = await answered_by(exchange, henrik, anna)
        answering.refer_to(consulting)
        await consulting.over()
        await asyncio.sleep(60)
        assert exchange.hears(call) == "anna"
        assert member(exchange, "anna").state == "talking", "the queue found her for the one who consulted"
        two.hang_up()
        await asyncio.sleep(1)
        assert member(exchange, "anna").state == "wrap-up"

    exchange.run(test())


def test_a_colleague_who_takes_over_a_queues_caller_is_no_answering_member(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, anna, bjorn = await three(exchange, "astrid", "anna", "bjorn")
        exchange.parts.houses.of_domain(DOMAIN)
        call = astrid.call("301")
        await asyncio.sleep(1)
        answering = await (anna if member(exchange, "anna").call else bjorn).rings()
        answering.answer()
        await asyncio.sleep(2)
        first, second = (anna, bjorn) if answering.phone is anna else (bjorn, anna)
        answering.refer("201" if second is anna else "202")
        (await second.rings()).answer()
        await asyncio.sleep(2)
        assert exchange.hears(call) == second.user
        assert member(exchange, first.user).state == "wrap-up"
        assert member(exchange, second.user).state == "busy"
        call.hang_up()
        await asyncio.sleep(1)
        assert member(exchange, second.user).state == "free"

    exchange.run(test())


def test_every_conversation_of_a_transferred_call_is_on_record(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik, ingrid = await three(exchange, "astrid", "henrik", "ingrid")
        _, answering = await connected(astrid, henrik, "209")
        answering.refer("208")
        (await ingrid.rings()).answer()
        await asyncio.sleep(2)
        assert [bridged.person for bridged in exchange.of(CallBridged)] == ["henrik", "ingrid"]

    exchange.run(test())
