"""The caller's side: forks, 2xx and their ACKs, CANCEL, credentials (RFC 3261 §13.2, §9.1, §22)."""

import pytest

from sipcore.address import parse_name_addr
from sipcore.answering import response_to
from sipcore.digest import Credentials, parse_params
from sipcore.events import (
    AnswerReceived,
    OfferReceived,
    ResponseReceived,
    SessionAccepted,
    SessionEnded,
    SessionProgress,
    SessionRejected,
)
from sipcore.flow import Flow
from sipcore.message import CSeq, Request, Response, parse_message
from sipcore.stack import Invitation
from tests.support.raw_peer import RawPeer

CHALLENGE = ("WWW-Authenticate", 'Digest realm="trunk", nonce="n1", algorithm=MD5, qop="auth"')


class Call:
    """A call of the stack's to the raw peer."""

    def __init__(self, transport: str = "udp", **changes: object) -> None:
        self.peer = RawPeer(transport=transport)
        fields: dict[str, object] = {
            "uri": "sip:bob@192.0.2.2:5060",
            "flow": self.peer.flow,
            "local": parse_name_addr('"Alice" <sip:alice@192.0.2.1>'),
            "remote": parse_name_addr("<sip:bob@192.0.2.2>"),
            "offer": b"v=0 offer",
        }
        self.session = self.peer.stack.invite(Invitation(**(fields | changes)), self.peer.now)  # type: ignore[arg-type]
        self.invite = self.peer.one_request()

    def answered(self) -> Request:
        """Up to the ACK."""
        self.peer.answer(self.invite, 200, body=b"v=0 answer")
        ack = self.peer.one_request()
        self.peer.events()
        return ack


def test_a_hang_up_is_told_again_after_a_moment_without_network() -> None:
    call = Call()
    call.answered()
    call.peer.stack.bye(call.session, call.peer.now)
    bye = call.peer.one_request()
    call.peer.stack.transport_failed(call.peer.flow, call.peer.now)
    (again,) = call.peer.run(0.9)
    assert str(again) == str(bye)
    call.peer.send(response_to(bye, 200))
    assert call.peer.run(40) == []


def test_a_hang_up_that_crosses_the_end_of_its_connection_is_told_over_a_new_one_once() -> None:
    call = Call("tcp")
    call.answered()
    call.peer.stack.bye(call.session, call.peer.now)
    bye = call.peer.one_request()
    call.peer.stack.transport_failed(call.peer.flow, call.peer.now)
    (datagram,) = call.peer.stack.take_datagrams()
    again = parse_message(datagram.data)
    assert (datagram.flow, again.cseq) == (call.peer.flow, CSeq(bye.cseq.number + 1, "BYE"))
    call.peer.stack.transport_failed(call.peer.flow, call.peer.now)
    assert call.peer.sent() == []


def test_over_a_lost_connection_a_hang_up_is_not_told_for_ever() -> None:
    call = Call("tcp")
    call.answered()
    call.peer.stack.bye(call.session, call.peer.now)
    call.peer.one_request()
    call.peer.stack.transport_failed(call.peer.flow, call.peer.now)
    call.peer.run(40)
    assert call.peer.stack.counts()["client_transactions"] == 0


def test_the_invite_says_who_calls_what_we_can_and_where_we_are() -> None:
    invite = Call(fields=(("P-Asserted-Identity", "<sip:+4533221100@nordlys.example>"),)).invite
    assert (invite.method, invite.uri) == ("INVITE", "sip:bob@192.0.2.2:5060")
    assert invite.from_.display == "Alice"
    assert invite.from_.tag
    assert invite.to.tag is None
    assert str(invite.contacts[0].uri) == "sip:alice@192.0.2.1:5060"
    assert {"100rel", "timer"} <= invite.supported
    assert {"INVITE", "PRACK", "UPDATE"} <= invite.allow
    assert invite.header("P-Asserted-Identity") == "<sip:+4533221100@nordlys.example>"
    assert invite.header("Session-Expires") == "1800"
    assert (invite.content_type, invite.body) == ("application/sdp", b"v=0 offer")
    assert invite.via.wants_rport


