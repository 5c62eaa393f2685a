"""A call between two stacks: made, answered, refused, cancelled, ended (RFC 3261 §13, §15, §9)."""

from sipcore.events import (
    InviteReceived,
    SessionAccepted,
    SessionCancelled,
    SessionEnded,
    SessionEstablished,
    SessionProgress,
    SessionRejected,
)
from sipcore.flow import Flow
from sipcore.stack import StackConfig
from tests.support.link import ALICE, BOB, Pair


def invited(pair: Pair) -> tuple[str, str]:
    """Alice calls Bob; both sessions."""
    ours = pair.alice.invite(pair.invitation(), pair.now)
    pair.run()
    (event,) = pair.events(BOB)
    assert isinstance(event, InviteReceived)
    return ours, event.session


def connected(pair: Pair) -> tuple[str, str]:
    """Alice and Bob talk; both sessions."""
    ours, theirs = invited(pair)
    pair.bob.accept(theirs, b"v=0 answer", pair.now)
    pair.run()
    assert isinstance(pair.events(ALICE)[-1], SessionAccepted)
    assert isinstance(pair.events(BOB)[-1], SessionEstablished)
    return ours, theirs


def settled(pair: Pair) -> None:
    """Everything ends by timers: nothing is left."""
    pair.run(100)
    for stack in (pair.alice, pair.bob):
        left = {name: count for name, count in stack.counts().items() if count}
        assert left == {}, left


def test_a_call_is_made_answered_and_ended_by_the_caller() -> None:
    pair = Pair()
    ours = pair.alice.invite(pair.invitation(), pair.now)
    pair.run()
    (event,) = pair.events(BOB)
    assert isinstance(event, InviteReceived)
    assert event.offer == b"v=0 offer"
    pair.bob.progress(event.session, 180, pair.now)
    pair.run()
    (ringing,) = pair.events(ALICE)
    assert isinstance(ringing, SessionProgress)
    assert (ringing.session, ringing.status, ringing.sdp) == (ours, 180, None)
    pair.bob.accept(event.session, b"v=0 answer", pair.now)
    pair.run()
    (accepted,) = pair.events(ALICE)
    assert isinstance(accepted, SessionAccepted)
    assert accepted.sdp == b"v=0 answer"
    assert pair.events(BOB) == [SessionEstablished(event.session, None)]
    pair.alice.bye(ours, pair.now, reason_header='Q.850;cause=16;text="Normal"')
    pair.run()
    assert pair.events(BOB) == [SessionEnded(event.session, "bye", 'Q.850;cause=16;text="Normal"')]
    assert pair.sent() == [
        "INVITE",
        "100 INVITE",
        "180 INVITE",
        "200 INVITE",
        "ACK",
        "BYE",
        "200 BYE",
    ]
    settled(pair)


def test_the_called_party_may_end_it_too() -> None:
    pair = Pair()
    ours, theirs = connected(pair)
    pair.bob.bye(theirs, pair.now)
    pair.run()
    assert pair.events(ALICE) == [SessionEnded(ours, "bye")]
    settled(pair)


def test_a_refusal_reaches_the_caller_with_its_reason() -> None:
    pair = Pair()
    ours, theirs = invited(pair)
    pair.bob.reject(theirs, 486, pair.now, reason="Busy Elsewhere Too")
    pair.run()
    (rejected,) = pair.events(ALICE)
    assert isinstance(rejected, SessionRejected)
    assert (rejected.session, rejected.status, rejected.reason) == (ours, 486, "Busy Elsewhere Too")
    assert pair.sent()[-2:] == ["486 INVITE", "ACK"]
    settled(pair)


def test_cancel_before_the_answer_ends_both_sides() -> None:
    pair = Pair()
    ours, theirs = invited(pair)
    pair.alice.cancel(ours, pair.now, reason_header='SIP;cause=200;text="Call completed elsewhere"')
    pair.run()
    (gone,) = pair.events(BOB)
    assert gone == SessionCancelled(theirs, 'SIP;cause=200;text="Call completed elsewhere"')
    (rejected,) = pair.events(ALICE)
    assert isinstance(rejected, SessionRejected)
    assert rejected.status == 487
    settled(pair)


def test_cancel_waits_for_the_first_provisional_response() -> None:
    pair = Pair()
    ours = pair.alice.invite(pair.invitation(), pair.now)
    pair.alice.cancel(ours, pair.now)
    pair.link.flush()
    assert pair.sent() == ["INVITE"]
    pair.run()
    assert pair.sent()[:2] == ["100 INVITE", "CANCEL"]
    settled(pair)


def test_a_2xx_that_crosses_our_cancel_is_acknowledged_and_ended() -> None:
    pair = Pair()
    ours, theirs = invited(pair)
    pair.sent()
    pair.alice.cancel(ours, pair.now)
    pair.bob.accept(theirs, b"v=0 answer", pair.now)
    pair.run(0.1)
    (rejected,) = pair.events(ALICE)
    assert isinstance(rejected, SessionRejected)
    assert rejected.status == 487
    assert [type(event) for event in pair.events(BOB)] == [SessionEstablished, SessionEnded]
    assert pair.sent() == ["CANCEL", "200 INVITE", "200 CANCEL", "ACK", "BYE", "200 BYE"]
    settled(pair)


def test_an_invite_to_nobody_is_sent_seven_times_then_times_out() -> None:
    pair = Pair()
    pair.link.drop = lambda data: True
    ours = pair.alice.invite(pair.invitation(), pair.now)
    pair.run(40)
    assert pair.sent() == ["INVITE"] * 7
    (rejected,) = pair.events(ALICE)
    assert isinstance(rejected, SessionRejected)
    assert (rejected.session, rejected.status) == (ours, 408)
    settled(pair)


def test_an_advertised_host_stands_in_via_and_contact() -> None:
    pair = Pair(alice=StackConfig(advertised_host="198.51.100.7"))
    pair.alice.invite(pair.invitation(), pair.now)
    pair.link.flush()
    invite = pair.link.wire[0][1].data
    assert b"Via: SIP/2.0/UDP 198.51.100.7:5060;" in invite
    assert b"Contact: <sip:alice@198.51.100.7:5060>" in invite


def test_over_ipv6_hosts_stand_in_brackets() -> None:
    pair = Pair()
    flow = Flow("tcp", ("2001:db8::1", 5060), ("2001:db8::2", 5060))
    pair.alice.invite(pair.invitation(flow=flow), pair.now)
    (invite,) = pair.alice.take_datagrams()
    assert b"Via: SIP/2.0/TCP [2001:db8::1]:5060;" in invite.data
    assert b"Contact: <sip:alice@[2001:db8::1]:5060;transport=tcp>" in invite.data
