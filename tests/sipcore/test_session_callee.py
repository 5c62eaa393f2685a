"""The called party: 1xx, 2xx and its ACK, requests within the dialog (RFC 3261 §13.3, §12.2, §14.2)."""

import pytest

from sipcore.answering import response_to
from sipcore.digest import Credentials
from sipcore.errors import LocalMisuse
from sipcore.events import (
    AnswerReceived,
    InfoReceived,
    InviteReceived,
    OfferReceived,
    OfferRefused,
    RequestReceived,
    SessionCancelled,
    SessionEnded,
    SessionEstablished,
)
from sipcore.message import CSeq, Request, Response, parse_message
from tests.support.link import EPOCH
from tests.support.raw_peer import RawPeer

OFFER, ANSWER = b"v=0 offer", b"v=0 answer"


class Ring:
    """A call of the raw peer's to the stack."""

    def __init__(self, *fields: tuple[str, str], body: bytes = OFFER, transport: str = "udp", port: int = 5060) -> None:
        self.peer = RawPeer(transport=transport)
        self.peer.flow = self.peer.flow._replace(remote=(self.peer.flow.remote[0], port))
        self.invite = self.peer.request("INVITE", fields, body)
        self.peer.send(self.invite)
        self.trying = self.peer.one_response()
        (event,) = self.peer.events()
        assert isinstance(event, InviteReceived)
        self.event = event
        self.session = event.session

    def tag(self) -> str:
        dialog = self.peer.stack.dialog_of(self.session)
        assert dialog is not None
        return dialog.local_tag

    def accept(self) -> Response:
        self.peer.stack.accept(self.session, ANSWER, self.peer.now)
        return self.peer.one_response()

    def up(self) -> "Ring":
        """The session is up."""
        self.own_tag = self.tag()
        self.accept()
        self.within("ACK")
        assert self.peer.events() == [SessionEstablished(self.session, None)]
        return self

    def within(
        self,
        method: str,
        fields: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        *,
        cseq: int = 1,
        branch: str | None = None,
    ) -> Request:
        """Send a request within the dialog."""
        request = self.peer.request(method, fields, body, cseq=cseq, to_tag=self.own_tag_or_now(), branch=branch)
        self.peer.send(request)
        return request

    def own_tag_or_now(self) -> str:
        return getattr(self, "own_tag", None) or self.tag()


def test_trying_is_sent_at_once_without_a_tag() -> None:
    ring = Ring()
    assert ring.trying.status == 100
    assert ring.trying.to.tag is None
    assert ring.event.offer == OFFER


@pytest.mark.parametrize("status", [180, 200, 486])
def test_who_is_answered_before_anything_is_sent_is_not_told_trying(status: int) -> None:
    peer = RawPeer()
    peer.send(peer.request("INVITE", (), OFFER))
    (event,) = peer.events()
    assert isinstance(event, InviteReceived)
    if status < 200:
        peer.stack.progress(event.session, status, peer.now)
    elif status == 200:
        peer.stack.accept(event.session, ANSWER, peer.now)
    else:
        peer.stack.reject(event.session, status, peer.now)
    assert peer.one_response().status == status


def test_a_comma_too_many_in_what_a_caller_can_do_spoils_no_call() -> None:
    ring = Ring(("Allow", "INVITE, ACK, UPDATE,"), ("Supported", "timer,,"), ("Require", ""))
    assert ring.trying.status == 100
    ring.up()


def test_who_gives_up_before_anything_is_sent_is_told_that_alone() -> None:
    peer = RawPeer()
    invite = peer.request("INVITE", (), OFFER, branch="z9hG4bK-gives-up")
    peer.send(invite)
    peer.send(peer.request("CANCEL", branch="z9hG4bK-gives-up"))
    assert sorted(message.status for message in peer.sent() if isinstance(message, Response)) == [200, 487]


