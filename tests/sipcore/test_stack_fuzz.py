"""Nothing that a peer sends raises out of the stack, and what it held is gone in the end."""

import random

import pytest

from sipcore.answering import response_to
from sipcore.events import InviteReceived, OfferReceived, RequestReceived, SessionAccepted
from sipcore.stack import Stack
from tests.sipcore.test_session_callee import ANSWER, OFFER, Ring
from tests.sipcore.test_session_caller import Call
from tests.support.link import EPOCH
from tests.support.raw_peer import RawPeer

ROUNDS = 1500

PIECES = (
    *(b"\r\n", b"\r\n\r\n", b";", b",", b"<", b">", b'"', b" ", b":", b"\x00", b"\xff", b"%%", b"sip:"),
    *(b"SIP/2.0", b"0", b"-1", b"99999999999999", b"INVITE", b"ACK", b"Via: ", b"CSeq: 1 INVITE"),
    *(b"To: <sip:x@y>;tag=1", b"Require: 100rel", b"RSeq: 1", b"RAck: 1 1 INVITE", b"Session-Expires: 1"),
    *(b"Contact: *", b"Contact: <", b"Content-Length: 1000", b"Content-Type: multipart/mixed"),
)
"""What is put in: marks of the grammar, and headers that machines look at."""


def mutated(data: bytes, chance: random.Random) -> bytes:
    """One or some small changes: bytes cut out, doubled, swapped or put in."""
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + chance.randrange(20))
        match chance.randrange(4):
            case 0:
                data = data[:at] + data[end:]
            case 1:
                data = data[:end] + data[at:]
            case 2:
                data = data[:at] + chance.choice(PIECES) + data[end:]
            case _:
                data = data[:at] + bytes(chance.randrange(256) for _ in range(end - at)) + data[end:]
    return data


def user(stack: Stack, chance: random.Random, now: float) -> None:
    """Our user answers what it is asked, as call control would."""
    for event in stack.take_events():
        match event:
            case RequestReceived():
                stack.respond(event.transaction, response_to(event.request, chance.choice((200, 404))), now)
            case InviteReceived() if chance.random() < 0.5:
                stack.accept(event.session, ANSWER, now)
            case InviteReceived():
                stack.reject(event.session, 486, now)
            case OfferReceived():
                stack.answer(event.session, ANSWER, now)
            case SessionAccepted() if event.sdp is None:
                stack.bye(event.session, now)


def conversation() -> list[bytes]:
    """Messages of all kinds that a stack may get, sound ones."""
    ring = Ring(("Supported", "100rel, timer"), ("Record-Route", "<sip:192.0.2.2;lr>")).up()
    tag = ring.own_tag_or_now()
    peer = ring.peer
    call = Call()
    responses = [
        response_to(call.invite, status, to_tag="bob", fields=fields, body=ANSWER, content_type="application/sdp")
        for status, fields in (
            (183, [("Require", "100rel"), ("RSeq", "1"), ("Contact", "<sip:bob@192.0.2.2>")]),
            (200, [("Contact", "<sip:bob@192.0.2.2>"), ("Session-Expires", "90;refresher=uac")]),
            (401, [("WWW-Authenticate", 'Digest realm="x", nonce="y"')]),
            (422, [("Min-SE", "600")]),
        )
    ]
    requests = [
        ring.invite,
        peer.request("ACK", to_tag=tag),
        peer.request("INVITE", body=b"v=0 new", cseq=2, to_tag=tag),
        peer.request("UPDATE", [("Session-Expires", "600")], cseq=3, to_tag=tag),
        peer.request("PRACK", [("RAck", "1 1 INVITE")], cseq=4, to_tag=tag),
        peer.request("INFO", [("Content-Type", "text/plain")], b"x", cseq=5, to_tag=tag),
        peer.request("CANCEL"),
        peer.request("REGISTER", [("Expires", "60")]),
        peer.request("SUBSCRIBE", [("Event", "dialog")]),
        peer.request("BYE", cseq=6, to_tag=tag),
    ]
    return [message.to_bytes() for message in [*requests, *responses]]


@pytest.mark.parametrize("seed", range(4))
def test_mutated_messages_never_raise_and_leave_nothing_behind(seed: int) -> None:
    chance = random.Random(seed)
    corpus = conversation()
    peer = RawPeer()
    call = Call()
    ring = Ring(body=OFFER)
    stacks = [peer.stack, call.peer.stack, ring.peer.stack]
    now = EPOCH
    for _ in range(ROUNDS):
        now += chance.random()
        data = mutated(chance.choice(corpus), chance)
        for stack in stacks:
            stack.receive(data, peer.flow, now)
            stack.advance(now)
            user(stack, chance, now)
            stack.take_datagrams()
    for stack in stacks:
        for _ in range(10):
            now += 1000
            stack.advance(now)
            user(stack, chance, now)
        left = {name: count for name, count in stack.counts().items() if count and name != "dropped"}
        assert left == {}
