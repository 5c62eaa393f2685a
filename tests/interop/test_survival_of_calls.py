"""Signalling is killed while people talk, choose, have stepped out of a queue or were called back: calls go on."""

import json
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from call_records.models import CallEventRow
from lampfield.database import open_database
from tests.support.children import kill
from tests.support.plain_phone import PlainCall, PlainPhone
from tests.support.server import DOMAIN, Server
from tests.support.until import until
from tests.support.watcher import Watcher

MENU, SALES, ASTRID, BJORN = "300", "301", "210", "202"
CALLER_SAYS, MEMBER_SAYS, OTHER_SAYS = 0x35, 0x9C, 0x55
"""A-law values that no prompt holds for 20 ms."""
WRAP_UP_SECONDS = 6.0

COMPANY = {
    "company": {"park": {"slots": ["71"]}},
    "menus": {"main": {"keys": {"5": "person:bjorn"}}},
    "queues": {
        "sales": {
            "members": ["anna"],
            "ring_seconds": 30,
            "retry_seconds": 0,
            "wrap_up_seconds": WRAP_UP_SECONDS,
            "welcome_prompt": "",
            "position_every_seconds": 0,
            "callback_key": "5",
            "keys": {"1": "message:closed"},
        }
    },
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that believes phones who they are."""
    settings = {"sip": {"authentication": False}, "log": {"level": "info"}}
    with Server(tmp_path_factory.mktemp("survival"), settings=settings, company=COMPANY) as running:
        yield running


@pytest.fixture
def phones(server: Server) -> Iterator[dict[str, PlainPhone]]:
    """Of four people, by id; anna and bjorn can be called."""
    made = {person: PlainPhone(server.socket_address, person) for person in ("anna", "bjorn", "astrid", "henrik")}
    for phone in made.values():
        phone.__enter__()
    for person in ("anna", "bjorn"):
        assert made[person].register().status == 200
    yield made
    for person in ("anna", "bjorn"):
        made[person].register(0)
    for phone in made.values():
        phone.vanish()


def calls(phone: PlainPhone, number: str, called: PlainPhone, says: int) -> tuple[PlainCall, PlainCall]:
    """Both legs of a call that is answered at once, where the called one says `says`."""
    call = phone.call(number)
    ringing = called.incoming()
    ringing.take()
    phone.rtp.say(call.answered().audio, CALLER_SAYS)
    called.rtp.say(ringing.invite.audio, says)
    phone.rtp.expect(says)
    called.rtp.expect(CALLER_SAYS)
    return call, ringing


def finished(server: Server, ended: int = 0) -> list[dict[str, Any]]:
    """The records of all calls, once so many have ended."""

    def records() -> list[dict[str, Any]]:
        return [json.loads(line) for line in server.command("calls", "--since", "today", "--json").splitlines()]

    until(lambda: len(records()) >= ended, f"{ended} calls on record")
    return records()


def begun_anew(server: Server) -> set[str]:
    """Where callers have begun anew who neither waited nor talked."""
    engine = open_database(f"sqlite:///{server.state / 'lampfield.sqlite3'}")
    with engine.connect() as connection:
        taken_up = connection.scalars(select(CallEventRow.event).where(CallEventRow.kind == "CallTakenUp")).all()
    engine.dispose()
    return {msgspec.json.decode(event)["destination"] for event in taken_up} - {""}


def test_who_talks_talks_on_and_each_can_hold_and_hang_up(server: Server, phones: dict[str, PlainPhone]) -> None:
    anna, bjorn, astrid, henrik = (phones[person] for person in ("anna", "bjorn", "astrid", "henrik"))
    with Watcher(server.address, "astrid", DOMAIN, server.password("astrid")) as watcher:
        for lamp in ("anna", "bjorn"):
            watcher.subscribe(lamp)
        by_queue, members_leg = calls(astrid, SALES, anna, MEMBER_SAYS)
        began = time.monotonic()
        by_extension, bjorns_leg = calls(henrik, BJORN, bjorn, OTHER_SAYS)
        tape = anna.rtp.record()
        tape.listen(0.2)
        kill(server, "lampfield.signalling")
        tape.listen(0.5)
        assert (len(tape.sources), tape.missing) == (1, 0), "the audio went on without a gap"
        watcher.refresh("anna")
        watcher.refresh("bjorn")
        until(lambda: all(watcher.lamps(lamp)[-1] == "talking" for lamp in ("anna", "bjorn")), "lamps that show it")
        assert "idle" not in watcher.lamps("anna")[1:]

        hold = members_leg.request("INVITE", anna.sdp(direction="sendonly", version=2))
        assert anna.final(hold).status == 200
        members_leg.request("ACK", cseq=int(hold["CSeq"].split()[0]))
        astrid.rtp.expect_sound()
        back = members_leg.request("INVITE", anna.sdp(version=3))
        assert anna.final(back).status == 200
        members_leg.request("ACK", cseq=int(back["CSeq"].split()[0]))
        astrid.rtp.expect(MEMBER_SAYS)

        talked = time.monotonic() - began
        by_queue.hang_up()
        bye = members_leg.hung_up()
        assert int(bye["CSeq"].split()[0]) > int(members_leg.invite["CSeq"].split()[0])
        bjorns_leg.hang_up()
        by_extension.hung_up()
        until(lambda: watcher.lamps("bjorn")[-1] == "idle", "the lamp that is out")
    records = {record["dialled"]: record for record in finished(server, 2)}
    assert {record["cause"] for record in records.values()} == {"answered"}
    sales = next(record for dialled, record in records.items() if SALES in dialled)
    assert sales["queue_visits"][0]["outcome"] == "answered"
    assert talked - 0.5 <= sales["talk_seconds"] <= talked + 3.0
    assert sales["held_seconds"] > 0
    assert "talks on with Anna" in server.command("why", sales["call"])


def test_nobody_is_offered_to_who_writes_notes_until_they_are_done(
    server: Server, phones: dict[str, PlainPhone]
) -> None:
    anna, astrid, henrik = phones["anna"], phones["astrid"], phones["henrik"]
    before = len(finished(server))
    first, members_leg = calls(astrid, SALES, anna, MEMBER_SAYS)
    first.hang_up()
    members_leg.hung_up()
    over = time.monotonic()
    finished(server, before + 1)
    kill(server, "lampfield.signalling")
    second = henrik.call(SALES)
    second.answered()
    ringing = anna.incoming(timeout=WRAP_UP_SECONDS + 10)
    assert time.monotonic() - over >= WRAP_UP_SECONDS
    ringing.respond(180)
    second.hang_up()
    ringing.cancelled()


def test_who_had_stepped_out_is_back_in_line_with_the_true_waiting_time(
    server: Server, phones: dict[str, PlainPhone]
) -> None:
    anna, astrid, henrik = phones["anna"], phones["astrid"], phones["henrik"]
    before = len(finished(server))
    joined = time.monotonic()
    call = astrid.call(SALES)
    astrid.rtp.say(call.answered().audio, CALLER_SAYS)
    astrid.rtp.expect_sound()
    first = anna.incoming(timeout=15)
    first.respond(180)
    behind = henrik.call(SALES)
    behind.answered()
    astrid.rtp.press("1")
    first.cancelled()
    of_henrik = anna.incoming()
    of_henrik.respond(180)
    kill(server, "lampfield.signalling")
    again = anna.incoming()
    assert f"sip:{ASTRID}@" in again.invite["From"], "the same place: before who came later"
    waited = time.monotonic() - joined
    again.take()
    anna.rtp.say(again.invite.audio, MEMBER_SAYS)
    astrid.rtp.expect(MEMBER_SAYS)
    call.hang_up()
    again.hung_up()
    behind.hang_up()
    visits = [visit for record in finished(server, before + 2) for visit in record["queue_visits"]]
    answered = next(visit for visit in reversed(visits) if visit["outcome"] == "answered")
    assert answered["waited"] >= waited - 1.0


def test_who_was_called_back_and_waits_for_the_member_waits_on(server: Server, phones: dict[str, PlainPhone]) -> None:
    anna, astrid = phones["anna"], phones["astrid"]
    assert astrid.register().status == 200
    call = astrid.call(SALES)
    astrid.rtp.say(call.answered().audio, CALLER_SAYS)
    astrid.rtp.expect_sound()
    first = anna.incoming(timeout=15)
    first.respond(180)
    astrid.rtp.press("5")
    astrid.rtp.expect_sound()
    astrid.rtp.press("1")
    first.cancelled()
    call.hung_up(timeout=15)
    back = astrid.incoming()
    back.take()
    astrid.rtp.say(back.invite.audio, CALLER_SAYS)
    astrid.rtp.expect_sound()
    astrid.rtp.press("1")
    ringing = anna.incoming()
    ringing.respond(180)
    until(lambda: ringing.id.encode() in (server.state / "journal").read_bytes(), "the phone that rings, on disk")
    kill(server, "lampfield.signalling")
    again = anna.incoming()
    assert f"sip:{ASTRID}@" in again.invite["From"]
    assert astrid.silent(), "who is on the line is not called again"
    again.take()
    anna.rtp.say(again.invite.audio, MEMBER_SAYS)
    astrid.rtp.expect(MEMBER_SAYS)
    kill(server, "lampfield.signalling")
    again.hang_up()
    back.hung_up()
    assert "called-back" in server.command("calls", "--since", "today", "--json")
    assert astrid.register(0).status == 200


def test_who_is_in_a_menu_is_in_it_again_and_who_waits_for_a_phone_hears_it_ring_again(
    server: Server, phones: dict[str, PlainPhone]
) -> None:
    anna, bjorn, astrid, henrik = (phones[person] for person in ("anna", "bjorn", "astrid", "henrik"))
    in_menu, rings = astrid.call(MENU), henrik.call(MENU)
    for phone, call in ((astrid, in_menu), (henrik, rings)):
        phone.rtp.say(call.answered().audio, CALLER_SAYS)
        phone.rtp.expect_sound()
    henrik.rtp.press("5")
    first = bjorn.incoming()
    first.respond(180)
    until(lambda: first.id.encode() in (server.state / "journal").read_bytes(), "the phone that rings, on disk")
    kill(server, "lampfield.signalling")
    first.cancelled()
    again = bjorn.incoming()
    again.take()
    bjorn.rtp.say(again.invite.audio, MEMBER_SAYS)
    henrik.rtp.expect(MEMBER_SAYS)
    astrid.rtp.expect_sound()
    astrid.rtp.press("1")
    at_anna = anna.incoming()
    at_anna.take()
    anna.rtp.say(at_anna.invite.audio, OTHER_SAYS)
    astrid.rtp.expect(OTHER_SAYS)
    rings.hang_up()
    again.hung_up()
    in_menu.hang_up()
    at_anna.hung_up()
    until(lambda: begun_anew(server) == {"menu:main", "person:bjorn"}, "what is on record of both")


def test_who_is_parked_stays_in_the_slot_and_is_taken_from_it(server: Server, phones: dict[str, PlainPhone]) -> None:
    anna, astrid, henrik = (phones[person] for person in ("anna", "astrid", "henrik"))
    parked, answering = calls(astrid, "201", anna, MEMBER_SAYS)
    with Watcher(server.address, "bjorn", DOMAIN, "") as watcher:
        watcher.subscribe("71")
        watcher.expect("71", "idle")
        answering.request("REFER", fields=[("Refer-To", f"<sip:71@{DOMAIN}>")])
        answering.hung_up()
        watcher.expect("71", "talking")
        kill(server, "lampfield.signalling")
        astrid.rtp.expect_sound()
        until(lambda: "park:71" in begun_anew(server), "the parked call, taken up")
        taken = henrik.call("71")
        henrik.rtp.say(taken.answered().audio, OTHER_SAYS)
        astrid.rtp.expect(OTHER_SAYS)
        henrik.rtp.expect(CALLER_SAYS)
        watcher.expect("71", "idle")
        assert watcher.lamps("71") == ["idle", "talking", "idle"]
    taken.hang_up()
    parked.hung_up()


def test_who_is_not_answered_yet_rings_again_and_is_answered(server: Server, phones: dict[str, PlainPhone]) -> None:
    bjorn, henrik = phones["bjorn"], phones["henrik"]
    call = henrik.call(BJORN)
    first = bjorn.incoming()
    first.respond(180)
    call.expect(180)
    until(lambda: call.id.encode() in (server.state / "journal").read_bytes(), "the caller who waits, on disk")
    kill(server, "lampfield.signalling")
    first.cancelled()
    again = bjorn.incoming()
    again.take()
    henrik.rtp.say(call.answered().audio, CALLER_SAYS)
    bjorn.rtp.say(again.invite.audio, MEMBER_SAYS)
    henrik.rtp.expect(MEMBER_SAYS)
    bjorn.rtp.expect(CALLER_SAYS)
    call.hang_up()
    again.hung_up()
