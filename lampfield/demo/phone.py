"""A simulated phone: real SIP over real sockets and real RTP, without an ear."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from lampfield.demo.lamp import Lamp, read_lamp
from media.client import Codec, MediaClient
from sipcore.address import NameAddr
from sipcore.answering import response_to
from sipcore.digest import Credentials
from sipcore.events import (
    Event,
    InviteReceived,
    RequestReceived,
    ResponseReceived,
    SessionAccepted,
    SessionCancelled,
    SessionEnded,
    SessionEstablished,
    SessionProgress,
    SessionRejected,
)
from sipcore.flow import Address, Flow
from sipcore.io.clock import WallClock
from sipcore.io.endpoint import SipEndpoint
from sipcore.io.listener import Listener
from sipcore.message import Request, Response
from sipcore.offer_answer import Negotiated, make_answer, make_offer, read_answer
from sipcore.stack import Invitation, Stack, StackConfig
from sipcore.uri import parse_uri

logger = logging.getLogger(__name__)

PATIENCE = 8.0
"""Seconds that a phone of the demo waits for an answer."""


ALLOW = ("INVITE", "ACK", "CANCEL", "BYE", "PRACK", "UPDATE", "INFO", "OPTIONS", "NOTIFY")


def token() -> str:
    """Tags, branches and Call-IDs."""
    return secrets.token_hex(8)


@dataclass
class PhoneCall:
    """One call at this phone."""

    session: str
    peer: str
    rtp: str
    offer: bytes | None = None
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    rings: asyncio.Event = field(default_factory=asyncio.Event)
    status: int = 0


class Phone:
    """One line: registers, watches lamps, calls, is called."""

    def __init__(self, name: str, user: str, domain: str, password: str | None, server: Address, host: str) -> None:
        self.name = name
        self.user = user
        self.calls: list[PhoneCall] = []
        self.on_lamp: Callable[[Lamp], None] = lambda lamp: None
        self._domain = domain
        self._credentials = Credentials(user, password) if password is not None else None
        self._server = server
        self._host = host
        self._clock = WallClock()
        self._incoming: asyncio.Queue[PhoneCall] = asyncio.Queue()
        self._answers: dict[str, asyncio.Future[Response | None]] = {}
        self._watched: dict[str, str] = {}

    async def start(self, media: MediaClient) -> None:
        """Open the sockets."""
        self._media = media
        self._stack = Stack(StackConfig(user_agent="Lampfield demo phone", allow=ALLOW), token)
        self._endpoint = SipEndpoint(self._stack, None, self._clock, self._on_events)
        await self._endpoint.listen([Listener("udp", self._host, 0)])
        self._local = self._endpoint.listening[0].host, self._endpoint.listening[0].port
        self._flow = Flow("udp", self._local, self._server)

    async def stop(self) -> None:
        await self._endpoint.close()

    # Registration and lamps

    async def register(self, expires: int = 300) -> int:
        """Register with digest; the final status."""
        contact = f"<sip:{self.user}@{self._local[0]}:{self._local[1]}>"
        fields = [("Contact", contact), ("Expires", str(expires))]
        response = await self._request("REGISTER", f"sip:{self._domain}", self._identity(self.user), fields)
        return response.status if response is not None else 408

    async def watch(self, extension: str) -> int:
        """Subscribe to the lamp of an extension; the status of the SUBSCRIBE."""
        fields = [
            ("Event", "dialog"),
            ("Accept", "application/dialog-info+xml"),
            ("Expires", "300"),
            ("Contact", f"<sip:{self.user}@{self._local[0]}:{self._local[1]}>"),
        ]
        call_id = token()
        self._watched[call_id] = extension
        uri = f"sip:{extension}@{self._domain}"
        response = await self._request("SUBSCRIBE", uri, self._identity(extension), fields, call_id)
        return response.status if response is not None else 408

    async def _request(
        self, method: str, uri: str, to: NameAddr, fields: list[tuple[str, str]], call_id: str | None = None
    ) -> Response | None:
        sender = self._identity(self.user)
        request = Request(
            method,
            uri,
            [
                ("Max-Forwards", "70"),
                ("From", f"{sender};tag={token()}"),
                ("To", str(to)),
                ("Call-ID", call_id or token()),
                ("CSeq", f"1 {method}"),
                *fields,
            ],
        )
        transaction = self._stack.request(request, self._flow, self._clock(), self._credentials)
        answer: asyncio.Future[Response | None] = asyncio.get_running_loop().create_future()
        self._answers[transaction] = answer
        self._endpoint.wake()
        async with asyncio.timeout(PATIENCE):
            return await answer

    def _identity(self, user: str) -> NameAddr:
        return NameAddr(self.name if user == self.user else "", parse_uri(f"sip:{user}@{self._domain}"), {})

    # Calls

    async def call(self, number: str) -> PhoneCall:
        """Call a number; the call may be waited on."""
        call = PhoneCall("", number, f"{self.user}-{token()}")
        port = await self._media.open(call.rtp, self._host)
        call.offer = make_offer(self._host, port, ["PCMA"], session_id=1, version=1)
        invitation = Invitation(
            uri=f"sip:{number}@{self._domain}",
            flow=self._flow,
            local=self._identity(self.user),
            remote=NameAddr("", parse_uri(f"sip:{number}@{self._domain}"), {}),
            contact=f"sip:{self.user}@{self._local[0]}:{self._local[1]}",
            offer=call.offer,
            credentials=self._credentials,
        )
        call.session = self._stack.invite(invitation, self._clock())
        self.calls.append(call)
        self._endpoint.wake()
        return call

    async def rung(self) -> PhoneCall:
        """The next incoming call, ringing already."""
        async with asyncio.timeout(PATIENCE):
            return await self._incoming.get()

    async def answer(self, call: PhoneCall) -> None:
        """Take an incoming call."""
        assert call.offer is not None, "Lampfield always offers"
        port = await self._media.open(call.rtp, self._host)
        answer, negotiated = make_answer(call.offer, self._host, port, ["PCMA"], session_id=1, version=1)
        self._stack.accept(call.session, answer, self._clock())
        self._talk(call, negotiated)
        self._endpoint.wake()

    def speak(self, call: PhoneCall, voice: Sequence[Path]) -> None:
        """Say something over and over: clips of ready A-law frames."""
        self._media.play(call.rtp, voice, layer="announcement", loop=True)

    def press(self, call: PhoneCall, key: str) -> None:
        """Press a key: RTP events (RFC 4733)."""
        self._media.send_dtmf(call.rtp, key)

    async def hang_up(self, call: PhoneCall) -> int:
        """End a call; how many RTP packets were heard in it."""
        if not call.ended.is_set():
            self._stack.bye(call.session, self._clock())
            self._endpoint.wake()
            call.ended.set()
        return await self.heard(call)

    async def heard(self, call: PhoneCall) -> int:
        """Close the audio of a call that is over; how many RTP packets came."""
        counters = await self._media.close(call.rtp)
        return counters.packets_in

    # What the stack reports

    def _on_events(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case ResponseReceived(transaction=transaction, response=response):
                    if (answer := self._answers.pop(transaction, None)) is not None and not answer.done():
                        answer.set_result(response)
                case RequestReceived(transaction=transaction, request=request):
                    self._on_request(transaction, request)
                case InviteReceived(session=session, request=request, offer=offer):
                    peer = request.from_.display or str(request.from_.uri)
                    call = PhoneCall(session, peer, f"{self.user}-{token()}", offer)
                    self.calls.append(call)
                    self._stack.progress(session, 180, self._clock())
                    self._incoming.put_nowait(call)
                case _:
                    self._on_session(event)

    def _on_request(self, transaction: str, request: Request) -> None:
        if request.method == "NOTIFY" and (extension := self._watched.get(request.call_id)) is not None:
            self._stack.respond(transaction, response_to(request, 200), self._clock())
            self.on_lamp(read_lamp(extension, request.body))
        else:
            status = 200 if request.method == "OPTIONS" else 481 if request.method == "NOTIFY" else 405
            self._stack.respond(transaction, response_to(request, status, to_tag=token()), self._clock())

    def _on_session(self, event: Event) -> None:
        call = next((call for call in self.calls if call.session == getattr(event, "session", None)), None)
        if call is None:
            return
        match event:
            case SessionProgress():
                call.rings.set()
            case SessionAccepted(sdp=bytes(sdp)):
                assert call.offer is not None, "our calls have an offer"
                self._talk(call, read_answer(call.offer, sdp))
                call.answered.set()
            case SessionEstablished():
                call.answered.set()
            case SessionRejected(status=status):
                call.status = status
                call.ended.set()
            case SessionCancelled() | SessionEnded():
                call.ended.set()
            case _:
                pass

    def _talk(self, call: PhoneCall, negotiated: Negotiated) -> None:
        self._media.configure(
            call.rtp,
            remote=negotiated.remote,
            codec=cast(Codec, negotiated.codec.name),
            payload_type=negotiated.codec.payload_type,
            dtmf_payload_type=negotiated.dtmf_payload_type,
            direction=negotiated.direction,
        )
