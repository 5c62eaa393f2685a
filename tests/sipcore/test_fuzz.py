"""Whatever a peer sends, nothing raises out of the stack and nothing stays behind. `--fuzz-scale` for more of it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipcore.answering import response_to
from sipcore.errors import ProtocolViolation
from sipcore.framing import PING, StreamFramer
from sipcore.message import Request, parse_message
from sipcore.sdp import parse_sdp
from sipcore.validation import check_request, check_response
from tests.sipcore.fuzzed_stack import TCP, UDP, FuzzedStack, live_objects
from tests.sipcore.mutation import corpus, spoil

DATAGRAMS = 1000
STREAMS = 100
"""For each of 20 seeds."""

ACCESSORS = [
    *("via", "vias", "from_", "to", "cseq", "call_id", "contacts", "routes", "record_routes", "paths"),
    *(
        "expires",
        "max_forwards",
        "content_type",
        "content_length",
        "event",
        "supported",
        "require",
        "allow",
        "truncated",
    ),
]


def assert_nothing_left(fuzzed: FuzzedStack) -> None:
    fuzzed.run_out()
    left = {what: count for what, count in fuzzed.stack.counts().items() if count and what != "dropped"}
    assert left == {}


def test_datagrams_raise_nothing_and_leave_nothing(fuzz_seed: int) -> None:
    before = live_objects()
    fuzzed, messages = FuzzedStack(fuzz_seed), corpus()
    dice = fuzzed.dice
    for _ in range(DATAGRAMS):
        chance = dice.random()
        if chance < 0.65:
            fuzzed.receive(spoil(dice.choice(messages), dice), UDP)
        elif chance < 0.95:
            fuzzed.reply(UDP)
        else:
            fuzzed.call(UDP)
    assert_nothing_left(fuzzed)
    del fuzzed
    assert live_objects() == before


def test_streams_raise_nothing_and_leave_nothing(fuzz_seed: int) -> None:
    before = live_objects()
    fuzzed, messages = FuzzedStack(1_000_000 + fuzz_seed), corpus()
    dice = fuzzed.dice
    for number in range(STREAMS):
        flow = TCP._replace(remote=("192.0.2.7", 40000 + number))
        whole = [dice.choice(messages) if dice.random() < 0.7 else PING for _ in range(6)]
        stream = spoil(b"".join(whole), dice)
        framer = StreamFramer()
        try:
            while stream:
                cut = dice.choice((1, 7, 100, 1460, 65536))
                for message in framer.feed(stream[:cut]):
                    if message != PING:
                        fuzzed.receive(message, flow)
                stream = stream[cut:]
                if dice.random() < 0.1:
                    fuzzed.reply(flow)
        except ProtocolViolation:
            fuzzed.stack.transport_failed(flow, fuzzed.now)
    assert_nothing_left(fuzzed)
    del fuzzed
    assert live_objects() == before


def read_everything(data: bytes) -> None:
    """Use all of the parser; only ProtocolViolation may come out of it."""
    try:
        message = parse_message(data)
    except ProtocolViolation:
        return
    for accessor in (*ACCESSORS, *(["request_uri"] if isinstance(message, Request) else [])):
        try:
            getattr(message, accessor)
        except ProtocolViolation:
            continue
    try:
        check_request(message) if isinstance(message, Request) else check_response(message)
        parse_sdp(message.body)
    except ProtocolViolation:
        pass
    if isinstance(message, Request):
        answer = response_to(message, 400, to_tag="t", record_route=True).to_bytes()
        assert parse_message(answer).to_bytes() == answer
    assert parse_message(message.to_bytes()).start_line() == message.start_line()


@given(st.binary(max_size=300), st.randoms(use_true_random=False), st.integers(min_value=0))
def test_the_parser_raises_violations_only(noise: bytes, dice: random.Random, pick: int) -> None:
    messages = corpus()
    read_everything(noise)
    data = messages[pick % len(messages)]
    at = dice.randint(0, len(data))
    read_everything(spoil(data[:at] + noise + data[at:], dice))


_NAMES = "Via v From f To t Call-ID i CSeq Contact m Route Record-Route Expires Max-Forwards Content-Length l Event"
HEADERS = st.sampled_from(_NAMES.split())
VALUES = st.lists(
    st.sampled_from(
        [
            "SIP/2.0/UDP",
            " ",
            "sip:a@b",
            "<",
            ">",
            '"',
            "\\",
            ";",
            ",",
            "=",
            "tag",
            "branch",
            "1",
            "INVITE",
            "*",
            "é",
            "[::1]",
            "%41",
            "?",
        ]
    ),
    max_size=12,
).map("".join)


@given(st.lists(st.tuples(HEADERS, VALUES), max_size=10))
def test_made_up_headers_raise_violations_only(fields: list[tuple[str, str]]) -> None:
    head = "INVITE sip:a@b SIP/2.0\r\n" + "".join([f"{name}: {value}\r\n" for name, value in fields])
    read_everything(f"{head}\r\n".encode())
    fuzzed = FuzzedStack(0)
    fuzzed.receive(f"{head}\r\n".encode(), UDP)


@pytest.mark.parametrize("spark", [b'"', b"<", b",", b";", b"%", b"\\", b" ", b"a,", b'"",', b"<>,", b'\\"', b";a="])
@pytest.mark.parametrize("header", [b"Via", b"From", b"Contact", b"Route", b"CSeq", b"Max-Forwards", b"Event"])
@pytest.mark.timeout(60)
def test_a_datagram_full_of_one_thing_is_read_in_linear_time(header: bytes, spark: bytes) -> None:
    sparks = spark * (60_000 // len(spark))
    read_everything(b"INVITE sip:a@b SIP/2.0\r\nSubject: folded\r\n line\r\n%b: %b\r\n\r\n" % (header, sparks))
    read_everything(b"INVITE%b sip:a@b SIP/2.0%bx\r\n%b: x\r\n\r\n" % (sparks, sparks, header))