def test_routes_of_the_invitation_are_sent_in_order() -> None:
    invite = Call(routes=("<sip:edge.example;lr>", "sip:path.example;lr")).invite
    assert invite.headers("Route") == ["<sip:edge.example;lr>", "<sip:path.example;lr>"]


def test_the_invitation_says_how_many_hops_the_call_may_go() -> None:
    assert Call().invite.max_forwards == 70
    assert Call(max_forwards=3).invite.max_forwards == 3


def test_early_media_is_told_of() -> None:
    call = Call()
    call.peer.answer(call.invite, 183, body=b"v=0 early")
    (event,) = call.peer.events()
    assert isinstance(event, SessionProgress)
    assert (event.status, event.sdp) == (183, b"v=0 early")


def test_trying_is_no_progress() -> None:
    call = Call()
    call.peer.answer(call.invite, 100, to_tag=None)
    assert call.peer.events() == []


def test_the_ack_for_a_2xx_goes_along_the_route_set_to_the_contact() -> None:
    call = Call()
    call.invite.add("Record-Route", "<sip:192.0.2.20;lr>")
    call.invite.add("Record-Route", "<sip:192.0.2.10:5070;lr>")
    call.peer.answer(call.invite, 200, body=b"v=0 answer")
    (datagram,) = call.peer.stack.take_datagrams()
    assert datagram.flow.remote == ("192.0.2.10", 5070)
    assert b"ACK sip:bob@192.0.2.2:5060 SIP/2.0" in datagram.data
    assert datagram.data.index(b"<sip:192.0.2.10:5070;lr>") < datagram.data.index(b"<sip:192.0.2.20;lr>")
    dialog = call.peer.stack.dialog_of(call.session)
    assert dialog is not None
    assert (dialog.remote_tag, str(dialog.remote_target.uri)) == ("bob", "sip:bob@192.0.2.2:5060")


def test_the_ack_has_a_branch_of_its_own_and_the_invites_number() -> None:
    call = Call()
    ack = call.answered()
    assert ack.via.branch != call.invite.via.branch
    assert ack.cseq == CSeq(call.invite.cseq.number, "ACK")
    assert ack.to.tag == "bob"


def test_each_2xx_that_comes_again_is_acknowledged_again() -> None:
    call = Call()
    first = call.answered()
    for _ in range(3):
        call.peer.answer(call.invite, 200, body=b"v=0 answer")
        assert call.peer.one_request().to_bytes() == first.to_bytes()
    assert call.peer.events() == []


def test_the_first_2xx_is_followed_and_other_forks_are_acknowledged_and_ended() -> None:
    call = Call()
    call.peer.answer(call.invite, 180, "one")
    call.peer.answer(call.invite, 183, "two", body=b"v=0 two")
    assert [event.status for event in call.peer.events() if isinstance(event, SessionProgress)] == [180, 183]
    call.peer.answer(call.invite, 200, "two", body=b"v=0 two")
    assert call.peer.one_request().to.tag == "two"
    (event,) = call.peer.events()
    assert isinstance(event, SessionAccepted)
    call.peer.answer(call.invite, 200, "one", body=b"v=0 one")
    ack, bye = call.peer.sent()
    assert isinstance(ack, Request)
    assert isinstance(bye, Request)
    assert [(request.method, request.to.tag) for request in (ack, bye)] == [("ACK", "one"), ("BYE", "one")]
    assert str(bye.uri) == "sip:one@192.0.2.2:5060"
    assert call.peer.events() == []
    # Its 2xx comes again, for the ACK was lost: one ACK, no further BYE.
    call.peer.answer(bye, 200, "one")
    call.peer.answer(call.invite, 200, "one", body=b"v=0 one")
    assert call.peer.one_request().method == "ACK"


def test_a_bye_of_a_fork_that_lost_leaves_the_session_alone() -> None:
    call = Call()
    call.peer.answer(call.invite, 180, "one")
    call.peer.answer(call.invite, 200, "two", body=b"v=0 two")
    call.peer.events()
    call.peer.sent()
    ours = call.invite.from_.tag
    answer = call.peer.ask("BYE", call_id=call.invite.call_id, from_tag="one", to_tag=ours)
    assert answer.status == 200
    assert call.peer.events() == []
    assert call.peer.stack.counts()["sessions"] == 1