def test_provisional_and_final_responses_have_one_tag_contact_and_record_route() -> None:
    ring = Ring(("Record-Route", "<sip:192.0.2.2;lr>"))
    ring.peer.stack.progress(ring.session, 180, ring.peer.now, fields=[("Alert-Info", "<urn:alert:service:normal>")])
    ringing = ring.peer.one_response()
    accepted = ring.accept()
    assert (ringing.status, accepted.status) == (180, 200)
    assert ringing.to.tag == accepted.to.tag == ring.tag()
    for response in (ringing, accepted):
        assert str(response.contacts[0].uri) == "sip:service@192.0.2.1:5060"
        assert response.headers("Record-Route") == ["<sip:192.0.2.2;lr>"]
    assert ringing.header("Alert-Info")
    assert (accepted.body, accepted.content_type) == (ANSWER, "application/sdp")
    assert "UPDATE" in accepted.allow
    assert "timer" in accepted.supported


def test_ringing_is_repeated_every_minute_for_the_proxies() -> None:
    ring = Ring()
    ring.peer.stack.progress(ring.session, 180, ring.peer.now)
    ring.peer.sent()
    assert [message.status for message in ring.peer.run(125) if isinstance(message, Response)] == [180, 180]


def test_the_2xx_is_sent_again_up_to_t2_until_the_ack() -> None:
    ring = Ring()
    ring.accept()
    times = []
    while ring.peer.now < EPOCH + 10:
        if ring.peer.run(0.25):
            times.append(round(ring.peer.now - EPOCH, 2))
    assert times == [0.5, 1.5, 3.5, 7.5]
    ring.within("ACK")
    assert ring.peer.run(60) == []
    assert ring.peer.events() == [SessionEstablished(ring.session, None)]


def test_the_2xx_is_sent_again_over_connections_too() -> None:
    ring = Ring(transport="tcp")
    ring.accept()
    assert len(ring.peer.run(3.6)) == 3


def test_without_an_ack_the_session_is_ended_with_bye_after_64_t1() -> None:
    ring = Ring()
    ring.accept()
    sent = ring.peer.run(32.1)
    assert isinstance(sent[-1], Request)
    assert sent[-1].method == "BYE"
    assert len(sent) == 11
    assert ring.peer.events() == [SessionEnded(ring.session, "no-ack")]


def test_the_answer_in_the_ack_is_told() -> None:
    ring = Ring(body=b"")
    assert ring.event.offer is None
    ring.peer.stack.accept(ring.session, b"v=0 our offer", ring.peer.now)
    ring.peer.sent()
    ring.within("ACK", body=b"v=0 their answer")
    assert ring.peer.events() == [SessionEstablished(ring.session, b"v=0 their answer")]


def test_a_refusal_carries_reason_and_headers() -> None:
    ring = Ring()
    ring.peer.stack.reject(ring.session, 302, ring.peer.now, reason="Try There", fields=[("Contact", "<sip:x@y>")])
    answer = ring.peer.one_response()
    assert (answer.status, answer.reason, answer.header("Contact")) == (302, "Try There", "<sip:x@y>")
    assert answer.to.tag
    assert ring.peer.stack.counts()["sessions"] == 0


def test_cancel_gets_200_and_the_invite_487_with_the_same_tag() -> None:
    ring = Ring()
    tag = ring.tag()
    cancel = ring.peer.request("CANCEL", [("Reason", "Q.850;cause=26"), ("Reason", "SIP;cause=200")])
    cancel.set("Via", ring.invite.header("Via") or "")
    ring.peer.send(cancel)
    first, second = ring.peer.sent()
    assert isinstance(first, Response)
    assert isinstance(second, Response)
    assert {(first.status, first.cseq.method), (second.status, second.cseq.method)} == {
        (487, "INVITE"),
        (200, "CANCEL"),
    }
    assert first.to.tag == second.to.tag == tag
    assert ring.peer.events() == [SessionCancelled(ring.session, "Q.850;cause=26, SIP;cause=200")]


