"""A phone, or a telephone network, on plain sockets: a test reads and writes each message of it itself.

Shares no code with Lampfield. Nothing is answered by itself, so a phone that is not asked has vanished.
"""

import re
import secrets
import socket
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tests.support.plain_message import Fields, Message, digest, param, read, sdp
from tests.support.plain_rtp import PlainRtp
from tests.support.ports import LOOPBACK
from tests.support.server import DOMAIN
from tests.support.until import PATIENCE

What = str | int
"""A method that is asked, or the status of a response."""


class NothingCame(AssertionError):
    """What was awaited did not come; the message holds what came instead."""


class PlainPhone:
    """One SIP socket and one RTP socket; use as a context manager.

    `server` is where its requests go. Over TCP it opens one connection, on which it is called too.
    """

    def __init__(
        self, server: tuple[str, int], user: str, *, host: str = LOOPBACK, port: int = 0, transport: str = "udp"
    ) -> None:
        self.server, self.user, self.host, self.transport = server, user, host, transport
        self.port = port
        self.seen: list[Message] = []
        """All that came, sent again or not."""
        self._unread: list[Message] = []
        self._stream = b""

    def __enter__(self) -> Self:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM if self.transport == "tcp" else socket.SOCK_DGRAM)
        self._socket.bind((self.host, self.port))
        if self.transport == "tcp":
            self._socket.connect(self.server)
        self.port = self._socket.getsockname()[1]
        self.rtp = PlainRtp(self.host)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.vanish()

    def vanish(self) -> None:
        """Be gone without a word, as a phone whose cable is pulled."""
        self.rtp.close()
        self._socket.close()

    @property
    def hostport(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def contact(self) -> str:
        return f"<sip:{self.user}@{self.hostport};transport={self.transport}>"

    def sdp(self, *codecs: str, direction: str = "sendrecv", version: int = 1) -> str:
        """A description of this phone's audio."""
        return sdp(self.rtp.port, *codecs, host=self.host, direction=direction, version=version)

    # Messages

    def send(self, message: Message, to: tuple[str, int] | None = None) -> Message:
        self.send_bytes(message.to_bytes(), to)
        return message

    def send_bytes(self, data: bytes, to: tuple[str, int] | None = None) -> None:
        if self.transport == "tcp":
            self._socket.sendall(data)
        else:
            self._socket.sendto(data, to or self.server)

    def via(self, branch: str = "") -> str:
        return f"SIP/2.0/{self.transport.upper()} {self.hostport};branch={branch or new_branch()};rport"

    def request(self, method: str, uri: str, fields: Fields = (), body: str = "") -> Message:
        """A request outside dialogs, sent; `fields` stand in place of those of the same name, empty ones remove."""
        given = dict(fields)
        head = {
            "Via": self.via(),
            "Max-Forwards": "70",
            "From": f"<sip:{self.user}@{DOMAIN}>;tag={secrets.token_hex(4)}",
            "To": f"<{uri.partition(';')[0]}>",
            "Call-ID": secrets.token_hex(8),
            "CSeq": f"1 {method}",
            "Contact": self.contact,
        }
        if body:
            head["Content-Type"] = "application/sdp"
        whole = tuple((name, value) for name, value in (head | given).items() if value)
        return self.send(Message(f"{method} {uri} SIP/2.0", whole, body))

    def ask(self, method: str, uri: str, fields: Fields = (), body: str = "") -> Message:
        """Send a request and give its final response."""
        sent = self.request(method, uri, fields, body)
        return self.final(sent)

    def final(self, sent: Message, timeout: float = PATIENCE) -> Message:
        """The final response to a request."""
        return self._await(
            lambda m: m.status >= 200 and m.branch == sent.branch and m.method == sent["CSeq"].split()[1],
            f"answer to {sent.start}",
            timeout,
        )

    def expect(self, what: What, call_id: str = "", of: str = "", timeout: float = PATIENCE) -> Message:
        """The oldest unread request of this method or response of this status (to method `of`).

        Raises NothingCame after `timeout`. What is sent again is passed over.
        """

        def wanted(message: Message) -> bool:
            if call_id and message["Call-ID"] != call_id:
                return False
            if of and message.method != of:
                return False
            return message.status == what if isinstance(what, int) else message.is_request and message.method == what

        return self._await(wanted, str(what), timeout)

    def has_again(self, message: Message) -> bool:
        """True when a message came more than once."""
        self._receive(0.01)
        return self.seen.count(message) > 1

    def respond(
        self, request: Message, status: int, body: str = "", fields: Fields = (), *, tag: str = "", reason: str = "So"
    ) -> Message:
        """Answer a request; `tag` is put into a To that has none."""
        to = request["To"] if param(request["To"], "tag") or not tag else f"{request['To']};tag={tag}"
        head = [("Via", via) for via in request.headers("Via")]
        head += [(name, value) for name, value in request.fields if name.lower() == "record-route"]
        head += [("From", request["From"]), ("To", to), ("Call-ID", request["Call-ID"]), ("CSeq", request["CSeq"])]
        if request.method == "INVITE" and 100 < status < 300:
            head.append(("Contact", self.contact))
        if body:
            head.append(("Content-Type", "application/sdp"))
        return self.send(Message(f"SIP/2.0 {status} {reason}", (*head, *fields), body))

    # What a phone does

    def register(self, expires: int = 60, *, password: str = "", contact: str = "") -> Message:
        """Register and give the final response, after the digest challenge where there is one."""
        uri, to = f"sip:{DOMAIN}", f"<sip:{self.user}@{DOMAIN}>"
        fields = {"To": to, "Expires": str(expires), "Contact": contact or self.contact}
        response = self.ask("REGISTER", uri, fields.items())
        if response.status == 401 and password:
            challenge = next(c for c in response.headers("WWW-Authenticate") if "SHA-256" not in c)
            fields |= {"Authorization": digest(challenge, "REGISTER", uri, self.user, password), "CSeq": "2 REGISTER"}
            response = self.ask("REGISTER", uri, fields.items())
        assert not password or response.status == 200, response
        return response

    def call(self, number: str, body: str | None = None, fields: Fields = (), *, domain: str = DOMAIN) -> "PlainCall":
        """Send an INVITE; without a body of its own it offers PCMA."""
        return self.call_uri(f"sip:{number}@{domain}", fields, body)

    def call_uri(self, uri: str, fields: Fields = (), body: str | None = None) -> "PlainCall":
        """As `call`, with the Request-URI as it is to be."""
        invite = self.request("INVITE", uri, fields, self.sdp() if body is None else body)
        return PlainCall(self, invite, is_caller=True)

    def incoming(self, timeout: float = PATIENCE) -> "PlainCall":
        """The next call that comes in."""
        return self.answering(self._await(_is_new_call, "INVITE", timeout))

    def silent(self, seconds: float = 0.3) -> bool:
        """True when no call comes in for so long."""
        try:
            self._await(_is_new_call, "INVITE", seconds)
        except NothingCame:
            return True
        return False

    def answering(self, invite: Message) -> "PlainCall":
        """The call that an INVITE makes."""
        return PlainCall(self, invite, is_caller=False)

    # Reading

    def _await(self, wanted: Callable[[Message], bool], what: str, timeout: float = PATIENCE) -> Message:
        deadline = time.monotonic() + timeout
        while True:
            if found := next((message for message in self._unread if wanted(message)), None):
                self._unread.remove(found)
                return found
            left = deadline - time.monotonic()
            if left <= 0 or not self._receive(left):
                raise NothingCame(
                    f"{self.user}: no {what} within {timeout} s; unread: {[m.start for m in self._unread]}"
                )

    def _receive(self, timeout: float) -> bool:
        self._socket.settimeout(timeout)
        try:
            data = self._socket.recv(65535)
        except TimeoutError:
            return False
        if self.transport == "tcp":
            assert data, "the server closed the connection"
            self._stream += data
            while (whole := _framed(self._stream)) is not None:
                data, self._stream = self._stream[:whole], self._stream[whole:]
                self._take(data)
        else:
            self._take(data)
        return True

    def _take(self, data: bytes) -> None:
        if not data.strip():
            return
        message = read(data)
        if message not in self.seen:
            self._unread.append(message)
        self.seen.append(message)


class PlainCall:
    """One call of a phone: its dialog."""

    def __init__(self, phone: PlainPhone, invite: Message, *, is_caller: bool) -> None:
        self.phone, self.invite = phone, invite
        self.id = invite["Call-ID"]
        self.tag = secrets.token_hex(4)
        """Ours, as called party."""
        self._is_caller = is_caller
        self._cseq = 1 if is_caller else 0
        self._local, self._remote, self._target = invite["From"], invite["To"], ""
        if not is_caller:
            self._local, self._remote = f"{invite['To']};tag={self.tag}", invite["From"]
            self._target = invite.contact

    def expect(self, what: What, of: str = "", timeout: float = PATIENCE) -> Message:
        return self._learn(self.phone.expect(what, self.id, of, timeout))

    def _learn(self, message: Message) -> Message:
        """Follow the dialog that a response to our INVITE makes."""
        if self._is_caller and message.status > 100 and message.method == "INVITE" and message.tag:
            self._remote = message["To"]
            self._target = message.contact or self._target
        return message

    def respond(self, status: int, body: str = "", fields: Fields = (), request: Message | None = None) -> Message:
        """Answer the INVITE, or another request of the dialog."""
        return self.phone.respond(request or self.invite, status, body, fields, tag=self.tag)

    def request(self, method: str, body: str = "", fields: Fields = (), *, cseq: int | None = None) -> Message:
        """A request in the dialog, sent."""
        if cseq is None:
            self._cseq += 1
        given = {"From": self._local, "To": self._remote, "Call-ID": self.id, "CSeq": f"{cseq or self._cseq} {method}"}
        return self.phone.request(method, self._target, (given | dict(fields)).items(), body)

    def final(self, timeout: float = PATIENCE) -> Message:
        """Wait for the INVITE's final response and acknowledge it."""
        response = self._learn(self.phone.final(self.invite, timeout))
        if response.status < 300:
            self.request("ACK", cseq=int(response["CSeq"].split()[0]))
        else:
            self._again("ACK", response["To"])
        return response

    def answered(self) -> Message:
        """Wait for the 200 and acknowledge it; gives the 200."""
        response = self.final()
        assert response.status == 200, response
        return response

    def refused(self, status: int, timeout: float = PATIENCE) -> Message:
        """Wait for the final response, which must be this one, and acknowledge it."""
        response = self.final(timeout)
        assert response.status == status, response
        return response

    def cancel(self) -> None:
        """Give the call up before it is answered; its 200 is awaited, the INVITE's 487 is not."""
        self._again("CANCEL", self.invite["To"])
        self.expect(200, of="CANCEL")

    def hang_up(self) -> None:
        assert self.phone.final(self.request("BYE")).status == 200

    def hung_up(self, timeout: float = PATIENCE) -> Message:
        """Wait for the other side's BYE and answer it."""
        bye = self.expect("BYE", timeout=timeout)
        self.respond(200, request=bye)
        return bye

    def cancelled(self, timeout: float = PATIENCE) -> Message:
        """Wait for the other side's CANCEL, answer it, and the INVITE with 487."""
        cancel = self.expect("CANCEL", timeout=timeout)
        self.respond(200, request=cancel)
        self.respond(487)
        self.expect("ACK")
        return cancel

    def turn_down(self, status: int) -> None:
        """Refuse the call, and wait for the ACK."""
        self.respond(status)
        self.expect("ACK")

    def take(self, *codecs: str, fields: Fields = ()) -> None:
        """Ring, answer, and wait for the ACK."""
        self.respond(180)
        self.respond(200, self.phone.sdp(*codecs), fields)
        self.expect("ACK")

    def _again(self, method: str, to: str) -> None:
        same = [(name, value) for name, value in self.invite.fields if name in ("Via", "From", "Call-ID")]
        cseq = f"{self.invite['CSeq'].split()[0]} {method}"
        fields = (*same, ("To", to), ("CSeq", cseq), ("Max-Forwards", "70"))
        self.phone.send(Message(f"{method} {self.invite.uri} SIP/2.0", fields))


def _is_new_call(message: Message) -> bool:
    return message.is_request and message.method == "INVITE" and not message.tag


def _framed(stream: bytes) -> int | None:
    """Length of the first message in a stream; None while it is not whole."""
    ends = stream.find(b"\r\n\r\n")
    if ends < 0:
        return None
    length = re.search(rb"\r\nContent-Length\s*:\s*(\d+)", stream[:ends], re.IGNORECASE)
    whole = ends + 4 + (int(length[1]) if length else 0)
    return whole if len(stream) >= whole else None


def new_branch() -> str:
    return f"z9hG4bK{secrets.token_hex(6)}"
