"""Calls that are sent on to somebody who is not asked before, by either side: what everybody hears and sees."""

import asyncio
from collections.abc import Iterator

import pytest

from routing.events import CallEnded, TransferRequested
from tests.lampfield.call_control.transfers import COMPANY, connected, record, three, transfers
from tests.support.exchange import Exchange
from tests.support.server import DOMAIN
from tests.support.virtual_phone import VirtualPhone
from tests.support.virtual_time import now


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("transfer"), company=COMPANY) as running:
        yield running


def test_the_called_party_transfers_the_caller_to_a_colleague(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik, ingrid = await three(exchange, "astrid", "henrik", "ingrid")
        call, answering = await connected(astrid, henrik, "209")
        answering.refer("208")
        assert await answering.refer_answered() == 202
        ringing = await ingrid.rings()
        assert "Astrid" in ringing.shown
        assert ringing.referred_by == '"Henrik Dahl" <sip:209@nordlys.example>'
        ringing.ring()
        await asyncio.sleep(1)
        assert answering.notified == ["100", "180"]
        assert (exchange.hears(call), exchange.hears(answering)) == ("music", "nothing"), "the caller hears ringing"
        assert exchange.lamp("ingrid") == ("ringing", ["Astrid Kjær"])
        ringing.answer()
        await answering.told("200 terminated")
        await answering.over()
        await asyncio.sleep(1)
        assert (exchange.hears(call), exchange.hears(ringing)) == ("ingrid", "astrid")
        assert exchange.lamp("henrik") == ("idle", [])
        assert exchange.lamp("astrid") == ("talking", ["Ingrid Solberg"])
        assert exchange.lamp("ingrid") == ("talking", ["Astrid Kjær"])
        assert call.identified == '"Ingrid Solberg" <sip:208@nordlys.example>'
        assert ringing.identified == "", "it knew from the first"
        await asyncio.sleep(10)
        ringing.hang_up()
        await call.over()
        await asyncio.sleep(1)
        (ended,) = exchange.of(CallEnded)
        assert (ended.cause, ended.by) == ("answered", "callee")
        assert transfers(exchange) == [("blind", "henrik", "callee", "208", "answered", 200)]
        whole = record(exchange, ended.call)
        assert (whole.caller_person, whole.connected_person) == ("astrid", "ingrid")
        assert [(each.by, each.to, each.outcome) for each in whole.transfers] == [("henrik", "208", "answered")]
        assert whole.talk_seconds == pytest.approx(12.0, abs=0.5), "the ringing is no talk"

    exchange.run(test())


def test_the_caller_transfers_whom_they_have_called(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik, ingrid = await three(exchange, "astrid", "henrik", "ingrid")
        call, answering = await connected(astrid, henrik, "209")
        call.refer("208", Referred_By="<sip:astrid@nordlys.example>;x=1")
        ringing = await ingrid.rings()
        assert "Henrik" in ringing.shown
        assert ringing.referred_by == "<sip:astrid@nordlys.example>;x=1"
        ringing.answer()
        await call.told("200 terminated")
        await call.over()
        await asyncio.sleep(1)
        assert (exchange.hears(answering), exchange.hears(ringing)) == ("ingrid", "henrik")
        assert exchange.lamp("astrid") == ("idle", [])
        assert exchange.lamp("henrik") == ("talking", ["Ingrid Solberg"])
        answering.hang_up()
        await ringing.over()
        assert transfers(exchange) == [("blind", "astrid", "caller", "208", "answered", 200)]

    exchange.run(test())


@pytest.mark.parametrize(
    ("to", "kind"), [("301", "queue"), ("300", "menu"), ("33221100", "main number"), ("+4533221100", "main number")]
)
def test_who_is_sent_to_a_queue_a_menu_or_the_main_number_has_arrived_at_once(
    exchange: Exchange, to: str, kind: str
) -> None:
    async def test() -> None:
        astrid, henrik, anna = await three(exchange, "astrid", "henrik", "anna")
        call, answering = await connected(astrid, henrik, "209")
        answering.refer(to)
        await answering.told("200 terminated")
        await answering.over()
        await asyncio.sleep(2)
        assert exchange.hears(call) != "nothing", "a greeting, a menu or the queue's announcement"
        if kind == "queue":
            (await anna.rings()).answer()
            await asyncio.sleep(1)
            assert exchange.hears(call) == "anna"
            assert {event.call for event in exchange.events} == {exchange.events[0].call}, "one call, one identity"

    exchange.run(test())


def test_a_call_is_transferred_to_an_outside_number(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik = await three(exchange, "astrid", "henrik")
        outside = await exchange.outside()
        call, answering = await connected(astrid, henrik, "209")
        answering.refer("40123456")
        ringing = await outside.rings()
        assert not ringing.referred_by, "colleagues are not named to strangers"
        ringing.answer()
        await answering.told("200 terminated")
        await asyncio.sleep(1)
        assert (exchange.hears(call), exchange.hears(ringing)) == ("+4540123456", "astrid")

    exchange.run(test())


def test_who_is_held_for_the_transfer_hears_the_ringing_and_then_the_other(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik, ingrid = await three(exchange, "astrid", "henrik", "ingrid")
        call, answering = await connected(astrid, henrik, "209")
        answering.hold()
        await asyncio.sleep(1)
        assert exchange.hears(call) == "music"
        answering.refer("208")
        ringing = await ingrid.rings()
        ringing.answer()
        await answering.over()
        await asyncio.sleep(1)
        assert (exchange.hears(call), exchange.hears(ringing)) == ("ingrid", "astrid")

    exchange.run(test())


@pytest.mark.parametrize(("refusal", "told", "outcome"), [(486, "486", "busy"), (603, "603", "rejected")])
def test_where_the_target_refuses_the_two_are_joined_again(
    exchange: Exchange, refusal: int, told: str, outcome: str
) -> None:
    async def test() -> None:
        astrid, henrik, ingrid = await three(exchange, "astrid", "henrik", "ingrid")
        call, answering = await connected(astrid, henrik, "209")
        answering.refer("208")
        (await ingrid.rings()).refuse(refusal)
        await answering.told(f"{told} terminated")
        await asyncio.sleep(1)
        assert (exchange.hears(call), exchange.hears(answering)) == ("henrik", "astrid")
        assert exchange.lamp("astrid") == ("talking", ["Henrik Dahl"])
        assert transfers(exchange) == [("blind", "henrik", "callee", "208", outcome, refusal)]
        answering.refer("301")
        await answering.told("200 terminated")

    exchange.run(test())


def test_where_nobody_answers_the_caller_who_transferred_talks_on_to_whom_they_had_called(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik, ingrid = await three(exchange, "astrid", "henrik", "ingrid")
        call, answering = await connected(astrid, henrik, "209")
        call.refer("208")
        ringing = await ingrid.rings()
        ringing.ring()
        await call.told("480 terminated")
        await ringing.over()
        await asyncio.sleep(1)
        assert (exchange.hears(call), exchange.hears(answering)) == ("henrik", "astrid")
        call.hang_up()
        await answering.over()
        await asyncio.sleep(1)
        (ended,) = exchange.of(CallEnded)
        assert (ended.cause, ended.by) == ("answered", "caller"), "each is again what they were"

    exchange.run(test())


def test_who_has_hung_up_is_called_back_where_nobody_answers_the_transfer(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik, ingrid = await three(exchange, "astrid", "henrik", "ingrid")
        call, answering = await connected(astrid, henrik, "209")
        answering.refer("208")
        await answering.refer_answered()
        answering.hang_up()
        began = now()
        await ingrid.rings()
        recall = await henrik.rings(20)
        assert now() - began == pytest.approx(15, abs=0.5), "as long as Ingrid's phone rings"
        assert "Astrid" in recall.shown
        recall.answer()
        await asyncio.sleep(1)
        assert (exchange.hears(call), exchange.hears(recall)) == ("henrik", "astrid")
        assert answering.notified[-1] == "480 terminated", "told in the dialog of the call that is over"

    exchange.run(test())


def test_the_recall_rings_for_as_long_as_the_company_says(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik, ingrid = await three(exchange, "astrid", "henrik", "ingrid")
        call, answering = await connected(astrid, henrik, "209")
        answering.refer("208")
        await answering.refer_answered()
        answering.hang_up()
        (await ingrid.rings()).refuse(486)
        began = now()
        recall = await henrik.rings()
        recall.ring()
        await recall.over(30)
        assert now() - began == pytest.approx(20, abs=0.5)
        await call.over(10)
        (ended,) = exchange.of(CallEnded)
        assert ended.cause == "no-answer"

    exchange.run(test())


def test_who_was_sent_on_and_hangs_up_frees_everybody(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik, ingrid = await three(exchange, "astrid", "henrik", "ingrid")
        call, answering = await connected(astrid, henrik, "209")
        answering.refer("208")
        ringing = await ingrid.rings()
        ringing.ring()
        call.hang_up()
        await ringing.over()
        await answering.told("487 terminated")
        await answering.over()
        assert transfers(exchange) == [("blind", "henrik", "callee", "208", "abandoned", 487)]

    exchange.run(test())


def test_a_phone_that_wants_no_news_gets_none_and_is_hung_up(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik, ingrid = await three(exchange, "astrid", "henrik", "ingrid")
        _, answering = await connected(astrid, henrik, "209")
        answering.refer("208", Refer_Sub="false")
        (await ingrid.rings()).answer()
        await answering.over(1)
        assert answering.notified == []

    exchange.run(test())


def test_a_phone_that_confirms_no_news_is_hung_up_after_four_seconds(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik, ingrid = await three(exchange, "astrid", "henrik", "ingrid")
        call, answering = await connected(astrid, henrik, "209")
        henrik.takes_notify = 0
        answering.refer("208")
        ringing = await ingrid.rings()
        ringing.answer()
        began = now()
        await answering.over()
        assert now() - began == pytest.approx(4, abs=0.2)
        assert exchange.hears(call) == "ingrid", "nobody waits for it"
        await asyncio.sleep(40)

    exchange.run(test())


@pytest.mark.parametrize(
    ("to", "status"),
    [
        ("299", 404),
        ("<sip:209@elsewhere.example>", 404),
        ("*50", 403),
        ("*98", 403),
        ("**201", 403),
        ("<sip:208@nordlys.example;method=BYE>", 603),
        ("<sip:208@nordlys.example?Replaces=none%3Bto-tag%3D1%3Bfrom-tag%3D2>", 481),
        ("<https://example.com>", 416),
        ("<208", 400),
    ],
)
def test_a_transfer_to_where_nobody_may_be_sent_is_refused_and_the_call_goes_on(
    exchange: Exchange, to: str, status: int
) -> None:
    async def test() -> None:
        astrid, henrik = await three(exchange, "astrid", "henrik")
        call, answering = await connected(astrid, henrik, "209")
        answering.refer(to)
        assert await answering.refer_answered() == status
        await asyncio.sleep(1)
        assert (exchange.hears(call), exchange.hears(answering)) == ("henrik", "astrid")
        assert exchange.of(TransferRequested) == []

    exchange.run(test())


def test_a_phone_named_by_address_is_understood(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik, ingrid = await three(exchange, "astrid", "henrik", "ingrid")
        _, answering = await connected(astrid, henrik, "209")
        answering.refer("<sip:208@127.0.0.1:5060>")
        await ingrid.rings()

    exchange.run(test())


def test_somebody_outside_may_not_transfer_at_the_companys_expense(exchange: Exchange) -> None:
    async def test() -> None:
        (astrid,) = await three(exchange, "astrid")
        outside = await exchange.outside()
        _, answering = await connected(astrid, outside, "40123456")
        answering.refer("208")
        assert await answering.refer_answered() == 403

    exchange.run(test())


@pytest.mark.parametrize(("user", "status"), [("ingrid", 403), ("henrik", 202)])
def test_a_transfer_from_another_address_needs_proof_of_whose_call_it_is(
    exchange: Exchange, user: str, status: int
) -> None:
    async def test() -> None:
        astrid, henrik = await three(exchange, "astrid", "henrik")
        _, answering = await connected(astrid, henrik, "209")
        elsewhere = VirtualPhone(user, exchange.address)
        await elsewhere.start("127.0.0.3", register=False)
        exchange.phones["elsewhere"] = elsewhere
        within = {
            "From": f"<sip:{user}@{DOMAIN}>;tag={answering.local}",
            "To": f"<sip:210@{DOMAIN}>;tag={answering.remote}",
            "Call-ID": answering.call_id,
            "Refer-To": f"<sip:301@{DOMAIN}>",
        }
        assert (await elsewhere.ask("REFER", f"sip:210@{DOMAIN}", within)).status == status

    exchange.run(test())


def test_a_second_transfer_while_one_is_under_way_is_refused(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik, ingrid = await three(exchange, "astrid", "henrik", "ingrid")
        _, answering = await connected(astrid, henrik, "209")
        answering.refer("208")
        await ingrid.rings()
        answering.refer("301")
        await asyncio.sleep(1)
        assert answering.referred == [202, 491]

    exchange.run(test())


def test_who_talks_to_nobody_can_transfer_nobody(exchange: Exchange) -> None:
    async def test() -> None:
        (astrid,) = await three(exchange, "astrid")
        call = astrid.call("300")
        await call.up()
        call.refer("208")
        assert await call.refer_answered() == 603

    exchange.run(test())