@pytest.mark.parametrize("over", [False, True])
def test_a_cancel_after_the_answer_changes_nothing_and_is_answered_with_its_tag(over: bool) -> None:
    ring = Ring()
    tag = ring.tag()
    ring.accept()
    if over:
        ring.peer.stack.bye(ring.session, ring.peer.now)
        ring.within("ACK")
        ring.peer.sent()
    cancel = ring.peer.request("CANCEL")
    cancel.set("Via", ring.invite.header("Via") or "")
    ring.peer.send(cancel)
    answer = ring.peer.one_response()
    assert (answer.status, answer.cseq.method, answer.to.tag) == (200, "CANCEL", tag)
    if over:
        return
    assert ring.peer.events() == []
    ring.within("ACK")
    assert ring.peer.events() == [SessionEstablished(ring.session, None)]


def test_a_bye_before_the_answer_is_a_cancel() -> None:
    ring = Ring()
    ring.within("BYE", cseq=2)
    assert {message.status for message in ring.peer.sent() if isinstance(message, Response)} == {200, 487}
    assert ring.peer.events() == [SessionCancelled(ring.session, None)]


def test_our_bye_waits_for_the_ack() -> None:
    ring = Ring()
    tag = ring.tag()
    ring.accept()
    ring.peer.stack.bye(ring.session, ring.peer.now)
    assert ring.peer.sent() == []
    ring.peer.send(ring.peer.request("ACK", to_tag=tag))
    assert ring.peer.one_request().method == "BYE"
    assert ring.peer.events() == []


def test_a_bye_of_the_peer_before_its_ack_ends_the_session() -> None:
    ring = Ring()
    ring.accept()
    ring.within("BYE", cseq=2)
    assert ring.peer.events() == [SessionEnded(ring.session, "bye")]
    assert ring.peer.run(60)[1:] == []


def test_a_failed_transport_ends_a_call_that_is_not_answered() -> None:
    ring = Ring(transport="tcp")
    ring.peer.stack.transport_failed(ring.peer.flow, ring.peer.now)
    assert ring.peer.events()[-1] == SessionEnded(ring.session, "transport")
    assert ring.peer.stack.counts()["sessions"] == 0


def test_answering_twice_is_a_bug_of_ours() -> None:
    ring = Ring()
    ring.accept()
    with pytest.raises(LocalMisuse):
        ring.peer.stack.accept(ring.session, ANSWER, ring.peer.now)


# --- requests within the dialog


def test_a_number_that_goes_back_gets_500_with_retry_after() -> None:
    ring = Ring().up()
    ring.within("INFO", cseq=5)
    ring.peer.sent()
    ring.within("INFO", cseq=4)
    answer = ring.peer.one_response()
    assert answer.status == 500
    assert 0 <= int(answer.header("Retry-After") or "-1") <= 10


def test_info_is_answered_and_told() -> None:
    ring = Ring().up()
    body = b"Signal=5\r\nDuration=160\r\n"
    ring.within("INFO", (("Content-Type", "application/dtmf-relay"),), body, cseq=2)
    assert ring.peer.one_response().status == 200
    assert ring.peer.events() == [InfoReceived(ring.session, "application/dtmf-relay", body)]


def test_info_of_ours_goes_along_the_dialog() -> None:
    ring = Ring().up()
    ring.peer.stack.info(ring.session, "application/dtmf-relay", b"Signal=1\r\n", ring.peer.now)
    info = ring.peer.one_request()
    assert (info.method, info.uri, info.to.tag) == ("INFO", "sip:bob@192.0.2.2:5060", "peer")
    assert (info.content_type, info.body) == ("application/dtmf-relay", b"Signal=1\r\n")


def test_other_requests_within_the_dialog_are_given_up() -> None:
    ring = Ring().up()
    ring.within("OPTIONS", cseq=2)
    (event,) = ring.peer.events()
    assert isinstance(event, RequestReceived)


def test_options_within_a_dialog_tells_whether_it_is_still_there() -> None:
    ring = Ring().up()
    ring.within("OPTIONS", cseq=2)
    (event,) = ring.peer.events()
    assert isinstance(event, RequestReceived)
    ring.peer.stack.respond(event.transaction, response_to(event.request, 200), ring.peer.now)
    ring.peer.sent()
    ring.within("BYE", cseq=3)
    ring.peer.sent()
    ring.within("OPTIONS", cseq=4)
    assert ring.peer.one_response().status == 481