def test_a_2xx_of_another_fork_after_our_bye_is_ended_too() -> None:
    call = Call()
    call.answered()
    call.peer.stack.bye(call.session, call.peer.now)
    bye = call.peer.one_request()
    call.peer.answer(bye, 200)
    call.peer.answer(call.invite, 200, "late", body=b"v=0")
    assert [(message.method, message.to.tag) for message in call.peer.sent() if isinstance(message, Request)] == [
        ("ACK", "late"),
        ("BYE", "late"),
    ]


def test_a_bye_of_ours_goes_to_the_contact_with_the_next_number() -> None:
    call = Call()
    call.answered()
    call.peer.stack.bye(call.session, call.peer.now)
    bye = call.peer.one_request()
    assert (bye.method, bye.uri) == ("BYE", "sip:bob@192.0.2.2:5060")
    assert bye.cseq.number == call.invite.cseq.number + 1
    assert call.peer.events() == []


def test_no_answer_in_time_is_cancelled_and_told_as_408() -> None:
    call = Call(timeout=20.0)
    call.peer.answer(call.invite, 180)
    call.peer.events()
    sent = call.peer.run(20.1)
    assert [message.method for message in sent if isinstance(message, Request)] == ["CANCEL"]
    call.peer.answer(call.invite, 487)
    (event,) = call.peer.events()
    assert isinstance(event, SessionRejected)
    assert event.status == 408


def test_a_cancelled_call_that_nobody_ends_is_over_after_64_t1() -> None:
    call = Call()
    call.peer.answer(call.invite, 180)
    call.peer.stack.cancel(call.session, call.peer.now)
    call.peer.events()
    call.peer.run(33)
    (event,) = call.peer.events()
    assert isinstance(event, SessionRejected)
    assert event.status == 487
    assert call.peer.stack.counts()["sessions"] == 0


def test_cancelling_a_call_that_was_just_accepted_ends_it() -> None:
    call = Call()
    call.answered()
    call.peer.stack.cancel(call.session, call.peer.now, reason_header="SIP;cause=200")
    bye = call.peer.one_request()
    assert (bye.method, bye.header("Reason")) == ("BYE", "SIP;cause=200")


def test_commands_to_a_session_that_is_over_do_nothing() -> None:
    call = Call()
    call.peer.answer(call.invite, 486)
    call.peer.sent()
    stack, now = call.peer.stack, call.peer.now
    stack.cancel(call.session, now)
    stack.bye(call.session, now)
    stack.offer(call.session, b"v=0", now)
    stack.info(call.session, "text/plain", b"", now)
    assert stack.dialog_of(call.session) is None
    assert call.peer.sent() == []


def test_a_failed_transport_rejects_the_call_with_503() -> None:
    call = Call(transport="tcp")
    call.peer.stack.transport_failed(call.peer.flow, call.peer.now)
    event = call.peer.events()[-1]
    assert isinstance(event, SessionRejected)
    assert (event.status, event.response) == (503, None)


def test_a_2xx_whose_contact_is_broken_rejects_the_call() -> None:
    call = Call()
    call.peer.answer(call.invite, 200, fields=[("Contact", "<sip:other@192.0.2.2>")])
    (event,) = call.peer.events()
    assert isinstance(event, SessionRejected)
    assert event.status == 502
    assert call.peer.stack.counts()["sessions"] == 0


@pytest.mark.parametrize(
    ("status", "field", "told"),
    [(200, ("Content-Type", 'multipart/mixed;boundary="b'), 502), (422, ("Min-SE", "soon"), 422)],
)
def test_a_final_response_that_cannot_be_read_rejects_the_call(status: int, field: tuple[str, str], told: int) -> None:
    call = Call()
    answer = response_to(call.invite, status, to_tag="bob", fields=[("Contact", "<sip:bob@192.0.2.2>"), field])
    answer.body = b"--b"
    if not answer.has("Content-Type"):
        answer.add("Content-Type", "text/plain")
    call.peer.send(answer)
    (event,) = call.peer.events()
    assert isinstance(event, SessionRejected)
    assert event.status == told
    assert call.peer.stack.counts()["sessions"] == 0


