"""A stack with a user who answers everything somehow, and peers who answer what it sends."""

import gc
import random

from sipcore.address import parse_name_addr
from sipcore.answering import response_to
from sipcore.dialog import Dialog
from sipcore.errors import LocalMisuse, ProtocolViolation
from sipcore.events import (
    Event,
    InviteReceived,
    OfferReceived,
    RequestReceived,
    SessionAccepted,
    SessionEnded,
    SessionEstablished,
    SessionRejected,
)
from sipcore.flow import Flow
from sipcore.message import Message, Request, Response, parse_message
from sipcore.offer_answer import make_offer
from sipcore.session import Session
from sipcore.stack import Invitation, Stack, StackConfig
from sipcore.transaction import Transaction
from tests.sipcore.mutation import spoil

UDP = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.7", 5060))
TCP = Flow("tcp", ("192.0.2.1", 5060), ("192.0.2.7", 40000))

SDP = make_offer("192.0.2.1", 20000, ["PCMA"], session_id=1, version=1)


class FuzzedStack:
    """Feeds one stack in virtual time; every choice comes from `seed`."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.now = 1000.0
        self.stack = Stack(StackConfig(), self._token)
        self._sessions: set[str] = set()
        self._sent: list[Message] = []

    def _token(self) -> str:
        return f"{self.dice.getrandbits(80):016x}"

    def receive(self, data: bytes, flow: Flow) -> None:
        """Give the stack bytes, then let its user and the peers react; sometimes let time pass."""
        self.stack.receive(data, flow, self.now)
        self._react(flow)
        if self.dice.random() < 0.2:
            self.now += self.dice.choice((0.01, 0.5, 4.0))
            self.stack.advance(self.now)
            self._react(flow)

    def reply(self, flow: Flow) -> None:
        """Let a peer answer something that the stack sent, well or badly: a request, or with ACK a 2xx."""
        if not self._sent:
            return
        message = self.dice.choice(self._sent)
        self.receive(spoil(self._reply_to(message).to_bytes(), self.dice), flow)

    def call(self, flow: Flow) -> None:
        """Let the user call somebody, so that responses meet transactions."""
        invitation = Invitation(
            uri="sip:100@192.0.2.7",
            flow=flow,
            local=parse_name_addr("<sip:200@nordlys.example>"),
            remote=parse_name_addr("<sip:100@nordlys.example>"),
            offer=self.dice.choice((SDP, None)),
        )
        self._sessions.add(self.stack.invite(invitation, self.now))
        self._react(flow)

    def run_out(self) -> None:
        """Hang up what is up, and let virtual time pass until no timer is left."""
        for _ in range(3):
            for session in sorted(self._sessions):
                self._hang_up(session)
            for _ in range(200_000):
                due = self.stack.next_timeout()
                if due is None:
                    break
                self.now = max(self.now, due)
                self.stack.advance(self.now)
                self._drain()
        self._sent.clear()

    def _hang_up(self, session: str) -> None:
        for end in (self.stack.bye, self.stack.cancel):
            try:
                end(session, self.now)
            except LocalMisuse:
                continue

    def _drain(self) -> None:
        self.stack.take_datagrams()
        for event in self.stack.take_events():
            self._note(event)

    def _react(self, flow: Flow) -> None:
        for event in self.stack.take_events():
            self._note(event)
            self._answer(event)
        for datagram in self.stack.take_datagrams():
            self._sent.append(parse_message(datagram.data))
        del self._sent[:-30]

    def _note(self, event: Event) -> None:
        if isinstance(event, InviteReceived):
            self._sessions.add(event.session)
        elif isinstance(event, SessionEnded | SessionRejected):
            self._sessions.discard(event.session)

    def _answer(self, event: Event) -> None:
        stack, now, dice = self.stack, self.now, self.dice
        if isinstance(event, RequestReceived):
            status = dice.choice((200, 401, 404, 500))
            stack.respond(event.transaction, response_to(event.request, status, to_tag="fuzz"), now)
        elif isinstance(event, InviteReceived):
            if dice.random() < 0.5:
                stack.progress(event.session, dice.choice((180, 183)), now, sdp=dice.choice((None, SDP)))
            if dice.random() < 0.6:
                stack.accept(event.session, SDP, now)
            else:
                stack.reject(event.session, dice.choice((404, 486, 603)), now)
        elif isinstance(event, OfferReceived):
            if dice.random() < 0.7:
                stack.answer(event.session, SDP, now)
            else:
                stack.refuse(event.session, 488, now)
        elif isinstance(event, SessionAccepted) and dice.random() < 0.3:
            stack.bye(event.session, now)
        elif isinstance(event, SessionEstablished) and dice.random() < 0.5:
            stack.offer(event.session, SDP, now)

    def _reply_to(self, message: Message) -> Message:
        dice = self.dice
        if isinstance(message, Request):
            status = dice.choice((100, 180, 183, 200, 200, 302, 401, 404, 481, 486, 491, 503))
            fields = [("Contact", "<sip:100@192.0.2.7>"), ("RSeq", "1"), ("Require", "100rel")]
            body = dice.choice((b"", SDP))
            return response_to(
                message, status, to_tag=dice.choice("xyz"), fields=fields, body=body, content_type="application/sdp"
            )
        try:
            method = dice.choice(("ACK", "ACK", "BYE", "PRACK", "UPDATE", "INVITE", "CANCEL"))
            number = message.cseq.number + (method not in ("ACK", "CANCEL"))
            fields = [
                ("Via", f"SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK{self._token()}"),
                *((name, message.header(name) or "") for name in ("From", "To", "Call-ID")),
                ("CSeq", f"{number} {method}"),
                ("Contact", "<sip:100@192.0.2.7>"),
                ("RAck", f"{message.header('RSeq') or 1} {message.cseq.number} INVITE"),
                ("Content-Type", "application/sdp"),
            ]
        except ProtocolViolation:
            return Response(200, "OK")
        return Request(method, "sip:200@192.0.2.1", fields, SDP if method in ("UPDATE", "INVITE") else b"")


def live_objects() -> dict[str, int]:
    """How many objects that belong to messages, transactions and sessions there are."""
    gc.collect()
    kinds = (Message, Transaction, Session, Dialog)
    counts = dict.fromkeys((kind.__name__ for kind in kinds), 0)
    for thing in gc.get_objects():
        for kind in kinds:
            if isinstance(thing, kind):
                counts[kind.__name__] += 1
    return counts
