"""What crosses on the wire: CANCEL and 200 at every interleaving, two re-INVITEs, two BYEs."""

import gc

import pytest

from sipcore.dialog import Dialog
from sipcore.events import (
    AnswerReceived,
    InviteReceived,
    OfferReceived,
    SessionAccepted,
    SessionEnded,
    SessionRejected,
)
from sipcore.outgoing import Outgoing
from sipcore.session import Session
from sipcore.transaction import Transaction
from tests.sipcore.test_stack_call import settled
from tests.support.link import ALICE, BOB, Link, Pair

LATENCY = 0.1
STEPS = [round(step * 0.025, 3) for step in range(17)]
"""Before, while and after the other's message is on the way."""


@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("cancelled_at", STEPS)
def test_cancel_and_answer_end_in_agreement_whenever_they_cross(cancelled_at: float, transport: str) -> None:
    for answered_at in STEPS:
        pair = Pair(Link(latency=(LATENCY, LATENCY), transport=transport))
        ours = pair.alice.invite(pair.invitation(), pair.now)
        pair.run(1)
        (event,) = pair.events(BOB)
        assert isinstance(event, InviteReceived)
        pair.run(min(cancelled_at, answered_at))
        if cancelled_at <= answered_at:
            pair.alice.cancel(ours, pair.now)
            pair.run(answered_at - cancelled_at)
            pair.bob.accept(event.session, b"v=0 answer", pair.now)
        else:
            pair.bob.accept(event.session, b"v=0 answer", pair.now)
            pair.run(cancelled_at - answered_at)
            pair.alice.cancel(ours, pair.now)
        pair.run(2)
        heard = pair.events(ALICE)
        if isinstance(heard[0], SessionAccepted):
            assert cancelled_at > answered_at
        else:
            (rejected,) = heard
            assert isinstance(rejected, SessionRejected)
            assert rejected.status == 487
        assert pair.alice.counts()["sessions"] == pair.bob.counts()["sessions"] == 0
        settled(pair)


def test_two_reinvites_that_cross_are_both_refused_and_come_again_one_after_the_other() -> None:
    pair = Pair(Link(latency=(LATENCY, LATENCY)))
    ours, theirs = connected_slowly(pair)
    pair.alice.offer(ours, b"v=0 alice", pair.now)
    pair.bob.offer(theirs, b"v=0 bob", pair.now)
    pair.run(0.5)
    assert pair.sent().count("491 INVITE") == 2
    start = pair.now - 0.3
    offered: dict[tuple[str, int], float] = {}

    def answer(stack, event, now):  # type: ignore[no-untyped-def]
        if isinstance(event, OfferReceived):
            offered[BOB if stack is pair.bob else ALICE] = now
            stack.answer(event.session, b"v=0 fine", now)

    pair.link.on_event = answer
    pair.run(10)
    # Bob, who did not make the Call-ID, comes first: within 2 s. Alice waits 2.1 to 4 s.
    assert offered[ALICE] - start < 2.2
    assert 2.1 <= offered[BOB] - start < 4.3
    assert [type(event) for event in pair.events(ALICE)] == [OfferReceived, AnswerReceived]
    assert [type(event) for event in pair.events(BOB)] == [AnswerReceived, OfferReceived]
    pair.alice.bye(ours, pair.now)
    pair.run(1)
    settled(pair)


def test_two_byes_that_cross_end_the_session_for_both() -> None:
    pair = Pair(Link(latency=(LATENCY, LATENCY)))
    ours, theirs = connected_slowly(pair)
    pair.alice.bye(ours, pair.now)
    pair.bob.bye(theirs, pair.now)
    pair.run(1)
    assert not any(isinstance(event, SessionEnded) for event in pair.events(ALICE) + pair.events(BOB))
    settled(pair)


def test_a_bye_that_crosses_a_reinvite_ends_both() -> None:
    pair = Pair(Link(latency=(LATENCY, LATENCY)))
    ours, theirs = connected_slowly(pair)
    pair.alice.offer(ours, b"v=0 hold", pair.now)
    pair.bob.bye(theirs, pair.now)
    pair.run(1)
    assert pair.events(ALICE) == [SessionEnded(ours, "bye")]
    settled(pair)


def connected_slowly(pair: Pair) -> tuple[str, str]:
    """Alice and Bob talk over a link with latency; both sessions."""
    ours = pair.alice.invite(pair.invitation(), pair.now)
    pair.run(1)
    (event,) = pair.events(BOB)
    assert isinstance(event, InviteReceived)
    pair.bob.accept(event.session, b"v=0 answer", pair.now)
    pair.run(1)
    pair.events(ALICE)
    pair.events(BOB)
    pair.sent()
    return ours, event.session


def test_what_has_ended_is_freed_without_the_garbage_collector() -> None:
    gc.collect()
    gc.disable()
    try:
        pair = Pair(Link(latency=(LATENCY, LATENCY)))
        ours, theirs = connected_slowly(pair)
        pair.alice.offer(ours, b"v=0 hold", pair.now)
        pair.run(0.15)
        pair.bob.answer(theirs, b"v=0 held", pair.now)
        pair.run(1)
        pair.bob.bye(theirs, pair.now)
        cancelled = pair.alice.invite(pair.invitation(), pair.now)
        pair.run(1)
        pair.alice.cancel(cancelled, pair.now)
        pair.run(1)
        settled(pair)
        assert not [thing for thing in gc.get_objects() if isinstance(thing, Session | Transaction | Outgoing | Dialog)]
    finally:
        gc.enable()
