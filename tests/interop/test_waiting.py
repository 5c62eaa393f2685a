"""What callers can do while they wait, with phones that hear: step out, be called back, be taken by a key."""

import time
from collections.abc import Iterator

import pytest

from tests.support.plain_phone import PlainCall, PlainPhone
from tests.support.server import MAIN_NUMBER, OUTSIDE, Server

SUPPORT = "302"
CALLER = "+4540123456"
MEMBER = "+4520202020"
CALLER_SAYS, MEMBER_SAYS = 0x35, 0x9C
"""A-law values that no prompt holds for 20 ms."""
AT_ONCE = 0.3
"""Seconds from a member's answer to audio, on a machine that does other things besides."""

COMPANY = {
    "main_numbers": {MAIN_NUMBER: {"open": "queue:sales", "closed": "queue:sales"}},
    "queues": {
        "sales": {
            "members": ["anna"],
            "wrap_up_seconds": 0,
            "retry_seconds": 0,
            "callback_key": "5",
            "keys": {"1": "message:closed"},
        },
        "support": {"members": [MEMBER], "wrap_up_seconds": 0, "retry_seconds": 0},
    },
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that believes phones who they are; its main number is a queue."""
    settings = {"sip": {"authentication": False}}
    with Server(tmp_path_factory.mktemp("waiting"), settings=settings, company=COMPANY) as running:
        yield running


@pytest.fixture
def network(server: Server) -> Iterator[PlainPhone]:
    with PlainPhone(server.socket_address, CALLER, host=OUTSIDE, port=server.outside_port) as gateway:
        yield gateway


@pytest.fixture
def anna(server: Server) -> Iterator[PlainPhone]:
    with PlainPhone(server.socket_address, "anna") as phone:
        assert phone.register().status == 200
        yield phone
        assert phone.register(0).status == 200


def wait_in_sales(server: Server, network: PlainPhone) -> PlainCall:
    """A call from outside that hears the queue."""
    call = network.call(MAIN_NUMBER, domain=server.address)
    network.rtp.say(call.answered().audio, CALLER_SAYS)
    network.rtp.expect_sound()
    return call


def hear_each_other(caller: PlainPhone, member: PlainPhone, ringing: PlainCall) -> None:
    """The member speaks from the answer on, and both hear the other."""
    member.rtp.say(ringing.invite.audio, MEMBER_SAYS)
    caller.rtp.expect(MEMBER_SAYS)
    member.rtp.expect(CALLER_SAYS)


def test_who_steps_out_to_hear_a_message_is_back_in_line_and_is_answered(
    server: Server, network: PlainPhone, anna: PlainPhone
) -> None:
    call = wait_in_sales(server, network)
    first = anna.incoming()
    first.respond(180)
    network.rtp.press("1")
    first.cancelled()  # nobody is rung for a caller who is away
    second = anna.incoming(timeout=15)
    second.take()
    hear_each_other(network, anna, second)
    call.hang_up()
    second.hung_up()


def test_who_orders_a_call_back_is_called_through_the_trunk_and_connected_by_a_key(
    server: Server, network: PlainPhone, anna: PlainPhone
) -> None:
    call = wait_in_sales(server, network)
    first = anna.incoming()
    first.respond(180)
    network.rtp.press("5")
    network.rtp.expect_sound()
    network.rtp.press("1")
    first.cancelled()
    call.hung_up(timeout=15)
    back = network.incoming()
    assert CALLER in back.invite.uri
    assert MAIN_NUMBER in back.invite["From"]
    back.take()
    network.rtp.say(back.invite.audio, CALLER_SAYS)
    network.rtp.expect_sound()
    assert anna.silent(), "who is called back has to press 1 first"
    network.rtp.press("1")
    second = anna.incoming()
    second.take()
    hear_each_other(network, anna, second)
    second.hang_up()
    back.hung_up()
    assert "called-back" in server.command("calls", "--since", "today", "--json")


def test_an_order_to_call_back_holds_over_a_restart(server: Server, network: PlainPhone) -> None:
    with PlainPhone(server.socket_address, "anna") as anna:
        assert anna.register().status == 200
        call = wait_in_sales(server, network)
        ringing = anna.incoming()
        ringing.respond(180)
        assert anna.register(0).status == 200
        network.rtp.press("5")
        network.rtp.expect_sound()
        network.rtp.press("1")
        ringing.cancelled()
        call.hung_up(timeout=15)
        server.stop()
        server.start()
        assert network.silent(), "nobody is there to answer"
        assert anna.register().status == 200
        back = network.incoming()
        back.turn_down(486)
        assert anna.register(0).status == 200


def test_the_queue_tells_whom_it_missed(server: Server, network: PlainPhone) -> None:
    with PlainPhone(server.socket_address, "anna") as anna:
        assert anna.register().status == 200
        call = wait_in_sales(server, network)
        ringing = anna.incoming()
        ringing.respond(180)
        call.hang_up()
        ringing.cancelled()
        assert CALLER in server.command("missed", "nordlys", "sales")
        assert anna.register(0).status == 200


def test_a_mobile_takes_a_call_by_pressing_1_and_a_voicemail_takes_none(server: Server, network: PlainPhone) -> None:
    with PlainPhone(server.socket_address, "astrid") as astrid:
        call = astrid.call(SUPPORT)
        astrid.rtp.say(call.answered().audio, CALLER_SAYS)
        voicemail = network.incoming()
        voicemail.take()
        network.rtp.say(voicemail.invite.audio, MEMBER_SAYS)
        network.rtp.expect_sound()
        astrid.rtp.expect_sound()
        voicemail.hung_up(timeout=20)
        astrid.rtp.expect_sound()
        mobile = network.incoming()
        mobile.take()
        network.rtp.say(mobile.invite.audio, MEMBER_SAYS)
        network.rtp.expect_sound()
        network.rtp.press("1")
        hear_each_other(astrid, network, mobile)
        call.hang_up()
        mobile.hung_up()


def test_an_answer_cuts_the_announcement_and_both_hear_each_other_at_once(
    server: Server, network: PlainPhone, anna: PlainPhone
) -> None:
    call = wait_in_sales(server, network)  # please-wait plays for some seconds
    ringing = anna.incoming()
    ringing.respond(180)
    heard_by_caller, heard_by_member = network.rtp.record(), anna.rtp.record()
    heard_by_caller.listen(0.2)
    anna.rtp.say(ringing.invite.audio, MEMBER_SAYS)
    answered = time.monotonic()
    ringing.respond(200, anna.sdp())
    heard_by_member.listen(0.02)
    member_hears = time.monotonic() - answered
    network.rtp.expect(MEMBER_SAYS)
    caller_has_heard = time.monotonic() - answered
    ringing.expect("ACK")
    heard_by_caller.listen(0.5)
    assert member_hears < AT_ONCE
    assert caller_has_heard < AT_ONCE + 0.2, "ten packets of 20 ms, which tell a voice from chance"
    frames = heard_by_caller.frames
    talk = frames.index(bytes([MEMBER_SAYS]) * 160)
    assert set(frames[talk:]) == {bytes([MEMBER_SAYS]) * 160}, "nothing of the announcement after the answer"
    gap = round(heard_by_caller.seconds * 50) - len(frames)
    assert gap <= 5, f"{gap * 20} ms of dead air"
    call.hang_up()
    ringing.hung_up()
