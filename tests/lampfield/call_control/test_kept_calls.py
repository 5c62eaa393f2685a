"""What is on disk of calls, so that another run goes on with them: everybody who is answered is where they are."""

import asyncio
from collections.abc import Iterator

import msgspec
import pytest

from lampfield.call_control.kept_call import KeptCall, KeptInvite, KeptWay
from routing.events import CallArrived, PositionAnnounced
from sipcore.flow import Flow
from sipcore.session_record import InviteRecord
from tests.lampfield.call_control.test_called_back_once import press
from tests.lampfield.call_control.transfers import connected
from tests.support.exchange import Exchange

HENRIKS_NUMBER = "+4533221109"
COMPANY = {
    "queues": {"sales": {"members": ["anna"]}},
    "company": {"park": {"slots": ["71"]}},
    "menus": {
        "customers": {"extension": "399", "prompt": "menu", "keys": {"1": "menu:numbers"}, "priorities": {"1": 7}},
        "numbers": {"prompt": "menu", "customer_numbers": "queue:sales"},
    },
    "people": {"henrik": {"outside_number": HENRIKS_NUMBER}},
}
MENU, QUEUE, CUSTOMERS, ANNA, INGRID = "300", "301", "399", "201", "208"


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("kept"), company=COMPANY) as running:
        yield running


def kept(exchange: Exchange) -> KeptCall:
    (call,) = exchange.parts.kept_calls.load()
    return call


def test_who_is_in_a_menu_is_kept_there_until_the_call_ends(exchange: Exchange) -> None:
    async def test() -> None:
        astrid = await exchange.phone("astrid")
        call = astrid.call(MENU)
        await call.up()
        await asyncio.sleep(1)
        assert kept(exchange).way == KeptWay("menu:main", ("main",))
        call.hang_up()
        await asyncio.sleep(1)
        assert not exchange.parts.kept_calls.load()

    exchange.run(test())


def test_who_is_not_answered_yet_is_kept_as_what_rings_and_waits(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, anna = await exchange.phone("astrid"), await exchange.phone("anna")
        call = astrid.call(ANNA)
        (await anna.rings()).ring()
        await asyncio.sleep(1)
        assert not exchange.parts.kept_calls.load()
        assert len(exchange.parts.journal.load("ringing")) == 1, "that it rings is, so that it can be taken back"
        assert len(exchange.parts.journal.load("waits-for-answer")) == 1, "so is what lets it ring again"
        call.cancel()
        await asyncio.sleep(1)
        assert not exchange.parts.journal.load("ringing")
        assert not exchange.parts.journal.load("waits-for-answer")

    exchange.run(test())


def test_who_waits_is_kept_with_the_place_and_who_talks_with_the_other_leg(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, anna = await exchange.phone("astrid"), await exchange.phone("anna")
        call = astrid.call(QUEUE)
        ringing = await anna.rings()
        await call.up()
        await asyncio.sleep(1)
        waits = kept(exchange)
        assert (waits.way, waits.talk, waits.places) == (None, None, {"sales": waits.call})
        ringing.ring()
        ringing.answer()
        await asyncio.sleep(1)
        talks = kept(exchange)
        assert talks.talk is not None
        assert (talks.way, talks.talk.queue, talks.talk.callee.party.person) == (None, "sales", "anna")

    exchange.run(test())


def test_who_waits_or_talks_is_kept_with_the_priority_and_the_customer_number_of_the_call(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, anna = await exchange.phone("astrid"), await exchange.phone("anna")
        await astrid.call(CUSTOMERS).up()
        await press(exchange, exchange.of(CallArrived)[0].call, *"1", *"4711#")
        ringing = await anna.rings()
        await asyncio.sleep(1)
        waits = kept(exchange)
        assert (waits.places, waits.priority, waits.customer_number) == ({"sales": waits.call}, 7, "4711")
        ringing.answer()
        await asyncio.sleep(1)
        talks = kept(exchange)
        assert talks.talk is not None
        assert (talks.priority, talks.customer_number) == (7, "4711")

    exchange.run(test())


def test_who_waits_is_written_anew_only_when_their_phone_has_changed_something(exchange: Exchange) -> None:
    async def test() -> None:
        astrid = await exchange.phone("astrid")
        await exchange.phone("anna")
        call = astrid.call(QUEUE)
        await call.up()
        await asyncio.sleep(35)
        # As if it had never been: so it shows whether it is written once more.
        exchange.parts.journal.delete("call", kept(exchange).call)
        await asyncio.sleep(30)
        assert len(exchange.of(PositionAnnounced)) == 2
        assert not exchange.parts.kept_calls.load()
        call.hold()
        await asyncio.sleep(30)
        assert b"a=sendonly" in (kept(exchange).caller.session.remote_sdp or b"")

    exchange.run(test())


def test_who_is_parked_is_kept_in_the_slot_with_who_parked_the_call(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, anna = [await exchange.phone(person) for person in ("astrid", "anna")]
        _, answering = await connected(astrid, anna, ANNA)
        answering.refer("*68")
        await answering.over()
        parked = kept(exchange)
        assert (parked.way, parked.talk) == (KeptWay("park:71", parked_by="anna"), None)

    exchange.run(test())


def test_who_is_being_transferred_is_kept_where_they_are_sent(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, anna, ingrid = [await exchange.phone(person) for person in ("astrid", "anna", "ingrid")]
        _, answering = await connected(astrid, anna, ANNA)
        answering.refer(INGRID)
        (await ingrid.rings()).ring()
        await asyncio.sleep(1)
        sent = kept(exchange)
        assert (sent.way, sent.talk, sent.caller.party.person) == (KeptWay("person:ingrid"), None, "astrid")

    exchange.run(test())


def test_a_party_outside_is_kept_with_the_trunks_name(exchange: Exchange) -> None:
    async def test() -> None:
        henrik, network = await exchange.phone("henrik"), await exchange.outside()
        from_outside, answering = await connected(network, henrik, HENRIKS_NUMBER)
        call = kept(exchange)
        assert call.talk is not None
        assert (call.caller.trunk, call.talk.callee.trunk) == ("outside", "")
        from_outside.hang_up()
        await answering.over()
        await connected(henrik, network, "40123456")
        call = kept(exchange)
        assert call.talk is not None
        assert (call.caller.trunk, call.talk.callee.trunk) == ("", "outside")

    exchange.run(test())


def test_a_call_that_an_older_version_wrote_names_no_trunk_and_is_read(exchange: Exchange) -> None:
    async def test() -> None:
        astrid = await exchange.phone("astrid")
        call = astrid.call(MENU)
        await call.up()
        await asyncio.sleep(1)
        written = kept(exchange)
        older = msgspec.to_builtins(written, builtin_types=(bytes,))
        del older["caller"]["trunk"]
        exchange.parts.journal.put("call", written.call, msgspec.msgpack.encode(older))
        assert kept(exchange) == written

    exchange.run(test())


def test_what_rang_is_read_as_an_older_version_wrote_it() -> None:
    flow = Flow("udp", ("127.0.0.1", 5060), ("192.0.2.9", 5060))
    older = InviteRecord(b"INVITE sip:b@192.0.2.9 SIP/2.0", flow, "<sip:127.0.0.1>")
    read = msgspec.msgpack.decode(msgspec.msgpack.encode(older), type=KeptInvite)
    assert (read.invite, read.flow, read.trunk) == (older.invite, flow, "")