def test_a_comma_too_many_in_what_a_phone_can_do_spoils_no_call() -> None:
    call = Call()
    fields = [("Allow", "INVITE, ACK, UPDATE,"), ("Supported", "timer,, replaces"), ("Require", "")]
    call.peer.answer(call.invite, 180, fields=fields)
    call.peer.answer(call.invite, 200, fields=fields, body=b"v=0 answer")
    assert [type(event) for event in call.peer.events()] == [SessionProgress, SessionAccepted]
    assert call.peer.one_request().method == "ACK"


def test_without_an_offer_of_ours_the_2xx_brings_one_and_the_ack_our_answer() -> None:
    call = Call(offer=None)
    assert "100rel" not in call.invite.supported
    assert not call.invite.has("Content-Type")
    call.peer.answer(call.invite, 200, body=b"v=0 their offer")
    (event,) = call.peer.events()
    assert isinstance(event, SessionAccepted)
    assert event.sdp == b"v=0 their offer"
    assert call.peer.sent() == []
    call.peer.stack.answer(call.session, b"v=0 our answer", call.peer.now)
    ack = call.peer.one_request()
    assert (ack.method, ack.body, ack.content_type) == ("ACK", b"v=0 our answer", "application/sdp")


def test_a_phone_behind_nat_is_reached_where_it_was_called() -> None:
    flow = Flow("udp", ("192.0.2.1", 5060), ("203.0.113.9", 40000))
    call = Call(uri="sip:bob@10.0.0.5:5060", flow=flow)
    call.peer.flow = flow
    call.peer.answer(call.invite, 200, fields=[], body=b"v=0 answer")
    (datagram,) = call.peer.stack.take_datagrams()
    assert datagram.flow.remote == ("203.0.113.9", 40000)


def test_a_contact_at_another_address_is_followed_where_no_nat_is() -> None:
    call = Call()
    moved = [("Contact", "<sip:bob@192.0.2.77:5090>")]
    answer = response_to(call.invite, 200, to_tag="bob", fields=moved, body=b"v=0", content_type="application/sdp")
    call.peer.send(answer)
    (datagram,) = call.peer.stack.take_datagrams()
    assert datagram.flow.remote == ("192.0.2.77", 5090)


# --- credentials


def test_a_challenge_is_answered_once_with_the_next_number_and_a_new_branch() -> None:
    call = Call(credentials=Credentials("alice", "secret"))
    call.peer.answer(call.invite, 401, fields=[CHALLENGE])
    ack, again = call.peer.sent()
    assert isinstance(ack, Request)
    assert isinstance(again, Request)
    assert ack.method == "ACK"
    assert again.cseq == CSeq(call.invite.cseq.number + 1, "INVITE")
    assert again.call_id == call.invite.call_id
    assert again.from_.tag == call.invite.from_.tag
    assert again.to.tag is None
    assert again.via.branch != call.invite.via.branch
    assert len(again.vias) == 1
    assert again.body == b"v=0 offer"
    params = parse_params(again.header("Authorization") or "")
    assert (params["username"], params["realm"], params["nonce"], params["nc"]) == ("alice", "trunk", "n1", "00000001")
    assert call.peer.events() == []
    call.peer.answer(again, 200, body=b"v=0 answer")
    assert call.peer.one_request().cseq == CSeq(again.cseq.number, "ACK")
    assert isinstance(call.peer.events()[0], SessionAccepted)


def test_a_second_challenge_is_a_refusal_unless_the_nonce_was_stale() -> None:
    call = Call(credentials=Credentials("alice", "secret"))
    call.peer.answer(call.invite, 407, fields=[("Proxy-Authenticate", CHALLENGE[1])])
    again = call.peer.sent()[-1]
    assert isinstance(again, Request)
    assert again.has("Proxy-Authorization")
    stale = CHALLENGE[1].replace("n1", "n2") + ", stale=true"
    call.peer.answer(again, 407, fields=[("Proxy-Authenticate", stale)])
    third = call.peer.sent()[-1]
    assert isinstance(third, Request)
    assert parse_params(third.header("Proxy-Authorization") or "")["nonce"] == "n2"
    assert len(third.headers("Proxy-Authorization")) == 1
    call.peer.answer(third, 407, fields=[("Proxy-Authenticate", CHALLENGE[1])])
    (event,) = call.peer.events()
    assert isinstance(event, SessionRejected)
    assert event.status == 407


