"""Calls that are parked: by a transfer to a slot, by a phone that holds, taken by whoever dials the slot."""

import asyncio
from collections.abc import Iterator

import msgspec
import pytest
from lxml import etree

from call_records.why import why
from routing.events import CallBridged, CallEnded, CallParked, CallUnparked, PromptPlayed
from tests.lampfield.call_control.transfers import connected
from tests.support.exchange import Exchange
from tests.support.plain_message import Message
from tests.support.virtual_phone import Line, VirtualPhone

PRIVACY = {"company": ["state", "callers"]}
PARK = {"slots": ["71", "72"], "return_seconds": 60}
COMPANY = {"company": {"park": PARK, "privacy": PRIVACY}, "people": {"henrik": {"ring_seconds": 15}}}


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("park"), company=COMPANY) as running:
        yield running


@pytest.fixture(scope="module")
def operated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """Maja has the calls that nobody takes back."""
    company = {**COMPANY, "company": {"park": {**PARK, "otherwise": "person:maja"}}}
    with Exchange(tmp_path_factory.mktemp("operated"), company=company) as running:
        yield running


async def parked(exchange: Exchange, to: str = "71") -> tuple[Line, VirtualPhone]:
    """Astrid's line, whom Henrik has parked, and Henrik's phone."""
    astrid, henrik = await exchange.phone("astrid"), await exchange.phone("henrik")
    call, answering = await connected(astrid, henrik, "209")
    answering.refer(to)
    await answering.told("200 terminated")
    await answering.over()
    await asyncio.sleep(1)
    return call, henrik


async def slot(exchange: Exchange, number: str) -> list[tuple[str, str]]:
    """What a colleague's phone is shown that begins to watch a slot: the phase, and who is at the other end."""
    watcher = await exchange.phone("freja")
    notified = await watcher.watch(number, "dialog")
    await asyncio.sleep(1)
    await watcher.watch(number, "dialog", 0)
    return shown(notified[0])


def shown(notify: Message) -> list[tuple[str, str]]:
    document = etree.fromstring(notify.body.encode())
    phases = [state.text or "" for state in document.iterfind("{*}dialog/{*}state")]
    peers = [identity.get("display", "") for identity in document.iterfind("{*}dialog/{*}remote/{*}identity")]
    return list(zip(phases, peers, strict=True))


def told(exchange: Exchange) -> list[str]:
    return [line.text for line in why(exchange.events)]  # type: ignore[arg-type]


# Parking


def test_a_call_transferred_to_a_slot_waits_there_with_music_and_the_slots_lamp_is_lit(exchange: Exchange) -> None:
    async def test() -> None:
        assert await slot(exchange, "71") == []
        call, _ = await parked(exchange)
        assert exchange.hears(call) == "music"
        assert await slot(exchange, "71") == [("confirmed", "Astrid Kjær")]
        assert exchange.lamp("henrik") == ("idle", [])
        (event,) = exchange.of(CallParked)
        assert (event.slot, event.by) == ("71", "henrik")
        call.hang_up()
        await asyncio.sleep(1)
        assert await slot(exchange, "71") == [], "the caller's hanging up empties the slot at once"
        assert [event.outcome for event in exchange.of(CallUnparked)] == ["abandoned"]
        assert "is parked in 71 by henrik" in told(exchange)

    exchange.run(test())


def test_whoever_dials_the_slot_has_the_call_without_ringing(exchange: Exchange) -> None:
    async def test() -> None:
        call, _ = await parked(exchange)
        ingrid = await exchange.phone("ingrid")
        taken = ingrid.call("71")
        await taken.up()
        await asyncio.sleep(1)
        assert 180 not in taken.statuses
        assert (exchange.hears(call), exchange.hears(taken)) == ("ingrid", "astrid")
        assert await slot(exchange, "71") == []
        assert exchange.lamp("ingrid") == ("talking", ["Astrid Kjær"])
        assert exchange.lamp("astrid") == ("talking", ["Ingrid Solberg"])
        call.hang_up()
        await taken.over()
        await asyncio.sleep(1)
        assert len({event.call for event in exchange.events}) == 1, "one call, one record"
        assert exchange.of(CallBridged)[-1].person == "ingrid"
        assert [event.outcome for event in exchange.of(CallUnparked)] == ["taken"]
        assert "is taken from 71, after 1 s" in told(exchange)

    exchange.run(test())


