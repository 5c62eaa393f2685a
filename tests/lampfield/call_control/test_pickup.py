"""Calls that somebody else takes: from the lamp key by Replaces, by code, while they ring and while they are talked."""

import asyncio
from collections.abc import Iterator

import pytest

from call_records.call_record import fold
from call_records.why import why
from routing.events import CallbackDue, CallEnded, CallPickedUp, OfferEnded, QueueLeft
from routing.queue.view import view
from tests.support.exchange import Exchange
from tests.support.server import DOMAIN
from tests.support.virtual_phone import Line, VirtualPhone
from tests.support.virtual_time import now

COMPANY = {"queues": {"sales": {"members": ["anna", "bjorn", "freja"], "wrap_up_seconds": 30}}}
ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """Everybody may pick up everybody's calls."""
    with Exchange(tmp_path_factory.mktemp("pickup"), company=COMPANY) as running:
        yield running


@pytest.fixture(scope="module")
def grouped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    """Henrik and Ingrid share a group, Maja is in none; who may pick up may take over."""
    groups = {"reception": ["henrik", "ingrid"], "yard": ["oskar"]}
    company = {"company": {"pickup_groups": groups, "calls": {"take_over": True}}}
    with Exchange(tmp_path_factory.mktemp("groups"), company=company) as running:
        yield running


async def ringing(exchange: Exchange) -> tuple[VirtualPhone, Line, Line]:
    """Ingrid's phone; Astrid calls Henrik, whose phone rings."""
    astrid, henrik, ingrid = [await exchange.phone(person) for person in ("astrid", "henrik", "ingrid")]
    call = astrid.call("209")
    rings = await henrik.rings()
    rings.ring()
    await asyncio.sleep(1)
    return ingrid, call, rings


def by_lamp(phone: VirtualPhone, line: Line, *flags: str) -> Line:
    """Press the lamp key of a colleague's phone."""
    replaces = ";".join((line.replaces_of_lamp, *flags))
    return phone.call("209", {"Replaces": replaces, "Require": "replaces"})


def of_document(exchange: Exchange, person: str) -> str:
    """Replaces as a phone makes it of what the lamp's document shows."""
    (dialog,) = exchange.parts.lamps.people(DOMAIN)[person].dialogs
    return f"{dialog.call_id};to-tag={dialog.local_tag};from-tag={dialog.remote_tag}"


async def answer_of(line: Line) -> int:
    await line.over()
    return line.statuses[-1]


# While it rings


def test_a_colleague_takes_the_call_from_the_lamp_key(exchange: Exchange) -> None:
    async def test() -> None:
        ingrid, call, rings = await ringing(exchange)
        second = await exchange.phone("henrik")
        assert second.is_silent
        taken = ingrid.call("209", {"Replaces": of_document(exchange, "henrik")})
        await taken.up()
        await call.up()
        await rings.over()
        assert rings.cancel_reason == ELSEWHERE
        await asyncio.sleep(1)
        assert (exchange.hears(call), exchange.hears(taken)) == ("ingrid", "astrid")
        assert exchange.lamp("henrik") == ("idle", [])
        assert exchange.lamp("ingrid") == ("talking", ["Astrid Kjær"])
        assert exchange.lamp("astrid") == ("talking", ["Ingrid Solberg"])
        call.hang_up()
        await taken.over()
        await asyncio.sleep(1)
        (told,) = exchange.of(CallPickedUp)
        assert (told.person, told.rang, told.talking) == ("ingrid", "henrik", False)
        assert {event.call for event in exchange.events} == {told.call}, "one call, one record"
        whole = fold(exchange.events)  # type: ignore[arg-type]
        assert (whole.picked_up_by, whole.connected_person, whole.cause) == ("ingrid", "ingrid", "answered")
        assert "ingrid picks up the call that rings at henrik" in [line.text for line in why(exchange.events)]  # type: ignore[arg-type]

    exchange.run(test())


