"""Telling a peer who it talks to now, by UPDATE without an offer (RFC 5876 §3.1, RFC 3311)."""

from sipcore.message import Response
from tests.sipcore.test_session_callee import Ring

ANNA = ("P-Asserted-Identity", '"Anna" <sip:201@nordlys.example>')
KNOWS = ("Allow", "INVITE, ACK, BYE, CANCEL, UPDATE")


def test_a_peer_that_knows_update_is_told() -> None:
    call = Ring(KNOWS).up()
    call.peer.stack.identify(call.session, call.peer.now, fields=[ANNA])
    update = call.peer.one_request()
    assert (update.method, update.header("P-Asserted-Identity"), update.body) == ("UPDATE", ANNA[1], b"")
    call.peer.answer(update, 200, to_tag=None)
    assert call.peer.events() == []


def test_one_that_does_not_is_left_alone() -> None:
    call = Ring(("Allow", "INVITE, ACK, BYE, CANCEL")).up()
    call.peer.stack.identify(call.session, call.peer.now, fields=[ANNA])
    assert call.peer.sent() == []


def test_whatever_the_peer_answers_the_call_goes_on_and_offers_go_their_way() -> None:
    for status in (481, 500, 491):
        call = Ring(KNOWS).up()
        call.peer.stack.identify(call.session, call.peer.now, fields=[ANNA])
        update = call.peer.one_request()
        call.peer.stack.offer(call.session, b"v=0 another", call.peer.now)
        invite = call.peer.one_request()
        call.peer.answer(update, status, to_tag=None)
        assert call.peer.events() == []
        call.peer.answer(invite, 200, to_tag=None, body=b"v=0 answer")
        assert [type(event).__name__ for event in call.peer.events()] == ["AnswerReceived"]
        assert call.peer.stack.dialog_of(call.session) is not None


def test_a_call_that_is_not_up_is_told_nothing() -> None:
    call = Ring(KNOWS)
    call.peer.stack.identify(call.session, call.peer.now, fields=[ANNA])
    assert call.peer.sent() == []
    call.peer.stack.identify("none", call.peer.now, fields=[ANNA])
    call.peer.stack.reject(call.session, 486, call.peer.now)
    assert isinstance(call.peer.one_response(), Response)
