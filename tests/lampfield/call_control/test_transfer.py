"""Calls that are transferred: blind and attended, by either side, with what everybody hears and sees of it."""

import asyncio
from collections.abc import Iterator

import pytest

from call_records.call_record import CallRecord, fold
from routing.events import CallBridged, CallEnded, CallTransferred, TransferRequested
from routing.queue.view import MemberView, view
from tests.support.exchange import Exchange
from tests.support.server import DOMAIN
from tests.support.virtual_phone import Line, VirtualPhone
from tests.support.virtual_time import now

COMPANY = {
    "queues": {"sales": {"members": ["anna", "bjorn"], "wrap_up_seconds": 30}},
    "company": {"calls": {"recall_seconds": 20}},
    "people": {"ingrid": {"ring_seconds": 15}},
}


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("transfer"), company=COMPANY) as running:
        yield running


async def connected(caller: VirtualPhone, callee: VirtualPhone, number: str) -> tuple[Line, Line]:
    """Both ends of a call."""
    call = caller.call(number)
    answering = await callee.rings()
    answering.ring()
    answering.answer()
    await call.up()
    await asyncio.sleep(1)
    return call, answering


async def three(exchange: Exchange, *people: str) -> list[VirtualPhone]:
    return [await exchange.phone(person) for person in people]


def record(exchange: Exchange, call: str) -> CallRecord:
    return fold(event for event in exchange.events if event.call == call)  # type: ignore[misc]


def transfers(exchange: Exchange) -> list[tuple[str, str, str, str, str, int]]:
    return [
        (event.kind, event.by, event.side, event.to, event.outcome, event.status)
        for event in exchange.of(CallTransferred)
    ]


# Blind


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


# What crosses


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


# Attended


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


# Members of queues


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