def test_a_call_that_was_given_up_is_not_sent_again() -> None:
    call = Call(credentials=Credentials("alice", "secret"))
    call.peer.stack.cancel(call.session, call.peer.now)
    call.peer.answer(call.invite, 401, fields=[CHALLENGE])
    assert call.peer.one_request().method == "ACK"
    (event,) = call.peer.events()
    assert isinstance(event, SessionRejected)
    assert event.status == 487


def test_the_invite_with_credentials_is_not_cancelled_before_it_is_heard_of() -> None:
    call = Call(credentials=Credentials("alice", "secret"))
    call.peer.answer(call.invite, 100, to_tag=None)
    call.peer.answer(call.invite, 401, fields=[CHALLENGE])
    again = call.peer.sent()[-1]
    assert isinstance(again, Request)
    call.peer.stack.cancel(call.session, call.peer.now)
    assert call.peer.sent() == []
    call.peer.answer(again, 100, to_tag=None)
    cancel = call.peer.one_request()
    assert (cancel.method, cancel.cseq.number) == ("CANCEL", again.cseq.number)


def test_without_credentials_a_challenge_is_a_refusal() -> None:
    call = Call()
    call.peer.answer(call.invite, 401, fields=[CHALLENGE])
    (event,) = call.peer.events()
    assert isinstance(event, SessionRejected)
    assert event.status == 401


def test_requests_within_the_session_are_authorised_too() -> None:
    call = Call(credentials=Credentials("alice", "secret"))
    call.answered()
    call.peer.stack.bye(call.session, call.peer.now)
    bye = call.peer.one_request()
    call.peer.answer(bye, 401, fields=[CHALLENGE])
    again = call.peer.one_request()
    assert (again.method, again.cseq.number) == ("BYE", bye.cseq.number + 1)
    assert again.has("Authorization")


def test_the_ack_of_a_2xx_has_the_credentials_of_its_invite() -> None:
    call = Call(credentials=Credentials("alice", "secret"))
    call.peer.answer(call.invite, 407, fields=[("Proxy-Authenticate", CHALLENGE[1])])
    again = call.peer.sent()[-1]
    assert isinstance(again, Request)
    call.peer.answer(again, 200, body=b"v=0 answer")
    assert call.peer.one_request().headers("Proxy-Authorization") == again.headers("Proxy-Authorization")
    call.peer.stack.offer(call.session, b"v=0 again", call.peer.now)
    reinvite = call.peer.one_request()
    call.peer.answer(reinvite, 401, fields=[CHALLENGE])
    proved = call.peer.sent()[-1]
    assert isinstance(proved, Request)
    call.peer.answer(proved, 200, body=b"v=0 answer")
    ack = call.peer.one_request()
    assert ack.headers("Authorization") == proved.headers("Authorization") != []
    assert not ack.has("Proxy-Authorization")


def test_a_request_outside_sessions_is_authorised_and_its_answer_told_once() -> None:
    peer = RawPeer()
    register = peer.request("REGISTER")
    register.remove("Via")
    id = peer.stack.request(register, peer.flow, peer.now, Credentials("alice", "secret"))
    first = peer.one_request()
    peer.answer(first, 401, fields=[CHALLENGE])
    again = peer.one_request()
    assert again.cseq.number == first.cseq.number + 1
    peer.answer(again, 100)
    peer.answer(again, 200)
    peer.answer(again, 200)
    (event,) = peer.events()
    assert isinstance(event, ResponseReceived)
    assert event.response is not None
    assert (event.transaction, event.response.status) == (id, 200)


def test_a_request_that_is_never_answered_tells_none() -> None:
    peer = RawPeer()
    options = peer.request("OPTIONS")
    options.remove("Via")
    id = peer.stack.request(options, peer.flow, peer.now)
    peer.run(33)
    assert peer.events() == [ResponseReceived(id, None)]


# --- offers within the session


