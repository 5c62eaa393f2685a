"""Calls between phones where something crosses, comes late or does not fit, message by message."""

from collections.abc import Iterator

import pytest

from tests.support.plain_phone import PlainCall, PlainPhone
from tests.support.server import DOMAIN, OUTSIDE, Server
from tests.support.until import until
from tests.support.watcher import Watcher

HENRIK = "209"
CALLER_SAYS, CALLEE_SAYS = 0x35, 0x9C
"""A-law values that no prompt holds for 20 ms."""
LOUDEST = {8: 0xAA, 0: 0x80}
"""The greatest value in A-law and in µ-law (ITU-T G.711 tables 1a and 2a), by payload type."""


class Gateway(PlainPhone):
    """One to ISDN, whose names are in Latin-1."""

    def send_bytes(self, data: bytes, to: tuple[str, int] | None = None) -> None:
        super().send_bytes(data.replace("ü".encode(), b"\xfc"), to)

    def _take(self, data: bytes) -> None:
        super()._take(data.replace(b"\xfc", "ü".encode()))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that believes phones who they are."""
    company = {
        "people": {"henrik": {"ring_seconds": 5}},
        "queues": {"sales": {"wrap_up_seconds": 0}},
        "menus": {"main": {"silence_seconds": 2}},
    }
    settings = {"sip": {"authentication": False}}
    with Server(tmp_path_factory.mktemp("races"), settings=settings, company=company) as running:
        yield running


@pytest.fixture
def astrid(server: Server) -> Iterator[PlainPhone]:
    with PlainPhone(server.socket_address, "astrid") as phone:
        yield phone


@pytest.fixture
def henrik(server: Server) -> Iterator[PlainPhone]:
    yield from registered(server, "henrik")


@pytest.fixture
def second_phone(server: Server) -> Iterator[PlainPhone]:
    """Henrik's other phone."""
    yield from registered(server, "henrik")


@pytest.fixture
def anna(server: Server) -> Iterator[PlainPhone]:
    """An agent of the queue."""
    yield from registered(server, "anna")


@pytest.fixture
def outside(server: Server) -> Iterator[PlainPhone]:
    with PlainPhone(server.socket_address, "+4540123456", host=OUTSIDE) as phone:
        yield phone


def registered(server: Server, person: str) -> Iterator[PlainPhone]:
    with PlainPhone(server.socket_address, person) as phone:
        assert phone.register().status == 200
        yield phone
        assert phone.register(0).status == 200


def talking(caller: PlainPhone, callee: PlainPhone, number: str = HENRIK) -> tuple[PlainCall, PlainCall]:
    """A call that both sides are in and hear each other in."""
    call = caller.call(number)
    answering = callee.incoming()
    answering.take()
    caller.rtp.say(call.answered().audio, CALLER_SAYS)
    callee.rtp.say(answering.invite.audio, CALLEE_SAYS)
    caller.rtp.expect(CALLEE_SAYS)
    callee.rtp.expect(CALLER_SAYS)
    return call, answering


# Ringing


def test_a_phone_that_nobody_takes_up_is_cancelled_and_the_caller_told_480(
    astrid: PlainPhone, henrik: PlainPhone
) -> None:
    call = astrid.call(HENRIK)
    ringing = henrik.incoming()
    ringing.respond(180)
    call.expect(180)
    assert "elsewhere" not in ringing.cancelled()["Reason"], "the phone is to note a missed call"
    call.refused(480)


def test_the_phone_that_was_not_taken_up_learns_that_the_call_was_completed_elsewhere(
    astrid: PlainPhone, henrik: PlainPhone, second_phone: PlainPhone
) -> None:
    call = astrid.call(HENRIK)
    desk, mobile = henrik.incoming(), second_phone.incoming()
    desk.respond(180)
    mobile.take()
    assert "Call completed elsewhere" in desk.cancelled()["Reason"]
    call.answered()
    call.hang_up()
    mobile.hung_up()


def test_of_two_phones_taken_up_at_once_one_talks_and_the_other_is_hung_up(
    astrid: PlainPhone, henrik: PlainPhone, second_phone: PlainPhone
) -> None:
    call = astrid.call(HENRIK)
    both = [henrik.incoming(), second_phone.incoming()]
    for ringing in both:
        ringing.respond(200, ringing.phone.sdp())
    for ringing in both:
        ringing.expect("ACK")
    call.answered()
    call.hang_up()
    for ringing in both:
        ringing.hung_up()