def test_of_two_who_dial_the_slot_at_once_one_has_the_call(exchange: Exchange) -> None:
    async def test() -> None:
        call, _ = await parked(exchange)
        phones = [await exchange.phone("ingrid"), await exchange.phone("maja")]
        lines = [phone.call("71") for phone in phones]
        await asyncio.sleep(2)
        assert [line.is_up for line in lines].count(True) == 1
        assert [line.statuses[-1] for line in lines if not line.is_up] == [480]
        assert exchange.hears(call) in ("ingrid", "maja")

    exchange.run(test())


def test_a_call_whose_taker_gives_up_at_once_waits_in_the_slot_for_another(exchange: Exchange) -> None:
    async def test() -> None:
        call, _ = await parked(exchange)
        ingrid, maja = await exchange.phone("ingrid"), await exchange.phone("maja")
        given_up = ingrid.call("71")
        given_up.cancel()
        await given_up.over()
        await asyncio.sleep(1)
        assert exchange.hears(call) == "music"
        assert await slot(exchange, "71") == [("confirmed", "Astrid Kjær")]
        maja.call("71")
        await asyncio.sleep(1)
        assert exchange.hears(call) == "maja"
        assert [event.outcome for event in exchange.of(CallUnparked)] == ["taken"]

    exchange.run(test())


