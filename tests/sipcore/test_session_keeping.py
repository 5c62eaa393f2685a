"""A session that is written down goes on in another stack as if nothing had happened (RFC 3261 §12.2)."""

import msgspec
import pytest

from sipcore.answering import response_to
from sipcore.digest import Credentials
from sipcore.events import AnswerReceived, InviteReceived, OfferReceived, SessionEnded
from sipcore.message import Request, Response, parse_message
from sipcore.session_record import InviteRecord, SessionRecord
from sipcore.stack import Stack, StackConfig
from tests.sipcore.test_session_caller import Call
from tests.support.link import tokens
from tests.support.raw_peer import RawPeer

OFFER, ANSWER = b"v=0 offer", b"v=0 answer"


class Kept:
    """A call of the peer's that was answered by one stack and is taken up by another."""

    def __init__(self, *, acknowledged: bool = True, fields: tuple[tuple[str, str], ...] = ()) -> None:
        self.peer = RawPeer()
        self.peer.send(self.peer.request("INVITE", fields, OFFER))
        self.peer.sent()
        (invite,) = self.peer.events()
        self.session = invite.session  # type: ignore[attr-defined]
        self.before = self.peer.stack
        self.before.accept(self.session, ANSWER, self.peer.now)
        self.answer = self.peer.one_response()
        if acknowledged:
            self.within("ACK", cseq=1)
            self.peer.events()
        record = self.before.record_of(self.session)
        assert record is not None
        self.record = msgspec.msgpack.decode(msgspec.msgpack.encode(record), type=SessionRecord)
        self.peer.stack = Stack(StackConfig(), tokens("other"))
        self.peer.stack.take_up(self.record, self.peer.now)

    def within(self, method: str, *, cseq: int, body: bytes = b"") -> None:
        self.peer.send(self.peer.request(method, (), body, cseq=cseq, to_tag=self.answer.to.tag))


def test_the_peers_bye_ends_it() -> None:
    kept = Kept()
    kept.within("BYE", cseq=2)
    assert kept.peer.one_response().status == 200
    (event,) = kept.peer.events()
    assert isinstance(event, SessionEnded)
    assert (event.session, event.cause) == (kept.session, "bye")
    assert not kept.peer.stack.counts()["sessions"]


def test_a_call_of_somebody_whose_name_is_no_utf_8_is_kept_too() -> None:
    sender = ("From", '"M\udcfcller" <sip:bob@192.0.2.2>;tag=peer')
    kept = Kept(fields=(sender, ("Record-Route", "<sip:\udcfc@192.0.2.2;lr>")))
    assert kept.record.remote == '"M\u00fcller" <sip:bob@192.0.2.2>;tag=peer'
    kept.within("BYE", cseq=2)
    assert kept.peer.one_response().status == 200


def test_our_bye_reaches_the_peer_with_a_number_that_no_request_of_before_had() -> None:
    kept = Kept()
    kept.before.info(kept.session, "application/dtmf", b"5", kept.peer.now)
    info = parse_message(kept.before.take_datagrams()[0].data)
    kept.peer.stack.bye(kept.session, kept.peer.now)
    bye = kept.peer.one_request()
    assert bye.method == "BYE"
    assert bye.cseq.number > info.cseq.number
    assert (bye.call_id, bye.from_.tag, bye.to.tag) == ("call", kept.answer.to.tag, "peer")
    assert str(bye.request_uri) == "sip:bob@192.0.2.2:5060"


def test_a_re_invite_of_the_peer_is_handed_up_and_answered() -> None:
    kept = Kept()
    kept.within("INVITE", cseq=2, body=b"v=0 other")
    (event,) = kept.peer.events()
    assert isinstance(event, OfferReceived)
    assert event.offer == b"v=0 other"
    kept.peer.sent()
    kept.peer.stack.answer(kept.session, ANSWER, kept.peer.now)
    assert kept.peer.one_response().status == 200


def test_a_re_invite_of_ours_is_sent_and_its_answer_told() -> None:
    kept = Kept()
    kept.peer.stack.offer(kept.session, b"v=0 ours", kept.peer.now)
    invite = kept.peer.one_request()
    assert invite.body == b"v=0 ours"
    kept.peer.send(
        response_to(
            invite,
            200,
            fields=[("Contact", "<sip:bob@192.0.2.2:5060>")],
            body=b"v=0 theirs",
            content_type="application/sdp",
        )
    )
    (event,) = kept.peer.events()
    assert isinstance(event, AnswerReceived)
    assert event.sdp == b"v=0 theirs"


def test_an_older_request_of_the_peer_is_out_of_order_still() -> None:
    kept = Kept()
    kept.within("INFO", cseq=0)
    assert kept.peer.one_response().status == 500


def test_routes_stay() -> None:
    kept = Kept(fields=(("Record-Route", "<sip:p1.example;lr>"), ("Record-Route", "<sip:p2.example;lr>")))
    kept.peer.stack.bye(kept.session, kept.peer.now)
    assert kept.peer.one_request().headers("Route") == ["<sip:p1.example;lr>", "<sip:p2.example;lr>"]


def test_its_session_timer_runs_on() -> None:
    kept = Kept(fields=(("Session-Expires", "1800;refresher=uas"), ("Supported", "timer")))
    sent = kept.peer.run(1800 / 2 + 1)
    assert [message.method for message in sent if isinstance(message, Request)][:1] == ["INVITE"]


