"""What the stack keeps of calls that are over, until their transactions end (RFC 3261 Timers J and L)."""

import gc
import tracemalloc

import pytest

from sipcore.events import InviteReceived
from sipcore.message import Response
from tests.support.raw_peer import RawPeer

CALLS = 300
SDP = b"v=0\r\n" + b"a=candidate:1 1 udp 2122260223 192.0.2.2 49170 typ host\r\n" * 20
MOST = 3_000
"""Bytes for a call: keys, heads and timers of two transactions, one answer, and that its dialog was there."""

MOST_OF_REFUSED = 500
"""Bytes of an index; the answer itself is in a log of limited size."""


def call(peer: RawPeer, number: int) -> None:
    """A call that is taken and hung up."""
    name = f"call-{number}@192.0.2.2"
    peer.send(peer.request("INVITE", body=SDP, call_id=name))
    (event,) = peer.events()
    assert isinstance(event, InviteReceived)
    peer.stack.accept(event.session, SDP, peer.now)
    answer = peer.sent()[-1]
    assert isinstance(answer, Response)
    assert answer.status == 200
    peer.send(peer.request("ACK", call_id=name, to_tag=answer.to.tag))
    peer.send(peer.request("BYE", call_id=name, to_tag=answer.to.tag, cseq=2))
    peer.events()
    peer.sent()


def test_of_a_call_that_is_over_little_is_kept() -> None:
    peer = RawPeer()
    for number in range(50):
        call(peer, number)
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(50, 50 + CALLS):
            call(peer, number)
        kept, _ = tracemalloc.get_traced_memory()
        assert peer.stack.counts()["server_transactions"] == 2 * (50 + CALLS)
        # Freed by its reference count: what only the garbage collector finds would grow until it comes.
        assert (kept - before) / CALLS < MOST
    finally:
        tracemalloc.stop()


def refuse(peer: RawPeer, number: int, status: int) -> None:
    """A call that is refused before its caller has heard anything."""
    peer.send(peer.request("INVITE", body=SDP, call_id=f"refused-{number}-{'x' * 5_000}"))
    (event,) = peer.events()
    assert isinstance(event, InviteReceived)
    peer.stack.reject(event.session, status, peer.now, fields=[("WWW-Authenticate", 'Digest realm="x", nonce="y"')])
    (answer,) = peer.sent()
    assert isinstance(answer, Response)
    assert answer.status == status


@pytest.mark.parametrize("status", [401, 403])
def test_of_an_invite_that_is_refused_at_once_nothing_is_kept_but_the_answer(status: int) -> None:
    peer = RawPeer()
    for number in range(50):
        refuse(peer, number, status)
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(50, 50 + CALLS):
            refuse(peer, number, status)
        kept, _ = tracemalloc.get_traced_memory()
        assert peer.stack.counts()["server_transactions"] == 50 + CALLS
        assert (kept - before) / CALLS < MOST_OF_REFUSED
    finally:
        tracemalloc.stop()


def test_half_a_minute_after_calls_are_over_nothing_is_kept() -> None:
    peer = RawPeer()
    for number in range(5):
        call(peer, number)
    peer.run(33)
    assert not any(peer.stack.counts().values())