def test_a_reinvite_brings_the_peers_answer_and_is_acknowledged() -> None:
    call = Call()
    call.answered()
    call.peer.stack.offer(call.session, b"v=0 hold", call.peer.now)
    reinvite = call.peer.one_request()
    assert (reinvite.method, reinvite.body, reinvite.to.tag) == ("INVITE", b"v=0 hold", "bob")
    assert reinvite.contacts
    call.peer.answer(reinvite, 200, body=b"v=0 held")
    assert call.peer.one_request().cseq == CSeq(reinvite.cseq.number, "ACK")
    assert call.peer.events() == [AnswerReceived(call.session, b"v=0 held")]
    call.peer.answer(reinvite, 200, body=b"v=0 held")
    assert call.peer.one_request().method == "ACK"
    assert call.peer.events() == []


def test_an_answer_that_names_two_contacts_is_told_and_acknowledged() -> None:
    call = Call()
    call.answered()
    call.peer.stack.offer(call.session, b"v=0 new", call.peer.now)
    reinvite = call.peer.one_request()
    call.peer.answer(reinvite, 200, fields=[("Contact", "<sip:second@192.0.2.2>")], body=b"v=0 new answer")
    assert call.peer.events() == [AnswerReceived(call.session, b"v=0 new answer")]
    ack = call.peer.one_request()
    assert (ack.method, ack.uri) == ("ACK", "sip:bob@192.0.2.2:5060")


def test_our_offer_is_no_answer_to_the_description_that_answered_it() -> None:
    call = Call()
    call.answered()
    from_ = call.invite.from_.tag

    def refresh(cseq: int) -> list[int]:
        call.peer.send(
            call.peer.request(
                "INVITE",
                body=b"v=0 answer",
                cseq=cseq,
                call_id=call.invite.call_id,
                from_tag="bob",
                to_tag=from_,
            )
        )
        sent = call.peer.sent()
        return [message.status for message in sent if isinstance(message, Response)]

    assert refresh(1) == [100]
    assert call.peer.events() == [OfferReceived(call.session, "INVITE", b"v=0 answer")]
    call.peer.stack.answer(call.session, b"v=0 chosen", call.peer.now)
    assert call.peer.one_response().body == b"v=0 chosen"
    ack = call.peer.request("ACK", cseq=1, call_id=call.invite.call_id, from_tag="bob", to_tag=from_)
    call.peer.send(ack)
    assert refresh(2) == [100, 200]
    assert call.peer.events() == []


def test_a_second_offer_waits_for_the_first_and_the_latest_one_counts() -> None:
    call = Call()
    call.answered()
    for body in (b"v=0 one", b"v=0 two", b"v=0 three"):
        call.peer.stack.offer(call.session, body, call.peer.now)
    first = call.peer.one_request()
    assert first.body == b"v=0 one"
    call.peer.answer(first, 200, body=b"v=0 answer")
    _, second = call.peer.sent()
    assert isinstance(second, Request)
    assert second.body == b"v=0 three"


def test_a_reinvite_without_offer_asks_the_peer_for_one() -> None:
    call = Call()
    call.answered()
    call.peer.stack.offer(call.session, None, call.peer.now)
    reinvite = call.peer.one_request()
    assert reinvite.body == b""
    call.peer.answer(reinvite, 200, body=b"v=0 their offer")
    assert call.peer.events() == [OfferReceived(call.session, "INVITE", b"v=0 their offer")]
    assert call.peer.sent() == []
    call.peer.stack.answer(call.session, b"v=0 ours", call.peer.now)
    ack = call.peer.one_request()
    assert (ack.method, ack.body) == ("ACK", b"v=0 ours")


def test_a_reinvite_answered_481_or_not_at_all_ends_the_session() -> None:
    call = Call()
    call.answered()
    call.peer.stack.offer(call.session, b"v=0", call.peer.now)
    call.peer.answer(call.peer.one_request(), 481)
    sent = [message.method for message in call.peer.sent() if isinstance(message, Request)]
    assert sent == ["ACK", "BYE"]
    assert call.peer.events() == [SessionEnded(call.session, "timeout")]
    other = Call()
    other.answered()
    other.peer.stack.offer(other.session, b"v=0", other.peer.now)
    assert isinstance(other.peer.run(33)[-1], Request)
    assert other.peer.events() == [SessionEnded(other.session, "timeout")]
