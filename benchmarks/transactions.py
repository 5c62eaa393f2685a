"""Requests that the stack answers in a CPU-second, without sockets: what transactions cost besides the parser.

python -m benchmarks.transactions [--count 2000] [--keep] [ROW ...]
"""

import argparse
import gc
import itertools
import time
from collections.abc import Callable, Iterator

from benchmarks.results import Result
from benchmarks.script import best, command_line, tell, wanted
from sipcore.answering import REFUSED_TAG, response_to
from sipcore.events import InviteReceived, RequestReceived
from sipcore.flow import Flow
from sipcore.message import parse_message
from sipcore.refusal_lane import RefusalLane
from sipcore.stack import Stack, StackConfig
from sipcore.validation import check_request

FLOW = Flow("udp", ("192.0.2.1", 5060), ("192.0.2.2", 5060))
HEAD = (
    "{method} sip:service@192.0.2.1 SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 192.0.2.2:5060;branch=z9hG4bK{branch};rport\r\n"
    "Max-Forwards: 70\r\n"
    'From: "Anna" <sip:anna@nordlys.example>;tag=f{number}\r\n'
    "To: <sip:anna@nordlys.example>{to_tag}\r\n"
    "Call-ID: {number}@192.0.2.2\r\n"
    "CSeq: {cseq} {method}\r\n"
    "Contact: <sip:anna@192.0.2.2:5060>\r\n"
    "User-Agent: Bench\r\n"
    "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE\r\n"
)
SDP = b"v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"


def message(method: str, number: int, *, cseq: int = 1, to_tag: str = "", body: bytes = b"", more: str = "") -> bytes:
    head = HEAD.format(method=method, branch=f"{method}{number}", number=number, cseq=cseq, to_tag=to_tag) + more
    kind = "Content-Type: application/sdp\r\n" if body else ""
    return f"{head}{kind}Content-Length: {len(body)}\r\n\r\n".encode() + body


def a_stack() -> Stack:
    numbers = itertools.count()
    return Stack(StackConfig(), lambda: f"t{next(numbers):015d}")


def parse_only(count: int) -> Iterator[None]:
    """Parsing and judging alone, to compare with."""
    for number in range(count):
        request = parse_message(message("REGISTER", number, more="Expires: 3600\r\n"))
        check_request(request)  # type: ignore[arg-type]
        yield


def registers(count: int) -> Iterator[None]:
    """A REGISTER in a new transaction, answered at once; Timer J of each ends it."""
    stack = a_stack()
    for number in range(count):
        now = 1000.0 + number / 5000
        stack.receive(message("REGISTER", number, more="Expires: 3600\r\n"), FLOW, now)
        for event in stack.take_events():
            assert isinstance(event, RequestReceived)
            stack.respond(event.transaction, response_to(event.request, 200, to_tag="t"), now)
        stack.take_datagrams()
        stack.advance(now)
        yield
    stack.advance(2000.0 + count)
    assert not any(stack.counts().values()), stack.counts()


def retransmissions(count: int) -> Iterator[None]:
    """A request that comes again, answered from the cached response."""
    stack = a_stack()
    data = message("REGISTER", 0)
    stack.receive(data, FLOW, 1000.0)
    for event in stack.take_events():
        assert isinstance(event, RequestReceived)
        stack.respond(event.transaction, response_to(event.request, 200, to_tag="t"), 1000.0)
    for _ in range(count):
        stack.receive(bytes(bytearray(data)), FLOW, 1001.0)
        stack.take_datagrams()
        yield


def calls(count: int) -> Iterator[None]:
    """A call taken: INVITE, 200, ACK, BYE."""
    stack = a_stack()
    for number in range(count):
        now = 1000.0 + number / 1000
        stack.receive(message("INVITE", number, body=SDP), FLOW, now)
        (event,) = stack.take_events()
        assert isinstance(event, InviteReceived)
        dialog = stack.dialog_of(event.session)
        assert dialog is not None
        to_tag = f";tag={dialog.local_tag}"
        stack.accept(event.session, SDP, now)
        stack.receive(message("ACK", number, to_tag=to_tag), FLOW, now)
        stack.receive(message("BYE", number, cseq=2, to_tag=to_tag), FLOW, now)
        stack.take_events()
        stack.take_datagrams()
        stack.advance(now)
        yield
    stack.advance(2000.0 + count)
    assert not any(stack.counts().values()), stack.counts()


def refused(count: int) -> Iterator[tuple[bytes, bytes]]:
    """New INVITEs, each with the ACK to its refusal, made at next to no cost."""
    invite, ack = message("INVITE", 0, body=SDP), message("ACK", 0, to_tag=f";tag={REFUSED_TAG}12345678")
    for number in range(count):
        yield invite.replace(b"INVITE0", b"INVITE%d" % number), ack.replace(b"ACK0", b"ACK%d" % number)


def refusals(count: int) -> Iterator[None]:
    """A new INVITE refused by overload control, and its ACK."""
    stack = a_stack()
    stack.refuse_new_calls(5)
    lane = RefusalLane(stack)
    for invite, ack in refused(count):
        assert lane.receive(invite, FLOW, 1000.0)
        lane.take_datagrams()
        assert lane.receive(ack, FLOW, 1000.0)
        yield


def refusals_by_stack(count: int) -> Iterator[None]:
    """The same where the INVITE is not plain enough for the short way."""
    stack = a_stack()
    stack.refuse_new_calls(5)
    for invite, ack in refused(count):
        stack.receive(invite, FLOW, 1000.0)
        stack.take_datagrams()
        stack.receive(ack, FLOW, 1000.0)
        yield


ROWS: dict[str, Callable[[int], Iterator[None]]] = {
    "transactions-parse-and-check": parse_only,
    "transactions-register": registers,
    "transactions-retransmission": retransmissions,
    "transactions-call": calls,
    "transactions-refused-invite": refusals,
    "transactions-refused-by-stack": refusals_by_stack,
}


def per_cpu_second(work: Callable[[int], Iterator[None]], count: int) -> float:
    """Units in a CPU-second, in the best of some rounds, when nobody else disturbs."""

    def once() -> float:
        gc.collect()
        started = time.process_time_ns()
        for _ in work(count):
            pass
        return (time.process_time_ns() - started) / 1e9

    return count / best(once, 3)


def results(arguments: argparse.Namespace) -> Iterator[Result]:
    for row, work in ROWS.items():
        if wanted(arguments, row):
            value = per_cpu_second(work, arguments.count)
            yield Result(row, round(value, -2), "per CPU-second", f"{1e6 / value:.1f} µs each, without sockets")


def main() -> None:
    parser = command_line(__doc__, ROWS)
    parser.add_argument("--count", type=int, default=2000, help="units in a round")
    arguments = parser.parse_args()
    tell(results(arguments), arguments)


if __name__ == "__main__":
    main()
