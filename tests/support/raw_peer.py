"""A peer that a test writes itself, message by message, against one stack in virtual time."""

from collections.abc import Iterable

from sipcore.answering import response_to
from sipcore.events import Event
from sipcore.flow import Flow
from sipcore.message import Request, Response, parse_message
from sipcore.stack import Stack, StackConfig
from tests.support.link import ALICE, BOB, EPOCH, tokens

Fields = Iterable[tuple[str, str]]


class RawPeer:
    """One stack, at `ALICE`, and what `BOB` on the other side writes and reads."""

    def __init__(self, config: StackConfig | None = None, transport: str = "udp") -> None:
        self.stack = Stack(config or StackConfig(), tokens("s"))
        self.flow = Flow(transport, ALICE, BOB)
        self.now = EPOCH
        self._numbers = iter(range(1, 100_000))

    def run(self, seconds: float) -> list[Request | Response]:
        """Let time pass; what the stack sends meanwhile."""
        end = self.now + seconds
        sent = self.sent()
        while (due := self.stack.next_timeout()) is not None and due <= end:
            self.now = max(self.now, due)
            self.stack.advance(self.now)
            sent += self.sent()
        self.now = end
        return sent

    def sent(self) -> list[Request | Response]:
        """What the stack has sent since the last asking."""
        return [parse_message(datagram.data) for datagram in self.stack.take_datagrams()]

    def events(self) -> list[Event]:
        """What the stack has told since the last asking."""
        return self.stack.take_events()

    def one_request(self) -> Request:
        (message,) = self.sent()
        assert isinstance(message, Request)
        return message

    def one_response(self) -> Response:
        (message,) = self.sent()
        assert isinstance(message, Response)
        return message

    # --- writing

    def request(
        self,
        method: str,
        fields: Fields = (),
        body: bytes = b"",
        *,
        cseq: int = 1,
        call_id: str = "call",
        from_tag: str = "peer",
        to_tag: str | None = None,
        uri: str = "sip:service@192.0.2.1",
        branch: str | None = None,
    ) -> Request:
        """A request of the peer; each has a branch of its own."""
        to = "<sip:service@192.0.2.1>"
        head = [
            ("Via", f"SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK{branch or f'p{next(self._numbers)}'};rport"),
            ("Max-Forwards", "70"),
            ("From", f"<sip:bob@192.0.2.2>;tag={from_tag}"),
            ("To", f"{to};tag={to_tag}" if to_tag else to),
            ("Call-ID", call_id),
            ("CSeq", f"{cseq} {method}"),
            ("Contact", "<sip:bob@192.0.2.2:5060>"),
        ]
        if body:
            head.append(("Content-Type", "application/sdp"))
        fields = list(fields)
        given = {name for name, _ in fields}
        return Request(method, uri, [field for field in head if field[0] not in given] + fields, body)

    def send(self, message: Request | Response) -> None:
        self.stack.receive(message.to_bytes(), self.flow, self.now)

    def ask(self, method: str, fields: Fields = (), body: bytes = b"", **more: object) -> Response:
        """Send a request and give the last response that comes at once."""
        self.send(self.request(method, fields, body, **more))  # type: ignore[arg-type]
        sent = self.sent()
        answer = sent[-1]
        assert isinstance(answer, Response)
        return answer

    def answer(
        self, request: Request, status: int, to_tag: str | None = "bob", fields: Fields = (), body: bytes = b""
    ) -> None:
        """Answer a request of the stack, with a Contact of our own for each tag."""
        contact = [("Contact", f"<sip:{to_tag}@192.0.2.2:5060>")]
        more = [*contact, *fields]
        self.send(
            response_to(
                request,
                status,
                to_tag=to_tag,
                fields=more,
                body=body,
                content_type="application/sdp" if body else None,
                record_route=True,
            )
        )