def test_all_phones_that_ring_stop_without_a_missed_call(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, ingrid = await exchange.phone("astrid"), await exchange.phone("ingrid")
        both = [await exchange.phone("henrik"), await exchange.phone("henrik")]
        call = astrid.call("209")
        legs = [await phone.rings() for phone in both]
        for leg in legs:
            leg.ring()
        await asyncio.sleep(1)
        by_lamp(ingrid, legs[1])
        await call.up()
        for leg in legs:
            await leg.over()
            assert leg.cancel_reason == ELSEWHERE

    exchange.run(test())


def test_tags_the_other_way_round_name_the_call_too(exchange: Exchange) -> None:
    async def test() -> None:
        ingrid, call, rings = await ringing(exchange)
        await ingrid.call("209", {"Replaces": rings.replaces}).up()
        await call.up()

    exchange.run(test())


@pytest.mark.parametrize("code", ["**209", "*8"])
def test_a_colleague_takes_the_call_by_code(exchange: Exchange, code: str) -> None:
    async def test() -> None:
        ingrid, call, rings = await ringing(exchange)
        taken = ingrid.call(code)
        await taken.up()
        await rings.over()
        assert rings.cancel_reason == ELSEWHERE
        await asyncio.sleep(1)
        assert exchange.hears(call) == "ingrid"

    exchange.run(test())


def test_the_code_without_an_extension_takes_what_rings_longest(exchange: Exchange) -> None:
    async def test() -> None:
        ingrid, call, _ = await ringing(exchange)
        maja, lars = await exchange.phone("maja"), await exchange.phone("lars")
        later = maja.call("204")
        (await lars.rings()).ring()
        await asyncio.sleep(1)
        ingrid.call("*8")
        await call.up()
        assert not later.is_up

    exchange.run(test())


def test_ones_own_call_is_taken_at_another_of_ones_phones(exchange: Exchange) -> None:
    async def test() -> None:
        _, call, rings = await ringing(exchange)
        mobile = await exchange.phone("henrik")
        mobile.call("**209")
        await rings.over()
        await asyncio.sleep(1)
        assert exchange.hears(call) == "henrik"

    exchange.run(test())


@pytest.mark.parametrize(("code", "status"), [("**210", 480), ("**299", 404), ("*8", 480), ("**", 404)])
def test_where_nothing_rings_nothing_is_taken(exchange: Exchange, code: str, status: int) -> None:
    async def test() -> None:
        ingrid = await exchange.phone("ingrid")
        assert await answer_of(ingrid.call(code)) == status
        assert exchange.events == [], "it was no call"

    exchange.run(test())


def test_an_answer_and_a_call_in_the_phones_own_right_go_on_beside(exchange: Exchange) -> None:
    async def test() -> None:
        ingrid, call, rings = await ringing(exchange)
        rings.answer()
        late = ingrid.call("**209")
        await call.up()
        assert await answer_of(late) == 480
        await asyncio.sleep(1)
        assert exchange.hears(call) == "henrik"

    exchange.run(test())


# Exactly one


def test_of_two_who_pick_up_at_once_one_has_the_call_and_the_other_is_told_603(exchange: Exchange) -> None:
    async def test() -> None:
        ingrid, call, rings = await ringing(exchange)
        maja = await exchange.phone("maja")
        first, second = by_lamp(ingrid, rings), by_lamp(maja, rings)
        await call.up()
        await first.up()
        assert await answer_of(second) == 603
        await asyncio.sleep(1)
        assert exchange.hears(call) == "ingrid"

    exchange.run(test())


@pytest.mark.parametrize("first", ["phone", "key"])
def test_of_the_phone_and_the_key_at_once_one_has_the_call(exchange: Exchange, first: str) -> None:
    async def test() -> None:
        ingrid, call, rings = await ringing(exchange)
        if first == "phone":
            rings.answer()
            key = by_lamp(ingrid, rings, "early-only")
        else:
            key = by_lamp(ingrid, rings)
            rings.answer()
        await call.up()
        await asyncio.sleep(1)
        winner, loser = (rings, key) if first == "phone" else (key, rings)
        assert exchange.hears(call) == winner.phone.user
        assert loser.is_over
        if first == "phone":
            assert key.statuses[-1] == 486, "it was to be taken only while it rings"

    exchange.run(test())


def test_who_picks_up_while_the_caller_hangs_up_is_in_no_call(exchange: Exchange) -> None:
    async def test() -> None:
        ingrid, call, rings = await ringing(exchange)
        call.hang_up()
        key = by_lamp(ingrid, rings)
        await key.over()
        await rings.over()
        (ended,) = exchange.of(CallEnded)
        assert ended.by == "caller"

    exchange.run(test())


def test_who_gives_up_as_soon_as_the_key_is_pressed_leaves_the_call_to_ring_on(exchange: Exchange) -> None:
    async def test() -> None:
        ingrid, call, rings = await ringing(exchange)
        key = by_lamp(ingrid, rings)
        key.cancel()
        await key.over()
        await asyncio.sleep(5)
        assert not rings.is_over
        rings.answer()
        await call.up()
        await asyncio.sleep(1)
        assert exchange.hears(call) == "henrik"
        assert exchange.of(CallPickedUp) == []

    exchange.run(test())


def test_where_one_gives_up_the_call_another_can_take_it(exchange: Exchange) -> None:
    async def test() -> None:
        ingrid, call, rings = await ringing(exchange)
        maja = await exchange.phone("maja")
        given_up = by_lamp(ingrid, rings)
        given_up.cancel()
        await given_up.over()
        await asyncio.sleep(1)
        by_lamp(maja, rings)
        await call.up()
        await rings.over()
        assert rings.cancel_reason == ELSEWHERE
        await asyncio.sleep(1)
        assert exchange.hears(call) == "maja"

    exchange.run(test())


def test_a_conversation_goes_on_where_who_takes_it_over_gives_up(exchange: Exchange) -> None:
    async def test() -> None:
        _, call, answering = await talking(exchange)
        mobile = await exchange.phone("henrik")
        taken = by_lamp(mobile, answering)
        taken.cancel()
        await taken.over()
        await asyncio.sleep(1)
        assert (exchange.hears(call), exchange.hears(answering)) == ("henrik", "astrid")
        assert exchange.of(CallPickedUp) == []

    exchange.run(test())


def test_of_two_who_take_a_conversation_over_at_once_one_has_it_and_the_other_is_told_603(exchange: Exchange) -> None:
    async def test() -> None:
        _, _, answering = await talking(exchange)
        mobile, at_home = await exchange.phone("henrik"), await exchange.phone("henrik")
        first, second = by_lamp(mobile, answering), by_lamp(at_home, answering)
        await first.up()
        assert await answer_of(second) == 603
        await answering.over()
        await asyncio.sleep(1)
        assert exchange.hears(first) == "astrid"

    exchange.run(test())


# RFC 3891 §3


def test_a_dialog_that_never_was_is_481_and_one_that_has_just_ended_603(exchange: Exchange) -> None:
    async def test() -> None:
        ingrid, call, rings = await ringing(exchange)
        assert await answer_of(ingrid.call("209", {"Replaces": "none;to-tag=1;from-tag=2"})) == 481
        call.hang_up()
        await rings.over()
        await asyncio.sleep(1)
        assert await answer_of(by_lamp(ingrid, rings)) == 603
        await asyncio.sleep(40)
        assert await answer_of(by_lamp(ingrid, rings)) == 481

    exchange.run(test())


def test_somebody_who_calls_and_waits_for_an_answer_cannot_be_replaced(exchange: Exchange) -> None:
    async def test() -> None:
        ingrid, call, _ = await ringing(exchange)
        assert await answer_of(by_lamp(ingrid, call)) == 481

    exchange.run(test())


@pytest.mark.parametrize(("value", "status"), [("", 400), ("x", 400)])
def test_a_replaces_that_names_nothing_is_400(exchange: Exchange, value: str, status: int) -> None:
    async def test() -> None:
        ingrid = await exchange.phone("ingrid")
        assert await answer_of(ingrid.call("209", {"Replaces": value})) == status

    exchange.run(test())


def test_somebody_outside_cannot_take_a_call(exchange: Exchange) -> None:
    async def test() -> None:
        _, call, rings = await ringing(exchange)
        outside = await exchange.outside()
        key = outside.call("+4533221100", {"Replaces": rings.replaces_of_lamp})
        assert await answer_of(key) == 403
        assert not call.is_up

    exchange.run(test())


# Conversations


async def talking(exchange: Exchange) -> tuple[VirtualPhone, Line, Line]:
    ingrid, call, answering = await ringing(exchange)
    answering.answer()
    await call.up()
    await asyncio.sleep(1)
    return ingrid, call, answering


def test_a_colleagues_conversation_is_nobodys_to_take(exchange: Exchange) -> None:
    async def test() -> None:
        ingrid, call, answering = await talking(exchange)
        assert await answer_of(by_lamp(ingrid, answering)) == 403
        assert await answer_of(by_lamp(ingrid, answering, "early-only")) == 486
        assert exchange.hears(call) == "henrik"

    exchange.run(test())


@pytest.mark.parametrize("side", ["callee", "caller"])
def test_ones_own_conversation_moves_to_another_of_ones_phones(exchange: Exchange, side: str) -> None:
    async def test() -> None:
        _, call, answering = await talking(exchange)
        moved, stays = (answering, call) if side == "callee" else (call, answering)
        mobile = await exchange.phone(moved.phone.user)
        taken = by_lamp(mobile, moved)
        await taken.up()
        await moved.over()
        await asyncio.sleep(1)
        assert (exchange.hears(stays), exchange.hears(taken)) == (moved.phone.user, stays.phone.user)
        assert exchange.lamp(moved.phone.user)[0] == "talking"
        taken.hang_up()
        await stays.over()
        await asyncio.sleep(1)
        (ended,) = exchange.of(CallEnded)
        assert (ended.cause, ended.by) == ("answered", side)
        (told,) = exchange.of(CallPickedUp)
        assert (told.person, told.rang, told.talking) == (moved.phone.user, moved.phone.user, True)

    exchange.run(test())


def test_a_conversation_that_was_taken_can_be_transferred(exchange: Exchange) -> None:
    async def test() -> None:
        _, call, answering = await talking(exchange)
        mobile, maja = await exchange.phone("henrik"), await exchange.phone("maja")
        taken = by_lamp(mobile, answering)
        await taken.up()
        await asyncio.sleep(1)
        taken.refer("207")
        (await maja.rings()).answer()
        await taken.over()
        await asyncio.sleep(1)
        assert exchange.hears(call) == "maja"

    exchange.run(test())


# Rights


def test_only_who_shares_a_group_may_take_a_call(grouped: Exchange) -> None:
    async def test() -> None:
        ingrid, call, rings = await ringing(grouped)
        maja = await grouped.phone("maja")
        assert await answer_of(by_lamp(maja, rings)) == 403
        assert await answer_of(maja.call("**209")) == 403
        assert await answer_of(maja.call("*8")) == 480, "nothing rings that is hers to take"
        by_lamp(ingrid, rings)
        await call.up()

    grouped.run(test())


def test_where_the_company_allows_it_a_group_takes_conversations_over(grouped: Exchange) -> None:
    async def test() -> None:
        ingrid, call, answering = await talking(grouped)
        maja = await grouped.phone("maja")
        assert await answer_of(by_lamp(maja, answering)) == 403
        await by_lamp(ingrid, answering).up()
        await answering.over()
        await asyncio.sleep(1)
        assert grouped.hears(call) == "ingrid"

    grouped.run(test())


# Queues


async def offered(exchange: Exchange) -> tuple[Line, Line]:
    """A caller of the queue, and the member's phone that rings."""
    astrid, anna = await exchange.phone("astrid"), await exchange.phone("anna")
    call = astrid.call("301")
    rings = await anna.rings()
    rings.ring()
    await asyncio.sleep(1)
    return call, rings


def members(exchange: Exchange) -> dict[str, str]:
    house = exchange.parts.houses.of_domain(DOMAIN)
    assert house is not None
    return {each.person: each.state for each in view(house.queues["sales"].state, now()).members}


def test_a_queues_offer_rings_on_where_who_takes_it_gives_up(exchange: Exchange) -> None:
    async def test() -> None:
        call, rings = await offered(exchange)
        bjorn = await exchange.phone("bjorn")
        given_up = bjorn.call("**301")
        given_up.cancel()
        await given_up.over()
        await asyncio.sleep(1)
        rings.answer()
        await asyncio.sleep(2)
        assert exchange.hears(call) == "anna"
        assert [left.outcome for left in exchange.of(QueueLeft)] == ["answered"]

    exchange.run(test())


@pytest.mark.parametrize("way", ["lamp", "**201", "**301", "*8"])
def test_a_member_who_takes_a_queues_offer_has_answered_it(exchange: Exchange, way: str) -> None:
    async def test() -> None:
        call, rings = await offered(exchange)
        bjorn = await exchange.phone("bjorn")
        taken = by_lamp(bjorn, rings) if way == "lamp" else bjorn.call(way)
        await taken.up()
        await asyncio.sleep(1)
        assert exchange.hears(call) == "bjorn"
        assert rings.cancel_reason == ELSEWHERE
        outcomes = [(event.member, event.outcome) for event in exchange.of(OfferEnded)]
        assert sorted(outcomes) == [("anna", "elsewhere"), ("bjorn", "answered")]
        assert [left.outcome for left in exchange.of(QueueLeft)] == ["answered"]
        assert members(exchange) == {"anna": "free", "bjorn": "talking", "freja": "gone"}
        call.hang_up()
        await taken.over()
        await asyncio.sleep(1)
        assert members(exchange)["bjorn"] == "wrap-up"
        await asyncio.sleep(31)
        assert members(exchange)["bjorn"] == "free"

    exchange.run(test())


def test_a_colleague_who_is_no_member_takes_the_caller_out_of_the_queues_hands(exchange: Exchange) -> None:
    async def test() -> None:
        call, rings = await offered(exchange)
        ingrid = await exchange.phone("ingrid")
        taken = by_lamp(ingrid, rings)
        await taken.up()
        await asyncio.sleep(1)
        assert exchange.hears(call) == "ingrid"
        assert [left.outcome for left in exchange.of(QueueLeft)] == ["answered"]
        assert members(exchange)["anna"] == "free"
        taken.hang_up()
        await call.over()
        whole = fold(exchange.events)  # type: ignore[arg-type]
        assert (whole.picked_up_by, whole.connected_person) == ("ingrid", "ingrid")

    exchange.run(test())


def test_who_is_called_back_is_nobodys_to_pick_up(exchange: Exchange) -> None:
    async def test() -> None:
        henrik, ingrid = await exchange.phone("henrik"), await exchange.phone("ingrid")
        house = exchange.parts.houses.of_domain(DOMAIN)
        assert house is not None
        due = CallbackDue(call="place", at=now(), queue="sales", member="anna", offer=1, number="209", attempt=1)
        calling = asyncio.create_task(exchange.parts.switchboard.call_back(DOMAIN, house.queues["sales"], due))
        back = await henrik.rings()
        back.ring()
        await asyncio.sleep(1)
        assert await answer_of(by_lamp(ingrid, back)) == 603
        assert await answer_of(ingrid.call("**209")) == 480
        back.refuse(603)
        await calling

    exchange.run(test())


def test_two_members_who_take_one_offer_at_once_have_it_once(exchange: Exchange) -> None:
    async def test() -> None:
        call, rings = await offered(exchange)
        bjorn, freja = await exchange.phone("bjorn"), await exchange.phone("freja")
        first, second = by_lamp(bjorn, rings), by_lamp(freja, rings)
        await first.up()
        assert await answer_of(second) == 603
        await asyncio.sleep(1)
        assert exchange.hears(call) == "bjorn"
        assert [event.outcome for event in exchange.of(OfferEnded)].count("answered") == 1

    exchange.run(test())


def test_a_member_who_takes_anothers_offer_while_their_own_rings_gives_theirs_back(exchange: Exchange) -> None:
    async def test() -> None:
        call, rings = await offered(exchange)
        bjorn, henrik = await exchange.phone("bjorn"), await exchange.phone("henrik")
        other = henrik.call("301")
        own = await bjorn.rings()
        own.ring()
        await asyncio.sleep(1)
        by_lamp(bjorn, rings)
        await call.up()
        await own.over()
        (await rings.phone.rings()).answer()
        await asyncio.sleep(1)
        assert (exchange.hears(call), exchange.hears(other)) == ("bjorn", "anna")

    exchange.run(test())