def test_one_whose_ack_is_missing_is_taken_up_too() -> None:
    kept = Kept(acknowledged=False)
    kept.within("ACK", cseq=1)
    kept.within("BYE", cseq=2)
    assert kept.peer.one_response().status == 200


def test_one_that_only_rings_is_not_kept() -> None:
    peer = RawPeer()
    peer.send(peer.request("INVITE", (), OFFER))
    (invite,) = peer.events()
    assert peer.stack.record_of(invite.session) is None  # type: ignore[attr-defined]


@pytest.mark.parametrize("status", [408, 481])
def test_a_peer_that_knows_it_no_more_ends_it(status: int) -> None:
    kept = Kept()
    kept.peer.stack.info(kept.session, "application/dtmf", b"5", kept.peer.now)
    info = kept.peer.one_request()
    kept.peer.send(response_to(info, status))
    (event,) = kept.peer.events()
    assert isinstance(event, SessionEnded)


def ringing_taken_back(credentials: Credentials | None = None) -> tuple[Call, Request]:
    """A call that rings, and the CANCEL of another stack that has only what was written down of it."""
    call = Call()
    assert call.peer.stack.invite_record_of(call.session) is None, "nothing is heard of it yet"
    call.peer.answer(call.invite, 180)
    record = call.peer.stack.invite_record_of(call.session)
    assert record is not None
    record = msgspec.msgpack.decode(msgspec.msgpack.encode(record), type=InviteRecord)
    call.peer.stack = Stack(StackConfig(), tokens("other"))
    call.peer.stack.take_back(record, call.peer.now, credentials)
    return call, call.peer.one_request()


def test_what_rang_is_cancelled_and_its_refusal_acknowledged() -> None:
    call, cancel = ringing_taken_back()
    assert cancel.method == "CANCEL"
    assert (cancel.uri, cancel.via.branch) == (call.invite.uri, call.invite.via.branch)
    assert (cancel.call_id, cancel.from_.tag, cancel.to.tag) == (call.invite.call_id, call.invite.from_.tag, None)
    assert cancel.cseq.number == call.invite.cseq.number
    call.peer.answer(cancel, 200)
    call.peer.answer(call.invite, 487)
    ack = call.peer.one_request()
    assert (ack.method, ack.via.branch) == ("ACK", call.invite.via.branch)
    call.peer.run(64)
    assert not call.peer.stack.counts()["sessions"]


def test_an_answer_that_crosses_is_acknowledged_and_hung_up() -> None:
    call, cancel = ringing_taken_back()
    call.peer.answer(call.invite, 200, body=b"v=0 answer")
    ack, bye = call.peer.sent()
    assert isinstance(ack, Request)
    assert isinstance(bye, Request)
    assert (ack.method, bye.method) == ("ACK", "BYE")
    call.peer.answer(bye, 200)
    call.peer.answer(cancel, 481)
    call.peer.run(64)
    assert not call.peer.stack.counts()["sessions"]


def test_an_answer_that_crosses_is_hung_up_by_who_proves_the_account() -> None:
    call, _ = ringing_taken_back(Credentials("lamp", "secret"))
    call.peer.answer(call.invite, 200, body=b"v=0 answer")
    _, bye = call.peer.sent()
    assert isinstance(bye, Request)
    call.peer.answer(bye, 407, fields=[("Proxy-Authenticate", 'Digest realm="provider", nonce="n"')])
    again = call.peer.one_request()
    assert (again.method, again.has("Proxy-Authorization")) == ("BYE", True)


def test_an_invite_that_waits_for_an_answer_is_received_again_and_answered_by_another_stack() -> None:
    peer = RawPeer()
    invite = peer.request("INVITE", (), OFFER)
    peer.send(invite)
    (invited,) = peer.events()
    assert isinstance(invited, InviteReceived)
    peer.stack.progress(invited.session, 180, peer.now)
    peer.sent()
    record = peer.stack.invite_record_of(invited.session)
    assert record is not None
    record = msgspec.msgpack.decode(msgspec.msgpack.encode(record), type=InviteRecord)
    peer.stack = Stack(StackConfig(), tokens("other"))
    peer.stack.receive_again(record, peer.now)
    (again,) = peer.events()
    assert isinstance(again, InviteReceived)
    assert again.offer == OFFER
    peer.sent()
    peer.send(invite)
    assert not peer.events(), "the peer's own repetition is known for one"
    peer.sent()
    peer.stack.accept(again.session, ANSWER, peer.now)
    answer = peer.one_response()
    assert (answer.status, answer.via.branch, answer.body) == (200, invite.via.branch, ANSWER)


def test_who_heard_it_ring_and_asks_no_more_is_refused_until_the_ack() -> None:
    peer = RawPeer()
    peer.send(peer.request("INVITE", (), OFFER))
    (invited,) = peer.events()
    assert isinstance(invited, InviteReceived)
    peer.stack.progress(invited.session, 180, peer.now)
    record = peer.stack.invite_record_of(invited.session)
    assert record is not None
    peer.stack = Stack(StackConfig(), tokens("other"))
    peer.stack.receive_again(record, peer.now)
    (again,) = peer.events()
    assert isinstance(again, InviteReceived)
    peer.stack.reject(again.session, 480, peer.now)
    assert [message.status for message in peer.run(4) if isinstance(message, Response)] == [100, 480, 480, 480, 480]


def test_a_phone_that_is_gone_is_given_up() -> None:
    call, _ = ringing_taken_back()
    call.peer.run(64)
    assert not call.peer.stack.counts()["sessions"]
