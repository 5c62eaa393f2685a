"""Reliable provisional responses and PRACK, both sides (RFC 3262)."""

from sipcore.events import AnswerReceived, OfferReceived, SessionAccepted, SessionEnded, SessionProgress
from sipcore.message import Request, Response
from tests.sipcore.test_session_callee import ANSWER, Ring
from tests.sipcore.test_session_caller import Call

CAN = ("Supported", "100rel")
MUST = ("Require", "100rel")


def progress(ring: Ring, status: int = 183, sdp: bytes | None = ANSWER) -> Response:
    ring.peer.stack.progress(ring.session, status, ring.peer.now, sdp=sdp)
    return ring.peer.one_response()


def prack(ring: Ring, response: Response, *, cseq: int = 2, rack: str | None = None, body: bytes = b"") -> Response:
    value = rack or f"{response.header('RSeq')} 1 INVITE"
    ring.within("PRACK", (("RAck", value),), body, cseq=cseq)
    for message in ring.peer.sent():
        if isinstance(message, Response) and message.cseq.method == "PRACK":
            return message
    raise AssertionError("PRACK is not answered")


# --- the called party's side


def test_early_media_is_reliable_for_a_caller_that_can() -> None:
    response = progress(Ring(CAN))
    assert response.require == {"100rel"}
    assert int(response.header("RSeq") or "0") >= 1


def test_it_is_not_for_a_caller_that_cannot_nor_without_a_description() -> None:
    assert not progress(Ring()).has("RSeq")
    assert not progress(Ring(CAN), 180, None).has("RSeq")


def test_every_provisional_response_is_reliable_for_a_caller_that_insists() -> None:
    assert progress(Ring(MUST), 180, None).has("RSeq")


def test_it_is_sent_again_with_doubled_intervals_until_its_prack() -> None:
    ring = Ring(CAN)
    response = progress(ring)
    assert [message.status for message in ring.peer.run(7.6) if isinstance(message, Response)] == [183] * 4
    assert prack(ring, response).status == 200
    assert ring.peer.run(100) == []


def test_without_a_prack_the_call_is_refused_with_5xx_after_64_t1() -> None:
    ring = Ring(CAN)
    progress(ring)
    sent = [message.status for message in ring.peer.run(32.1) if isinstance(message, Response)]
    assert sent == [183] * 6 + [504]
    assert ring.peer.events() == [SessionEnded(ring.session, "timeout")]


def test_a_prack_that_matches_nothing_gets_481() -> None:
    ring = Ring(CAN)
    response = progress(ring)
    assert prack(ring, response, rack="99 1 INVITE").status == 481
    assert prack(ring, response, cseq=3).status == 200
    assert prack(ring, response, cseq=4).status == 481


def test_a_malformed_rack_gets_400() -> None:
    ring = Ring(CAN)
    assert prack(ring, progress(ring), rack="nonsense").status == 400


def test_the_next_reliable_response_waits_for_the_prack_and_has_the_next_number() -> None:
    ring = Ring(MUST)
    first = progress(ring, 180, None)
    ring.peer.stack.progress(ring.session, 183, ring.peer.now, sdp=ANSWER)
    assert ring.peer.sent() == []
    ring.within("PRACK", (("RAck", f"{first.header('RSeq')} 1 INVITE"),), cseq=2)
    answer, second = ring.peer.sent()
    assert isinstance(answer, Response)
    assert isinstance(second, Response)
    assert (answer.cseq.method, second.status) == ("PRACK", 183)
    assert int(second.header("RSeq") or "0") == int(first.header("RSeq") or "0") + 1


def test_what_waits_behind_a_provisional_response_without_a_description_is_not_sent_after_the_answer() -> None:
    ring = Ring(MUST)
    first = progress(ring, 180, None)
    ring.peer.stack.progress(ring.session, 183, ring.peer.now, sdp=ANSWER)
    ring.peer.stack.accept(ring.session, ANSWER, ring.peer.now)
    assert [message.status for message in ring.peer.sent() if isinstance(message, Response)] == [200]
    assert prack(ring, first).status == 200
    assert ring.peer.sent() == []


def test_a_2xx_waits_for_the_prack_of_a_description() -> None:
    ring = Ring(CAN)
    response = progress(ring)
    ring.peer.stack.accept(ring.session, ANSWER, ring.peer.now)
    assert ring.peer.sent() == []
    ring.within("PRACK", (("RAck", f"{response.header('RSeq')} 1 INVITE"),), cseq=2)
    assert [message.status for message in ring.peer.sent() if isinstance(message, Response)] == [200, 200]


def test_a_call_hung_up_while_its_2xx_waits_is_refused() -> None:
    ring = Ring(CAN)
    progress(ring)
    ring.peer.stack.accept(ring.session, ANSWER, ring.peer.now)
    ring.peer.stack.bye(ring.session, ring.peer.now)
    assert ring.peer.one_response().status == 480


def test_a_refusal_does_not_wait() -> None:
    ring = Ring(CAN)
    progress(ring)
    ring.peer.stack.reject(ring.session, 486, ring.peer.now)
    assert ring.peer.one_response().status == 486