def test_bye_ends_the_session_and_a_second_one_gets_481() -> None:
    ring = Ring().up()
    ring.within("BYE", (("Reason", "Q.850;cause=16"),), cseq=2)
    assert ring.peer.one_response().status == 200
    assert ring.peer.events() == [SessionEnded(ring.session, "bye", "Q.850;cause=16")]
    ring.within("BYE", cseq=3)
    assert ring.peer.one_response().status == 481


def test_a_reinvite_is_offered_to_our_user_and_its_2xx_needs_an_ack() -> None:
    ring = Ring().up()
    ring.within("INVITE", (("Contact", "<sip:bob@192.0.2.2:5099>"),), b"v=0 hold", cseq=2)
    assert ring.peer.one_response().status == 100
    assert ring.peer.events() == [OfferReceived(ring.session, "INVITE", b"v=0 hold")]
    ring.peer.stack.answer(ring.session, b"v=0 held", ring.peer.now)
    (datagram,) = ring.peer.stack.take_datagrams()
    assert b"v=0 held" in datagram.data
    assert len(ring.peer.run(1.6)) == 2
    ring.within("ACK", cseq=2)
    assert ring.peer.run(60) == []
    dialog = ring.peer.stack.dialog_of(ring.session)
    assert dialog is not None
    assert str(dialog.remote_target.uri) == "sip:bob@192.0.2.2:5099"


def test_a_reinvite_whose_2xx_is_not_acknowledged_ends_the_session() -> None:
    ring = Ring().up()
    ring.within("INVITE", body=b"v=0 hold", cseq=2)
    ring.peer.events()
    ring.peer.stack.answer(ring.session, b"v=0 held", ring.peer.now)
    sent = ring.peer.run(33)
    assert isinstance(sent[-1], Request)
    assert ring.peer.events() == [SessionEnded(ring.session, "no-ack")]


def test_a_refused_reinvite_leaves_the_session_as_it_was() -> None:
    ring = Ring().up()
    ring.within("INVITE", body=b"v=0 video", cseq=2)
    ring.peer.sent()
    ring.peer.stack.refuse(ring.session, 488, ring.peer.now)
    assert ring.peer.one_response().status == 488
    ring.within("ACK", cseq=2)
    assert ring.peer.stack.counts()["sessions"] == 1


def test_a_reinvite_without_offer_is_answered_with_ours() -> None:
    ring = Ring().up()
    ring.within("INVITE", cseq=2)
    ring.peer.sent()
    assert ring.peer.events() == [OfferReceived(ring.session, "INVITE", None)]
    ring.peer.stack.answer(ring.session, b"v=0 our offer", ring.peer.now)
    assert ring.peer.one_response().body == b"v=0 our offer"
    ring.within("ACK", body=b"v=0 their answer", cseq=2)
    assert ring.peer.events() == [AnswerReceived(ring.session, b"v=0 their answer", in_request=True)]


def test_the_same_offer_again_is_answered_with_the_same_answer_by_itself() -> None:
    ring = Ring().up()
    ring.within("INVITE", body=OFFER, cseq=2)
    answer = ring.peer.sent()[-1]
    assert isinstance(answer, Response)
    assert (answer.status, answer.body) == (200, ANSWER)
    assert ring.peer.events() == []


def test_a_second_reinvite_before_the_first_is_answered_gets_500_with_retry_after() -> None:
    ring = Ring().up()
    ring.within("INVITE", body=b"v=0 a", cseq=2)
    ring.peer.sent()
    ring.within("INVITE", body=b"v=0 b", cseq=3)
    answer = ring.peer.one_response()
    assert answer.status == 500
    assert answer.has("Retry-After")


def test_a_reinvite_while_ours_is_on_its_way_gets_491() -> None:
    ring = Ring().up()
    ring.peer.stack.offer(ring.session, b"v=0 ours", ring.peer.now)
    ring.peer.sent()
    ring.within("INVITE", body=b"v=0 theirs", cseq=2)
    assert ring.peer.one_response().status == 491
    assert ring.peer.events() == []