def test_a_6xx_of_one_phone_stops_the_ringing_on_the_others(
    astrid: PlainPhone, henrik: PlainPhone, second_phone: PlainPhone
) -> None:
    call = astrid.call(HENRIK)
    desk, mobile = henrik.incoming(), second_phone.incoming()
    desk.respond(180)
    mobile.respond(603)
    desk.cancelled()
    call.refused(603)


def test_the_lamp_of_a_vanished_phone_goes_out_as_soon_as_the_caller_gives_up(
    server: Server, astrid: PlainPhone, henrik: PlainPhone
) -> None:
    with Watcher(server.address, "ingrid", DOMAIN, "") as watcher:
        watcher.subscribe(HENRIK)
        watcher.expect(HENRIK, "idle")
        call = astrid.call(HENRIK)
        silent = henrik.incoming()
        watcher.expect(HENRIK, "ringing")
        call.cancel()
        call.refused(487)
        watcher.expect(HENRIK, "idle", timeout=3.0)
        silent.respond(180)  # too late: the lamp stays dark
        silent.cancelled()
        assert watcher.lamps(HENRIK) == ["idle", "ringing", "idle"]


# What crosses


def test_an_answer_that_crosses_the_callers_cancel_is_hung_up(astrid: PlainPhone, henrik: PlainPhone) -> None:
    call = astrid.call(HENRIK)
    ringing = henrik.incoming()
    ringing.respond(180)
    call.expect(180)
    call.cancel()
    call.refused(487)
    cancel = ringing.expect("CANCEL")
    ringing.respond(200, henrik.sdp())
    ringing.respond(200, request=cancel)
    ringing.expect("ACK")
    ringing.hung_up()


def test_a_cancel_that_comes_after_our_answer_changes_nothing(astrid: PlainPhone, henrik: PlainPhone) -> None:
    call = astrid.call(HENRIK)
    ringing = henrik.incoming()
    ringing.take()
    response = call.expect(200, of="INVITE")
    call.cancel()
    call.request("ACK", cseq=1)
    astrid.rtp.say(response.audio, CALLER_SAYS)
    henrik.rtp.expect(CALLER_SAYS)
    call.hang_up()
    ringing.hung_up()


def test_a_call_given_up_before_the_phone_has_answered_anything_is_cancelled_when_it_does(
    astrid: PlainPhone, henrik: PlainPhone
) -> None:
    call = astrid.call(HENRIK)
    ringing = henrik.incoming()
    call.cancel()
    call.refused(487)
    ringing.respond(180)  # only now may CANCEL be sent (RFC 3261 §9.1)
    ringing.cancelled()


def test_both_may_hang_up_at_the_same_moment(astrid: PlainPhone, henrik: PlainPhone) -> None:
    call, answering = talking(astrid, henrik)
    byes = [call.request("BYE"), answering.request("BYE")]
    assert astrid.final(byes[0]).status == 200
    assert henrik.final(byes[1]).status in (200, 481)
    # Whichever came first was passed on, and crossed the other.
    astrid_asked, henrik_asked = (
        [m for m in phone.seen if m.method == "BYE" and m.is_request] for phone in (astrid, henrik)
    )
    assert len(astrid_asked) + len(henrik_asked) <= 2


def test_a_caller_may_leave_before_the_answer_with_bye(astrid: PlainPhone, henrik: PlainPhone) -> None:
    call = astrid.call(HENRIK)
    ringing = henrik.incoming()
    ringing.respond(180)
    call.expect(180)
    call.hang_up()
    call.refused(487)
    ringing.cancelled()


def test_an_ack_that_comes_late_finds_a_call_that_was_hung_up_meanwhile(astrid: PlainPhone, henrik: PlainPhone) -> None:
    call = astrid.call(HENRIK)
    ringing = henrik.incoming()
    ringing.take()
    call.expect(200, of="INVITE")
    ringing.hang_up()
    call.request("ACK", cseq=1)  # our BYE waits for it (RFC 3261 §15)
    call.hung_up()


# Codecs


def test_nothing_in_common_is_refused_with_488(astrid: PlainPhone, henrik: PlainPhone) -> None:
    call = astrid.call(HENRIK, astrid.sdp("G722"))
    ringing = henrik.incoming()
    assert ringing.invite.codecs[0] == "9"
    ringing.respond(488)
    ringing.expect("ACK")
    call.refused(488)


def test_an_answer_without_a_description_is_acknowledged_and_hung_up(astrid: PlainPhone, henrik: PlainPhone) -> None:
    call = astrid.call(HENRIK)
    ringing = henrik.incoming()
    ringing.respond(200)
    ringing.expect("ACK")
    assert "488" in ringing.hung_up()["Reason"]
    call.refused(488)


