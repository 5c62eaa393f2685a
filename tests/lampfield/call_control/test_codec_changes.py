"""Phones that change their codec in the midst of a call, and those that have none in common with us."""

import asyncio
from collections.abc import Iterator

import pytest

from routing.events import CallArrived
from tests.lampfield.call_control.transfers import connected
from tests.support.exchange import Exchange
from tests.support.virtual_phone import Line, VirtualPhone


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("codecs")) as running:
        yield running


async def phone(exchange: Exchange, person: str, *codecs: str) -> VirtualPhone:
    made = await exchange.phone(person)
    made.codecs = codecs
    return made


async def talking(exchange: Exchange, caller: tuple[str, ...], callee: tuple[str, ...]) -> tuple[Line, Line]:
    """Astrid has called Henrik; by the codecs of their phones."""
    return await connected(await phone(exchange, "astrid", *caller), await phone(exchange, "henrik", *callee), "209")


@pytest.mark.parametrize("changing", ["caller", "callee"])
def test_a_phone_that_has_its_codec_no_more_is_followed_by_the_other(exchange: Exchange, changing: str) -> None:
    async def test() -> None:
        call, answering = await talking(exchange, ("G722", "PCMA"), ("G722", "PCMA"))
        one, other = (call, answering) if changing == "caller" else (answering, call)
        one.change_to("PCMU")
        await asyncio.sleep(1)
        assert one.reinvited == [200]
        assert not one.asked, "who has changed is left alone"
        (asked,) = other.asked
        assert asked.codecs == ["8", "101"]
        assert (exchange.hears(call), exchange.hears(answering)) == ("henrik", "astrid")

    exchange.run(test())


def test_a_change_that_the_relay_can_convert_concerns_the_other_phone_not(exchange: Exchange) -> None:
    async def test() -> None:
        call, answering = await talking(exchange, ("PCMA", "PCMU"), ("PCMA",))
        call.change_to("PCMU")
        await asyncio.sleep(1)
        assert call.reinvited == [200]
        assert not answering.asked
        assert (exchange.hears(call), exchange.hears(answering)) == ("henrik", "astrid")

    exchange.run(test())


def test_a_change_that_the_other_phone_cannot_follow_is_refused_and_the_call_goes_on(exchange: Exchange) -> None:
    async def test() -> None:
        call, answering = await talking(exchange, ("G722", "PCMA"), ("G722",))
        call.change_to("PCMA", direction="sendonly")
        await asyncio.sleep(1)
        assert call.reinvited == [488]
        assert not answering.asked
        assert (exchange.hears(call), exchange.hears(answering)) == ("henrik", "astrid")
        call.change_to("G722", "PCMA")
        await asyncio.sleep(1)
        assert call.reinvited == [488, 200]
        assert (exchange.hears(call), exchange.hears(answering)) == ("henrik", "astrid")

    exchange.run(test())


def test_who_is_held_while_the_codec_changes_goes_on_hearing_music(exchange: Exchange) -> None:
    async def test() -> None:
        call, answering = await talking(exchange, ("G722", "PCMA"), ("G722", "PCMA"))
        call.change_to("PCMA", direction="sendonly")
        await asyncio.sleep(1)
        assert call.reinvited == [200]
        assert exchange.hears(answering) == "music"
        call.retrieve()
        await asyncio.sleep(1)
        assert (exchange.hears(call), exchange.hears(answering)) == ("henrik", "astrid")

    exchange.run(test())


def test_a_call_is_retrieved_with_another_codec(exchange: Exchange) -> None:
    async def test() -> None:
        call, answering = await talking(exchange, ("G722", "PCMA"), ("G722", "PCMA"))
        call.hold()
        await asyncio.sleep(1)
        call.change_to("PCMA")
        await asyncio.sleep(1)
        assert call.reinvited == [200, 200]
        assert (exchange.hears(call), exchange.hears(answering)) == ("henrik", "astrid")

    exchange.run(test())


def test_a_caller_whose_audio_nobody_can_hear_is_refused_before_any_phone_rings(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik = await phone(exchange, "astrid", "G729"), await phone(exchange, "henrik")
        call = astrid.call("209")
        await call.over()
        assert call.statuses[-1] == 488
        assert henrik.is_silent
        assert not exchange.of(CallArrived)

    exchange.run(test())


def test_a_phone_that_has_no_codec_for_it_takes_no_call_from_a_colleague(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik, ingrid = [await phone(exchange, person) for person in ("astrid", "henrik", "ingrid")]
        ingrid.codecs = ("G729",)
        call = astrid.call("209")
        rings = await henrik.rings()
        rings.ring()
        await asyncio.sleep(1)
        taken = ingrid.call("**209")
        await taken.over()
        assert taken.statuses[-1] == 488
        rings.answer()
        await call.up()
        await asyncio.sleep(1)
        assert exchange.hears(call) == "henrik"

    exchange.run(test())


def test_who_can_be_sent_no_audio_is_refused_and_told_why(exchange: Exchange) -> None:
    async def test() -> None:
        outside = await exchange.outside()
        outside.audio_host = "2001:db8::7"
        call = outside.call("+4533221100")
        await call.over()
        assert call.statuses[-1] == 488
        assert call.warning == '301 lampfield "Incompatible network address formats"'
        assert not exchange.of(CallArrived)

    exchange.run(test())


def test_an_answer_at_an_address_that_cannot_be_sent_to_ends_the_call(exchange: Exchange) -> None:
    async def test() -> None:
        henrik, astrid = await exchange.phone("henrik"), await exchange.phone("astrid")
        henrik.audio_host = "2001:db8::7"
        call = astrid.call("209")
        ringing = await henrik.rings()
        ringing.answer()
        await ringing.over()
        assert not call.is_up

    exchange.run(test())


def test_audio_that_moves_where_it_cannot_be_sent_to_is_refused_and_the_call_goes_on(exchange: Exchange) -> None:
    async def test() -> None:
        call, answering = await talking(exchange, ("PCMA",), ("PCMA",))
        call.phone.audio_host = "2001:db8::7"
        call.change_to("PCMA")
        await asyncio.sleep(1)
        assert call.reinvited == [488]
        assert (exchange.hears(call), exchange.hears(answering)) == ("henrik", "astrid")

    exchange.run(test())