def test_a_cancelled_reinvite_is_over_and_the_session_stays() -> None:
    ring = Ring().up()
    reinvite = ring.within("INVITE", body=b"v=0 hold", cseq=2)
    ring.peer.sent()
    cancel = ring.peer.request("CANCEL", cseq=2, to_tag=ring.own_tag_or_now())
    cancel.set("Via", reinvite.header("Via") or "")
    ring.peer.send(cancel)
    assert [message.status for message in ring.peer.sent() if isinstance(message, Response)] == [487, 200]
    ring.peer.events()
    ring.peer.stack.answer(ring.session, b"v=0 held", ring.peer.now)
    assert ring.peer.sent() == []
    assert ring.peer.stack.counts()["sessions"] == 1


def test_a_reinvite_that_is_not_answered_when_the_session_ends_gets_487() -> None:
    ring = Ring().up()
    ring.within("INVITE", body=b"v=0 hold", cseq=2)
    ring.peer.sent()
    ring.within("BYE", cseq=3)
    assert [message.status for message in ring.peer.sent() if isinstance(message, Response)] == [200, 487]


def test_a_phone_that_connects_anew_is_answered_on_its_new_connection() -> None:
    ring = Ring(transport="tcp").up()
    ring.peer.flow = ring.peer.flow._replace(remote=("192.0.2.2", 61000))
    ring.within("INFO", (("Content-Type", "text/plain"),), b"x", cseq=2)
    ring.peer.sent()
    ring.peer.stack.bye(ring.session, ring.peer.now)
    (datagram,) = ring.peer.stack.take_datagrams()
    assert datagram.flow.remote == ("192.0.2.2", 61000)


PROXY = ("Record-Route", "<sip:192.0.2.50:5080;transport=tcp;lr>")
NAMED_PROXY = ("Record-Route", "<sip:proxy.example:5080;transport=TCP;lr>")


def closed(*fields: tuple[str, str]) -> Ring:
    """A session that is up, came over a connection from a port of the moment, and loses that with our BYE."""
    ring = Ring(*fields, transport="tcp", port=40000).up()
    ring.peer.stack.bye(ring.session, ring.peer.now)
    (bye,) = ring.peer.stack.take_datagrams()
    assert bye.flow.remote == ("192.0.2.2", 40000)
    ring.peer.stack.transport_failed(bye.flow, ring.peer.now)
    return ring


@pytest.mark.parametrize(
    ("route", "remote"),
    [
        ((), ("192.0.2.2", 5060)),
        ((PROXY,), ("192.0.2.50", 5080)),
        # Its name is that of who was heard.
        ((NAMED_PROXY,), ("192.0.2.2", 5080)),
    ],
)
def test_a_request_whose_connection_the_peer_has_closed_goes_over_one_of_ours(
    route: tuple[tuple[str, str], ...], remote: tuple[str, int]
) -> None:
    ring = closed(*route)
    (again,) = ring.peer.stack.take_datagrams()
    assert again.flow == ring.peer.flow._replace(remote=remote)
    bye = parse_message(again.data)
    assert isinstance(bye, Request)
    assert bye.cseq == CSeq(2, "BYE")
    assert len(bye.vias) == 1
    ring.peer.stack.transport_failed(again.flow, ring.peer.now)
    assert not ring.peer.stack.take_datagrams()


@pytest.mark.parametrize(
    "fields",
    [
        (("Via", "SIP/2.0/TCP 10.0.0.5:5060;branch=z9hG4bKnat;rport"),),
        (("Contact", "<sip:bob@192.0.2.2:5060;transport=tls>"),),
    ],
)
def test_a_phone_that_only_its_connection_led_to_is_not_called_elsewhere(fields: tuple[tuple[str, str], ...]) -> None:
    assert not closed(*fields).peer.stack.take_datagrams()


