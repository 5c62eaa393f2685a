"""Session timers: who refreshes, when, and what ends a session that nobody refreshes (RFC 4028)."""

import pytest

from sipcore.answering import response_to
from sipcore.errors import ProtocolViolation
from sipcore.events import AnswerReceived, OfferRefused, SessionEnded
from sipcore.message import Request, Response
from sipcore.session_timer import IntervalTooSmall, SessionTimer, agree_as_uac, agree_as_uas
from tests.sipcore.test_session_callee import OFFER, Ring
from tests.sipcore.test_session_caller import Call

TIMER = ("Supported", "timer")


def expires(value: str) -> tuple[str, str]:
    return "Session-Expires", value


def agreed(*fields: tuple[str, str]) -> SessionTimer:
    return agree_as_uas(Request("INVITE", "sip:a@b", fields), 1800, 90)


@pytest.mark.parametrize(
    ("fields", "timer"),
    [
        ([TIMER, expires("600")], SessionTimer(600, we_refresh=False)),
        ([TIMER, expires("600;refresher=uac")], SessionTimer(600, we_refresh=False)),
        ([TIMER, expires("600;refresher=uas")], SessionTimer(600, we_refresh=True)),
        ([TIMER], SessionTimer(1800, we_refresh=False)),
        ([], SessionTimer(1800, we_refresh=True)),
        # A proxy may ask on behalf of a caller that cannot; then only we can refresh (§8).
        ([expires("600;refresher=uac")], SessionTimer(600, we_refresh=True)),
        ([TIMER, expires("7200")], SessionTimer(1800, we_refresh=False)),
        ([TIMER, expires("7200"), ("Min-SE", "3600")], SessionTimer(3600, we_refresh=False)),
        ([expires("30")], SessionTimer(90, we_refresh=True)),
    ],
)
def test_what_the_called_party_agrees_to(fields: list[tuple[str, str]], timer: SessionTimer) -> None:
    assert agreed(*fields) == timer


def test_an_interval_below_ours_is_too_small_and_a_malformed_one_is_refused() -> None:
    with pytest.raises(IntervalTooSmall):
        agreed(TIMER, expires("89"))
    with pytest.raises(ProtocolViolation):
        agreed(TIMER, expires("soon"))


@pytest.mark.parametrize(
    ("fields", "timer"),
    [
        ([expires("600;refresher=uac")], SessionTimer(600, we_refresh=True)),
        ([expires("600;refresher=uas")], SessionTimer(600, we_refresh=False)),
        ([expires("600")], SessionTimer(600, we_refresh=True)),
        ([], SessionTimer(1800, we_refresh=True)),
    ],
)
def test_what_the_caller_reads_in_a_2xx(fields: list[tuple[str, str]], timer: SessionTimer) -> None:
    assert agree_as_uac(Response(200, None, fields), 1800) == timer


def test_an_invite_with_too_small_an_interval_gets_422_with_min_se() -> None:
    ring = Ring(TIMER)
    answer = ring.peer.ask("INVITE", [TIMER, expires("60")], OFFER, call_id="other")
    assert (answer.status, answer.header("Min-SE")) == (422, "90")


def test_a_caller_that_refreshes_is_told_that_it_must() -> None:
    answer = Ring(TIMER, expires("600")).accept()
    assert answer.header("Session-Expires") == "600;refresher=uac"
    assert answer.require == {"timer"}


def test_a_caller_without_timers_is_refreshed_by_us_at_half_the_interval() -> None:
    ring = Ring(("Allow", "INVITE, ACK, BYE, UPDATE"))
    answer = ring.accept()
    assert answer.header("Session-Expires") == "1800;refresher=uas"
    assert not answer.has("Require")
    ring.within("ACK")
    assert ring.peer.run(899) == []
    (update,) = ring.peer.run(1.2)
    assert isinstance(update, Request)
    assert (update.method, update.body) == ("UPDATE", b"")
    assert update.header("Session-Expires") == "1800;refresher=uac"


def test_without_update_the_refresh_is_a_reinvite_with_our_description() -> None:
    ring = Ring().up()
    (reinvite, *_) = ring.peer.run(900.5)
    assert isinstance(reinvite, Request)
    assert (reinvite.method, reinvite.body) == ("INVITE", b"v=0 answer")
    ring.peer.answer(reinvite, 200, "peer", body=OFFER)
    assert ring.peer.events() == []


def test_a_description_that_changes_in_the_answer_to_a_refresh_is_told() -> None:
    ring = Ring().up()
    (reinvite, *_) = ring.peer.run(900.5)
    assert isinstance(reinvite, Request)
    ring.peer.answer(reinvite, 200, "peer", body=b"v=0 moved")
    assert ring.peer.events() == [AnswerReceived(ring.session, b"v=0 moved")]


def test_an_answered_refresh_starts_the_interval_anew() -> None:
    ring = Ring(("Allow", "UPDATE")).up()
    for _ in range(5):
        update = ring.peer.run(901)[0]
        assert isinstance(update, Request)
        ring.peer.answer(update, 200, "peer")
    assert ring.peer.events() == []


def test_a_refusal_of_the_refresh_shows_that_the_peer_is_there() -> None:
    ring = Ring(("Allow", "UPDATE")).up()
    for _ in range(5):
        update = ring.peer.run(901)[0]
        assert isinstance(update, Request)
        ring.peer.answer(update, 500, "peer")
    assert ring.peer.events() == []