def test_the_answer_in_a_prack_is_told() -> None:
    ring = Ring(CAN, body=b"")
    response = progress(ring, sdp=b"v=0 our offer")
    assert prack(ring, response, body=b"v=0 their answer").status == 200
    assert ring.peer.events() == [AnswerReceived(ring.session, b"v=0 their answer", in_request=True)]


def test_an_offer_in_a_prack_is_answered_before_the_call_is() -> None:
    ring = Ring(CAN)
    response = progress(ring)
    ring.peer.stack.accept(ring.session, ANSWER, ring.peer.now)
    ring.within("PRACK", (("RAck", f"{response.header('RSeq')} 1 INVITE"),), b"v=0 other", cseq=2)
    assert ring.peer.sent() == []
    assert ring.peer.events() == [OfferReceived(ring.session, "PRACK", b"v=0 other")]
    ring.peer.stack.answer(ring.session, b"v=0 fine", ring.peer.now)
    first, second = ring.peer.sent()
    assert (first.cseq.method, first.body, second.cseq.method) == ("PRACK", b"v=0 fine", "INVITE")


# --- the caller's side


def reliable(call: Call, rseq: int, tag: str = "bob", status: int = 183, body: bytes = b"v=0 early") -> list[Request]:
    call.peer.answer(call.invite, status, tag, [MUST, ("RSeq", str(rseq))], body)
    return [message for message in call.peer.sent() if isinstance(message, Request)]


def test_a_reliable_response_is_acknowledged_with_prack_and_told() -> None:
    call = Call()
    (request,) = reliable(call, 17)
    assert (request.method, request.header("RAck"), request.to.tag) == ("PRACK", "17 1 INVITE", "bob")
    assert request.cseq.number == call.invite.cseq.number + 1
    (event,) = call.peer.events()
    assert isinstance(event, SessionProgress)
    assert event.sdp == b"v=0 early"


def test_the_same_or_a_later_number_than_the_next_is_dropped() -> None:
    call = Call()
    reliable(call, 17)
    call.peer.events()
    assert reliable(call, 17) == []
    assert reliable(call, 19) == []
    assert call.peer.events() == []
    assert len(reliable(call, 18)) == 1


def test_each_fork_has_numbers_of_its_own() -> None:
    call = Call()
    assert len(reliable(call, 17, "one")) == 1
    assert len(reliable(call, 400, "two")) == 1


def test_after_early_media_an_offer_before_the_answer_is_an_update() -> None:
    call = Call()
    call.peer.answer(
        call.invite, 183, "bob", [MUST, ("RSeq", "1"), ("Allow", "INVITE, ACK, BYE, UPDATE, PRACK")], b"v=0 early"
    )
    call.peer.sent()
    call.peer.stack.offer(call.session, b"v=0 other", call.peer.now)
    update = call.peer.one_request()
    assert (update.method, update.body) == ("UPDATE", b"v=0 other")
    call.peer.events()
    call.peer.answer(update, 200, body=b"v=0 agreed")
    assert call.peer.events() == [AnswerReceived(call.session, b"v=0 agreed")]
    assert call.peer.sent() == []


def test_what_was_agreed_by_update_before_the_answer_holds_behind_it() -> None:
    call = Call()
    reliable(call, 1, body=b"v=0 announcement")
    update = call.peer.request(
        "UPDATE",
        body=b"v=0 moved",
        call_id=call.invite.call_id,
        from_tag="bob",
        to_tag=call.invite.from_.tag,
    )
    call.peer.send(update)
    assert call.peer.events()[-1] == OfferReceived(call.session, "UPDATE", b"v=0 moved")
    call.peer.stack.answer(call.session, b"v=0 agreed", call.peer.now)
    call.peer.sent()
    call.peer.answer(call.invite, 200)
    (event,) = call.peer.events()
    assert isinstance(event, SessionAccepted)
    assert event.sdp == b"v=0 moved"


def test_what_our_update_reached_before_the_answer_holds_behind_it() -> None:
    call = Call()
    call.peer.answer(
        call.invite, 183, "bob", [MUST, ("RSeq", "1"), ("Allow", "INVITE, ACK, BYE, UPDATE, PRACK")], b"v=0 early"
    )
    call.peer.sent()
    call.peer.stack.offer(call.session, b"v=0 other", call.peer.now)
    call.peer.answer(call.peer.one_request(), 200, body=b"v=0 agreed")
    call.peer.events()
    call.peer.answer(call.invite, 200)
    (event,) = call.peer.events()
    assert isinstance(event, SessionAccepted)
    assert event.sdp == b"v=0 agreed"


def test_a_gateway_that_answers_in_early_media_and_not_in_its_2xx_is_understood() -> None:
    call = Call()
    call.peer.answer(call.invite, 183, to_tag="other", body=b"v=0 another fork")
    call.peer.answer(call.invite, 183, body=b"v=0 the answer")
    call.peer.events()
    call.peer.answer(call.invite, 200)
    (event,) = call.peer.events()
    assert isinstance(event, SessionAccepted)
    assert event.sdp == b"v=0 the answer"


def test_an_answer_that_came_reliably_need_not_come_again() -> None:
    call = Call()
    reliable(call, 1, body=b"v=0 the answer")
    call.peer.events()
    call.peer.answer(call.invite, 200)
    (event,) = call.peer.events()
    assert isinstance(event, SessionAccepted)
    assert event.sdp == b"v=0 the answer"