def test_an_offer_goes_over_another_connection_with_the_next_number_and_is_answered_there() -> None:
    ring = Ring(transport="tcp", port=40000).up()
    ring.peer.stack.offer(ring.session, b"v=0 ours", ring.peer.now)
    ring.peer.sent()
    ring.peer.stack.transport_failed(ring.peer.flow, ring.peer.now)
    again = ring.peer.one_request()
    ring.peer.answer(again, 200, body=b"v=0 theirs")
    assert ring.peer.one_request().cseq == CSeq(again.cseq.number, "ACK")
    assert ring.peer.events()[-1] == AnswerReceived(ring.session, b"v=0 theirs")


def test_a_request_within_a_session_that_the_peer_began_is_authorised_too() -> None:
    ring = Ring().up()
    ring.peer.stack.authorise(ring.session, Credentials("lamp", "secret"))
    ring.peer.stack.bye(ring.session, ring.peer.now)
    bye = ring.peer.one_request()
    ring.peer.answer(bye, 407, fields=[("Proxy-Authenticate", 'Digest realm="trunk", nonce="n1"')])
    again = ring.peer.one_request()
    assert again.cseq == CSeq(bye.cseq.number + 1, "BYE")
    assert again.has("Proxy-Authorization")


# --- glare


def test_who_did_not_make_the_call_id_comes_again_within_two_seconds_after_491() -> None:
    ring = Ring().up()
    ring.peer.stack.offer(ring.session, b"v=0 ours", ring.peer.now)
    first = ring.peer.one_request()
    ring.peer.answer(first, 491, "peer")
    again = [message for message in ring.peer.run(2.1) if isinstance(message, Request) and message.method == "INVITE"]
    assert [(message.body, message.cseq.number) for message in again[:1]] == [(b"v=0 ours", first.cseq.number + 1)]
    assert ring.peer.events() == []


def test_a_refused_offer_of_ours_is_told() -> None:
    ring = Ring().up()
    ring.peer.stack.offer(ring.session, b"v=0 ours", ring.peer.now)
    ring.peer.answer(ring.peer.one_request(), 488, "peer")
    assert ring.peer.events() == [OfferRefused(ring.session, 488)]


# --- UPDATE (RFC 3311)


def test_an_update_without_body_only_refreshes() -> None:
    ring = Ring().up()
    ring.within("UPDATE", (("Contact", "<sip:bob@192.0.2.2:5098>"),), cseq=2)
    assert ring.peer.one_response().status == 200
    assert ring.peer.events() == []
    dialog = ring.peer.stack.dialog_of(ring.session)
    assert dialog is not None
    assert str(dialog.remote_target.uri) == "sip:bob@192.0.2.2:5098"


def test_an_update_with_an_offer_is_answered_by_our_user() -> None:
    ring = Ring().up()
    ring.within("UPDATE", body=b"v=0 new", cseq=2)
    assert ring.peer.sent() == []
    assert ring.peer.events() == [OfferReceived(ring.session, "UPDATE", b"v=0 new")]
    ring.peer.stack.answer(ring.session, b"v=0 fine", ring.peer.now)
    answer = ring.peer.one_response()
    assert (answer.status, answer.body) == (200, b"v=0 fine")
    assert ring.peer.run(40) == []


def test_an_offer_before_the_first_one_is_answered_gets_500_with_retry_after() -> None:
    ring = Ring()
    ring.within("UPDATE", body=b"v=0 new", cseq=2)
    answer = ring.peer.one_response()
    assert (answer.status, answer.has("Retry-After")) == (500, True)


def test_a_response_within_the_dialog_is_never_confused_with_another_sessions() -> None:
    ring = Ring().up()
    options = ring.peer.request("OPTIONS", cseq=9)
    ring.peer.send(response_to(options, 200))
    assert ring.peer.sent() == []


def test_an_ack_whose_body_cannot_be_read_is_none_and_the_session_still_ends() -> None:
    ring = Ring()
    ring.accept()
    ring.within("ACK", (("Content-Type", "multipart/mixed;;boundary=x"),), b"--x--")
    assert ring.peer.events() == []
    sent = ring.peer.run(32.1)
    assert isinstance(sent[-1], Request)
    assert sent[-1].method == "BYE"
    assert ring.peer.events() == [SessionEnded(ring.session, "no-ack")]