@pytest.mark.parametrize("transport_fails", [True, False])
def test_a_refresh_that_does_not_get_through_is_tried_again_before_the_session_expires(transport_fails: bool) -> None:
    ring = Ring(("Allow", "UPDATE")).up()
    for _ in range(3):
        refresh = ring.peer.run(901)[-1]
        assert isinstance(refresh, Request)
        if transport_fails:
            ring.peer.stack.transport_failed(ring.peer.flow, ring.peer.now)
        else:
            ring.peer.answer(refresh, 503, "peer")
        (again, *_) = ring.peer.run(120)
        assert isinstance(again, Request)
        assert again.cseq.number > refresh.cseq.number
        ring.peer.answer(again, 200, "peer")
    assert not [event for event in ring.peer.events() if isinstance(event, SessionEnded)]
    for _ in range(180):
        ring.peer.run(10)
        ring.peer.stack.transport_failed(ring.peer.flow, ring.peer.now)
    (ended,) = [event for event in ring.peer.events() if isinstance(event, SessionEnded)]
    assert ended.cause == "expired"


def test_a_refresh_that_falls_into_an_offer_of_ours_comes_after_it_was_refused() -> None:
    ring = Ring().up()
    ring.peer.run(899.9)
    ring.peer.stack.offer(ring.session, b"v=0 another", ring.peer.now)
    offered = ring.peer.one_request()
    ring.peer.send(response_to(offered, 100))
    assert ring.peer.run(1) == []
    ring.peer.answer(offered, 488, "peer")
    assert ring.peer.events() == [OfferRefused(ring.session, 488)]
    ack, refresh, *_ = ring.peer.run(4)
    assert isinstance(ack, Request)
    assert isinstance(refresh, Request)
    assert (ack.method, refresh.method, refresh.body) == ("ACK", "INVITE", b"v=0 answer")
    ring.peer.answer(refresh, 200, "peer", body=OFFER)
    assert not [event for event in ring.peer.events() if isinstance(event, SessionEnded)]


def test_what_a_refresh_is_answered_is_not_taken_for_the_answer_to_an_offer_that_waits() -> None:
    ring = Ring().up()
    refresh = ring.peer.run(900.1)[0]
    assert isinstance(refresh, Request)
    ring.peer.stack.offer(ring.session, b"v=0 another", ring.peer.now)
    ring.peer.answer(refresh, 200, "peer", body=b"v=0 counted on")
    assert ring.peer.events() == []
    ack, offered = ring.peer.sent()
    assert isinstance(ack, Request)
    assert isinstance(offered, Request)
    assert (ack.method, offered.method, offered.body) == ("ACK", "INVITE", b"v=0 another")
    ring.peer.answer(offered, 200, "peer", body=b"v=0 its answer")
    assert ring.peer.events() == [AnswerReceived(ring.session, b"v=0 its answer")]


def test_a_refresh_that_is_not_answered_ends_the_session() -> None:
    ring = Ring(("Allow", "UPDATE")).up()
    sent = ring.peer.run(935)
    assert isinstance(sent[-1], Request)
    assert {message.method for message in sent if isinstance(message, Request)} == {"UPDATE", "BYE"}
    assert ring.peer.events() == [SessionEnded(ring.session, "timeout")]


def test_a_session_that_the_peer_does_not_refresh_ends_with_bye_a_little_early() -> None:
    ring = Ring(TIMER, expires("600;refresher=uac")).up()
    assert ring.peer.run(567) == []
    (bye, *_) = ring.peer.run(2)
    assert isinstance(bye, Request)
    assert bye.method == "BYE"
    assert ring.peer.events() == [SessionEnded(ring.session, "expired")]


def test_a_refresh_of_the_peer_keeps_the_session() -> None:
    ring = Ring(TIMER, expires("600;refresher=uac")).up()
    for number in range(2, 7):
        ring.peer.run(400)
        ring.within("UPDATE", (TIMER, expires("600;refresher=uac")), cseq=number)
        answer = ring.peer.one_response()
        assert (answer.status, answer.header("Session-Expires")) == (200, "600;refresher=uac")
    assert ring.peer.events() == []


def test_after_422_the_invite_comes_again_with_the_longer_interval() -> None:
    call = Call()
    call.peer.answer(call.invite, 422, fields=[("Min-SE", "3600")])
    again = call.peer.sent()[-1]
    assert isinstance(again, Request)
    assert (again.header("Session-Expires"), again.header("Min-SE")) == ("3600", "3600")
    assert again.cseq.number == call.invite.cseq.number + 1
    assert again.call_id == call.invite.call_id
    assert call.peer.events() == []
    call.peer.answer(again, 422, fields=[("Min-SE", "3600")])
    assert len(call.peer.events()) == 1


def test_the_caller_refreshes_when_the_2xx_says_so() -> None:
    call = Call()
    fields = [expires("200;refresher=uac"), ("Require", "timer"), ("Allow", "INVITE, UPDATE, BYE")]
    call.peer.answer(call.invite, 200, fields=fields, body=b"v=0 answer")
    call.peer.sent()
    (update,) = call.peer.run(100.1)
    assert isinstance(update, Request)
    assert (update.method, update.header("Session-Expires")) == ("UPDATE", "200;refresher=uac")
