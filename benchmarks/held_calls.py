"""Many calls held through a whole server at once: the SIP of both ends from here, their RTP from elsewhere."""

import itertools
import select
import socket
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from sipcore.address import parse_name_addr
from sipcore.events import Event, InviteReceived, OfferReceived, SessionAccepted, SessionEnded, SessionRejected
from sipcore.flow import Flow
from sipcore.invitation import Invitation
from sipcore.message import Response, parse_message
from sipcore.offer_answer import audio_of, make_answer, make_offer
from sipcore.stack import Stack, StackConfig
from tests.support.ports import LOOPBACK

CALLS_PER_SECOND = 100
PATIENCE = 15.0
"""Seconds until the last of the calls must be answered, or ended."""
CODECS = ("PCMA",)


class HeldCalls:
    """Callers from the telephone network, and the phone at `contact` that answers at once where a call rings it.

    `rtp_ports` are taken in turn. As a context manager: the calls end with the block.
    """

    def __init__(self, server_port: int, rtp_ports: Iterable[int]) -> None:
        self.engine_ports: list[int] = []
        """The server's RTP ports, in the order in which the `rtp_ports` were given to them."""
        self._rtp_ports = itertools.cycle(rtp_ports)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.bind((LOOPBACK, 0))
        self._socket.connect((LOOPBACK, server_port))
        self._flow = Flow("udp", self._socket.getsockname(), (LOOPBACK, server_port))
        self.contact = f"{LOOPBACK}:{self._flow.local[1]}"
        tokens = itertools.count(time.time_ns())
        self._stack = Stack(StackConfig(), lambda: f"{next(tokens):x}")
        self._places: dict[str, int] = {}
        """Where in `engine_ports` each call of ours that is not answered yet will stand."""
        self._ports: dict[str, int] = {}
        """Our RTP port in each session."""
        self._ended: set[str] = set()
        self._farewells: set[str] = set()
        """Call-IDs of the calls whose BYE the server has answered."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._socket:
            self.wait(0.0)
            parted = 0
            for session in self._ports:
                if session not in self._ended:
                    self._stack.bye(session, time.monotonic())
                    self.wait(1 / CALLS_PER_SECOND)
                    parted += 1
            # A call that is not ended would burden what is measured next.
            if not self._serve_until(lambda: len(self._farewells) >= parted) and error is None:
                raise TimeoutError(f"{parted - len(self._farewells)} calls not ended, of {parted}")

    def call(self, number: str, calls: int, *, legs: int) -> None:
        """Make calls, and wait until all `legs` of each are answered. Raises TimeoutError."""
        begin = time.monotonic()
        for index in range(calls):
            self._invite(number)
            self.wait(begin + index / CALLS_PER_SECOND - time.monotonic())
        if not self._serve_until(
            lambda: not self._places and self.engine_ports.count(0) == 0 and len(self.engine_ports) == calls * legs
        ):
            raise TimeoutError(f"{len(self._places)} calls not answered, of {calls}")

    def wait(self, seconds: float) -> None:
        """Hold the calls for so long, and answer what comes."""
        end = time.monotonic() + seconds
        self._serve(0.0)
        while (left := end - time.monotonic()) > 0:
            self._serve(left)

    def _invite(self, number: str) -> None:
        port = next(self._rtp_ports)
        invitation = Invitation(
            f"sip:{number}@{LOOPBACK}:{self._flow.remote[1]}",
            self._flow,
            parse_name_addr(f"<sip:+4540000000@{self.contact}>"),
            parse_name_addr(f"<sip:{number}@{LOOPBACK}>"),
            offer=make_offer(LOOPBACK, port, CODECS, session_id=1, version=1),
        )
        session = self._stack.invite(invitation, time.monotonic())
        self._ports[session] = port
        self._places[session] = len(self.engine_ports)
        self.engine_ports.append(0)

    def _serve_until(self, done: Callable[[], bool]) -> bool:
        deadline = time.monotonic() + PATIENCE
        while not done() and time.monotonic() < deadline:
            self._serve(0.1)
        return done()

    def _serve(self, seconds: float) -> None:
        """Take what comes within so long, and answer it."""
        self._flush()
        if select.select([self._socket], [], [], seconds)[0]:
            self._receive(self._socket.recv(65535))
        self._stack.advance(time.monotonic())
        for event in self._stack.take_events():
            self._on_event(event)
        self._flush()

    def _receive(self, datagram: bytes) -> None:
        self._stack.receive(datagram, self._flow, time.monotonic())
        message = parse_message(datagram)
        if isinstance(message, Response) and message.status >= 200 and message.cseq.method == "BYE":
            self._farewells.add(message.call_id)

    def _flush(self) -> None:
        for datagram in self._stack.take_datagrams():
            self._socket.send(datagram.data)

    def _on_event(self, event: Event) -> None:
        now = time.monotonic()
        match event:
            case SessionAccepted(session=session, sdp=sdp):
                self.engine_ports[self._places.pop(session)] = _port_in(sdp)
            case InviteReceived(session=session, offer=offer):
                self._ports[session] = next(self._rtp_ports)
                self.engine_ports.append(_port_in(offer))
                self._stack.accept(session, self._answer(session, offer), now)
            case OfferReceived(session=session, offer=offer):
                self._stack.answer(session, self._answer(session, offer), now)
            case SessionEnded(session=session):
                self._ended.add(session)
            case SessionRejected(status=status, reason=reason):
                raise RuntimeError(f"a call was refused: {status} {reason}")
            case _:
                pass

    def _answer(self, session: str, offer: bytes | None) -> bytes:
        port = self._ports[session]
        if offer is None:
            return make_offer(LOOPBACK, port, CODECS, session_id=1, version=1)
        return make_answer(offer, LOOPBACK, port, CODECS, session_id=1, version=1)[0]


def _port_in(sdp: bytes | None) -> int:
    audio = audio_of(sdp) if sdp else None
    if audio is None:
        raise RuntimeError("a call has no audio")
    return audio.port