def test_either_law_of_g711_is_turned_into_the_other(astrid: PlainPhone, henrik: PlainPhone) -> None:
    call = astrid.call(HENRIK, astrid.sdp("PCMU"))
    ringing = henrik.incoming()
    ringing.take("PCMA")
    answer = call.answered()
    assert answer.codecs[0] == "0"
    astrid.rtp.say(answer.audio, LOUDEST[0], 0)
    henrik.rtp.say(ringing.invite.audio, LOUDEST[8], 8)
    henrik.rtp.expect(LOUDEST[8], 8)
    astrid.rtp.expect(LOUDEST[0], 0)
    call.hang_up()
    ringing.hung_up()


def test_a_caller_in_the_menu_is_asked_to_change_its_codec_when_the_colleague_has_another(
    outside: PlainPhone, anna: PlainPhone
) -> None:
    call = outside.call("+4533221100", outside.sdp("G722", "PCMA"))
    answer = call.answered()
    assert answer.codecs[0] == "9"
    press(call, "1")
    ringing = anna.incoming()
    ringing.take("PCMA")
    asked = call.expect("INVITE")
    assert "8" in asked.codecs
    assert "9" not in asked.codecs
    call.respond(200, outside.sdp("PCMA", version=2), request=asked)
    call.expect("ACK")
    outside.rtp.say(answer.audio, CALLER_SAYS)
    anna.rtp.say(ringing.invite.audio, CALLEE_SAYS)
    anna.rtp.expect(CALLER_SAYS)
    outside.rtp.expect(CALLEE_SAYS)
    call.hang_up()
    ringing.hung_up()


def test_a_colleague_who_reinvites_while_the_caller_is_asked_to_change_loses_nothing(
    outside: PlainPhone, anna: PlainPhone
) -> None:
    call = outside.call("+4533221100", outside.sdp("G722", "PCMA"))
    answer = call.answered()
    press(call, "1")
    ringing = anna.incoming()
    ringing.take("PCMA")
    asked = call.expect("INVITE")
    again = ringing.request("INVITE", anna.sdp("PCMA", version=2))
    assert anna.final(again).status == 200
    ringing.request("ACK", cseq=1)
    call.respond(200, outside.sdp("PCMA", version=2), request=asked)
    call.expect("ACK")
    outside.rtp.say(answer.audio, CALLER_SAYS)
    anna.rtp.expect(CALLER_SAYS)
    call.hang_up()
    ringing.hung_up()


def test_a_caller_who_asks_for_our_offer_is_asked_to_change_its_codec_after_it_has_answered(
    outside: PlainPhone, anna: PlainPhone
) -> None:
    call = outside.call("+4533221100", outside.sdp("G722", "PCMA"))
    answer = call.answered()
    press(call, "1")
    ringing = anna.incoming()
    ours = outside.final(call.request("INVITE"))
    ringing.take("PCMA")
    until(lambda: outside.has_again(ours), "the server knows of both codecs, and misses the ACK")
    call.request("ACK", outside.sdp("G722", version=2), cseq=int(ours["CSeq"].split()[0]))
    asked = call.expect("INVITE")
    assert "8" in asked.codecs
    assert asked.version > ours.version > answer.version
    call.respond(200, outside.sdp("PCMA", version=3), request=asked)
    call.expect("ACK")
    outside.rtp.say(answer.audio, CALLER_SAYS)
    anna.rtp.expect(CALLER_SAYS)
    call.hang_up()
    ringing.hung_up()


def test_a_colleague_may_hang_up_while_the_caller_has_not_answered_the_reinvite(
    outside: PlainPhone, anna: PlainPhone
) -> None:
    call = outside.call("+4533221100", outside.sdp("G722", "PCMA"))
    call.answered()
    press(call, "1")
    ringing = anna.incoming()
    ringing.take("PCMA")
    asked = call.expect("INVITE")
    ringing.hang_up()
    call.hung_up(timeout=3.0)
    call.respond(487, request=asked)
    call.expect("ACK")


def test_a_phone_that_changes_its_codec_in_the_call_is_heard_on(astrid: PlainPhone, henrik: PlainPhone) -> None:
    call = astrid.call(HENRIK)
    ringing = henrik.incoming()
    ringing.take()
    answer = call.answered()
    reinvite(call, astrid.sdp("PCMU", version=2))
    astrid.rtp.say(answer.audio, LOUDEST[0], 0)
    henrik.rtp.say(ringing.invite.audio, LOUDEST[8], 8)
    henrik.rtp.expect(LOUDEST[8], 8)
    astrid.rtp.expect(LOUDEST[0], 0)
    call.hang_up()
    ringing.hung_up()