def test_the_called_party_can_be_parked_too(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik = await exchange.phone("astrid"), await exchange.phone("henrik")
        call, answering = await connected(astrid, henrik, "209")
        call.refer("72")
        await call.over()
        await asyncio.sleep(1)
        assert exchange.hears(answering) == "music"
        assert await slot(exchange, "72") == [("confirmed", "Henrik Dahl")]
        taken = (await exchange.phone("ingrid")).call("72")
        await taken.up()
        await asyncio.sleep(1)
        assert (exchange.hears(answering), exchange.hears(taken)) == ("ingrid", "henrik")

    exchange.run(test())


def test_the_code_parks_in_the_first_slot_that_is_free(exchange: Exchange) -> None:
    async def test() -> None:
        await parked(exchange, "71")
        lars, oskar = await exchange.phone("lars"), await exchange.phone("oskar")
        call, answering = await connected(lars, oskar, "206")
        answering.refer("*68")
        await answering.told("200 terminated")
        await asyncio.sleep(1)
        assert [event.slot for event in exchange.of(CallParked)] == ["71", "72"]
        assert exchange.hears(call) == "music"

    exchange.run(test())


@pytest.mark.parametrize("full", ["71", "*68"])
def test_who_parks_in_a_slot_that_is_taken_has_the_call_back(exchange: Exchange, full: str) -> None:
    async def test() -> None:
        first, _ = await parked(exchange, "71")
        if full == "*68":
            bjorn, freja = await exchange.phone("bjorn"), await exchange.phone("freja")
            _, second = await connected(bjorn, freja, "203")
            second.refer("72")
            await second.over()
        lars, oskar = await exchange.phone("lars"), await exchange.phone("oskar")
        call, answering = await connected(lars, oskar, "206")
        answering.refer(full)
        await answering.told("486 terminated")
        await asyncio.sleep(1)
        assert (exchange.hears(call), exchange.hears(answering)) == ("oskar", "lars")
        assert exchange.hears(first) == "music"

    exchange.run(test())


def test_a_slot_that_does_not_exist_is_no_place_to_park(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik = await exchange.phone("astrid"), await exchange.phone("henrik")
        _, answering = await connected(astrid, henrik, "209")
        answering.refer("*6879")
        assert await answering.refer_answered() == 404

    exchange.run(test())


def test_a_slot_that_is_taken_out_of_the_file_keeps_its_call_until_the_time_is_over(exchange: Exchange) -> None:
    async def test() -> None:
        call, henrik = await parked(exchange, "72")
        parts = exchange.parts
        (company,) = parts.door.directory.companies.values()
        fewer = msgspec.structs.replace(company, park=msgspec.structs.replace(company.park, slots=("71",)))
        parts.houses.configure([fewer])
        try:
            assert exchange.hears(call) == "music"
            dialling = (await exchange.phone("ingrid")).call("72")
            await dialling.over()
            assert dialling.statuses[-1] == 404
            (await henrik.rings(70)).answer()
            await asyncio.sleep(1)
            assert exchange.hears(call) == "henrik"
        finally:
            parts.houses.configure([company])

    exchange.run(test())


# By a phone that holds


@pytest.mark.parametrize("dialled", ["71", "*68", "*6871"])
def test_a_phone_that_holds_a_call_parks_it_by_dialling_and_hears_the_slot(exchange: Exchange, dialled: str) -> None:
    async def test() -> None:
        astrid, henrik = await exchange.phone("astrid"), await exchange.phone("henrik")
        call, answering = await connected(astrid, henrik, "209")
        answering.hold()
        await asyncio.sleep(1)
        dialling = henrik.call(dialled)
        await dialling.up()
        await answering.over()
        assert await slot(exchange, "71") == [("confirmed", "Astrid Kjær")]
        await dialling.over()
        assert [event.prompt for event in exchange.of(PromptPlayed)] == ["number/7", "number/1"]
        assert exchange.hears(call) == "music"
        again = henrik.call("71")
        await again.up()
        await asyncio.sleep(1)
        assert (exchange.hears(call), exchange.hears(again)) == ("henrik", "astrid")

    exchange.run(test())


def test_who_holds_a_call_while_all_slots_are_taken_keeps_it(exchange: Exchange) -> None:
    async def test() -> None:
        await parked(exchange, "71")
        bjorn, freja = await exchange.phone("bjorn"), await exchange.phone("freja")
        _, second = await connected(bjorn, freja, "203")
        second.refer("72")
        await second.over()
        lars, oskar = await exchange.phone("lars"), await exchange.phone("oskar")
        call, answering = await connected(lars, oskar, "206")
        answering.hold()
        await asyncio.sleep(1)
        dialling = oskar.call("*68")
        await dialling.over()
        assert [event.prompt for event in exchange.of(PromptPlayed)] == ["invalid-choice"]
        answering.retrieve()
        await asyncio.sleep(1)
        assert (exchange.hears(call), exchange.hears(answering)) == ("oskar", "lars")

    exchange.run(test())


def test_who_holds_nothing_and_dials_an_empty_slot_is_turned_away(exchange: Exchange) -> None:
    async def test() -> None:
        dialling = (await exchange.phone("henrik")).call("71")
        await dialling.over()
        assert dialling.statuses[-1] == 480

    exchange.run(test())


# When nobody takes it


def test_a_call_that_nobody_takes_goes_back_to_who_parked_it(exchange: Exchange) -> None:
    async def test() -> None:
        call, henrik = await parked(exchange)
        back = await henrik.rings(70)
        assert "Astrid" in back.shown
        assert await slot(exchange, "71") == []
        back.answer()
        await back.up()
        await asyncio.sleep(1)
        assert (exchange.hears(call), exchange.hears(back)) == ("henrik", "astrid")
        (event,) = exchange.of(CallUnparked)
        assert (event.outcome, round(event.seconds)) == ("returned", 60)

    exchange.run(test())


def test_who_parked_a_call_and_does_not_answer_leaves_it_to_the_operator(operated: Exchange) -> None:
    async def test() -> None:
        call, henrik = await parked(operated)
        maja = await operated.phone("maja")
        await henrik.rings(70)
        operator = await maja.rings(30)
        operator.answer()
        await operator.up()
        await asyncio.sleep(1)
        assert operated.hears(call) == "maja"

    operated.run(test())


def test_without_an_operator_the_caller_hears_that_nobody_is_there(exchange: Exchange) -> None:
    async def test() -> None:
        call, henrik = await parked(exchange)
        await henrik.rings(70)
        await call.over(60)
        (ended,) = exchange.of(CallEnded)
        assert ended.cause == "no-answer"

    exchange.run(test())
