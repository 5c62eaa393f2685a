"""While callers wait before the sockets: new calls are refused and leave nothing behind, those in progress go on."""

import asyncio
from collections.abc import Iterator

import pytest

from sipcore.answering import REFUSED_TAG
from tests.support.exchange import Exchange
from tests.support.virtual_phone import VirtualPhone


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("refused")) as running:
        yield running


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """Phones have to prove whose they are, and three calls a second are taken."""
    settings = {"sip": {"authentication": True}, "limits": {"calls_per_second": 3}}
    with Exchange(tmp_path_factory.mktemp("guarded"), settings=settings) as running:
        yield running


async def stranger(exchange: Exchange, name: str) -> VirtualPhone:
    """Somebody who says to be a person of the company, and cannot prove it."""
    phone = VirtualPhone(name, exchange.address)
    await phone.start(register=False)
    exchange.phones[name] = phone
    return phone


def test_strangers_use_up_nothing_of_the_calls_that_are_taken_a_second(guarded: Exchange) -> None:
    async def test() -> None:
        nobody, outside = await stranger(guarded, "anna"), await guarded.outside()
        for _ in range(10):
            call = nobody.call("209")
            await call.over()
            assert call.statuses == [401]
        await outside.call("+4533221100").up()

    guarded.run(test())


def test_of_those_who_are_known_no_more_are_taken_a_second(guarded: Exchange) -> None:
    async def test() -> None:
        outside = await guarded.outside()
        guarded.parts.admission.look(0.0, 0)
        calls = [outside.call("+4533221100") for _ in range(5)]
        await asyncio.sleep(0.1)
        assert [call.statuses[-1] for call in calls] == [200, 200, 200, 503, 503]
        await asyncio.sleep(1)
        guarded.parts.admission.look(0.0, 0)
        await outside.call("+4533221100").up()

    guarded.run(test())


def test_a_new_call_is_refused_without_a_transaction_until_callers_no_longer_wait(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik = [await exchange.phone(person) for person in ("astrid", "henrik")]
        exchange.parts.admission.waiting(True)
        before = exchange.parts.stack.counts()["server_transactions"]
        refused = astrid.call("209")
        await refused.over()
        assert refused.statuses == [503]
        assert refused.remote.startswith(REFUSED_TAG)
        await asyncio.sleep(1)
        assert exchange.parts.stack.counts()["server_transactions"] == before
        assert henrik.is_silent
        assert not exchange.events
        exchange.parts.admission.waiting(False)
        call = astrid.call("209")
        rings = await henrik.rings()
        rings.answer()
        await call.up()
        call.hang_up()
        await rings.over()

    exchange.run(test())


def test_a_call_in_progress_is_held_retrieved_and_hung_up_while_new_ones_are_refused(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik = [await exchange.phone(person) for person in ("astrid", "henrik")]
        call = astrid.call("209")
        rings = await henrik.rings()
        exchange.parts.admission.waiting(True)
        rings.answer()
        await call.up()
        await asyncio.sleep(1)
        call.hold()
        await asyncio.sleep(1)
        assert exchange.hears(rings) == "music"
        call.retrieve()
        await asyncio.sleep(1)
        assert exchange.hears(rings) == "astrid"
        call.hang_up()
        await rings.over()
        exchange.parts.admission.waiting(False)

    exchange.run(test())