def test_an_invite_without_an_offer_gets_ours_and_answers_in_the_ack(astrid: PlainPhone, henrik: PlainPhone) -> None:
    call = astrid.call(HENRIK, "")
    ringing = henrik.incoming()
    ringing.take("PCMA")
    offer = call.expect(200, of="INVITE")
    assert "8" in offer.codecs
    call.request("ACK", astrid.sdp("PCMA"), cseq=1)
    astrid.rtp.say(offer.audio, CALLER_SAYS)
    henrik.rtp.expect(CALLER_SAYS)
    henrik.rtp.say(ringing.invite.audio, CALLEE_SAYS)
    astrid.rtp.expect(CALLEE_SAYS)
    call.hang_up()
    ringing.hung_up()


# Hold


def test_who_is_held_hears_music_until_retrieved(astrid: PlainPhone, henrik: PlainPhone) -> None:
    call, answering = talking(astrid, henrik)
    reinvite(call, astrid.sdp(direction="sendonly", version=2))
    henrik.rtp.expect_sound()
    reinvite(call, astrid.sdp(version=3))
    henrik.rtp.expect(CALLER_SAYS)
    call.hang_up()
    answering.hung_up()


def test_who_retrieves_while_the_other_holds_hears_music(astrid: PlainPhone, henrik: PlainPhone) -> None:
    call, answering = talking(astrid, henrik)
    reinvite(call, astrid.sdp(direction="sendonly", version=2))
    reinvite(answering, henrik.sdp(direction="sendonly", version=2))
    reinvite(call, astrid.sdp(version=3))
    astrid.rtp.expect_sound()
    reinvite(answering, henrik.sdp(version=3))
    astrid.rtp.expect(CALLEE_SAYS)
    henrik.rtp.expect(CALLER_SAYS)
    call.hang_up()
    answering.hung_up()


def test_both_may_ask_at_once_and_one_is_told_to_wait(astrid: PlainPhone, henrik: PlainPhone) -> None:
    call, answering = talking(astrid, henrik)
    asked = [
        call.request("INVITE", astrid.sdp(direction="sendonly", version=2)),
        answering.request("INVITE", henrik.sdp(direction="sendonly", version=2)),
    ]
    for side, request in zip((call, answering), asked, strict=True):
        assert side.phone.final(request).status == 200, "legs are apart, so that nothing collides"
        side.request("ACK", cseq=int(request["CSeq"].split()[0]))
    call.hang_up()
    answering.hung_up()


# Keys


def test_keys_sent_by_info_choose_in_the_menu(outside: PlainPhone, anna: PlainPhone) -> None:
    call = outside.call("+4533221100")
    call.answered()
    press(call, "1")
    ringing = anna.incoming()
    call.hang_up()
    ringing.respond(180)
    ringing.cancelled()


def test_a_caller_whose_name_comes_in_latin_1_is_served_and_shown(server: Server, anna: PlainPhone) -> None:
    with Gateway(server.socket_address, "+4540123456", host=OUTSIDE) as gateway:
        call = gateway.call("+4533221100", fields=[("From", '"Müller" <sip:+4540123456@127.0.0.2>;tag=isdn')])
        call.answered()
        press(call, "1")
        ringing = anna.incoming()
        assert '"Müller" <sip:+4540123456@' in ringing.invite["From"]
        ringing.take()
        ringing.hang_up()
        call.hung_up()


def test_an_agent_who_answers_as_the_caller_hangs_up_is_hung_up(outside: PlainPhone, anna: PlainPhone) -> None:
    call = outside.call("+4533221100")
    call.answered()
    press(call, "1")
    ringing = anna.incoming()
    ringing.respond(180)
    ringing.respond(200, anna.sdp())
    call.hang_up()
    ringing.expect("ACK")
    ringing.hung_up()


def press(call: PlainCall, key: str) -> None:
    request = call.request(
        "INFO", f"Signal={key}\r\nDuration=160\r\n", {"Content-Type": "application/dtmf-relay"}.items()
    )
    assert call.phone.final(request).status == 200


def reinvite(call: PlainCall, body: str) -> None:
    request = call.request("INVITE", body)
    assert call.phone.final(request).status == 200
    call.request("ACK", cseq=int(request["CSeq"].split()[0]))
