"""Streams are cut into messages by RFC 3261 §18.3, with the keep-alives of RFC 5626 §3.5.1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipcore.errors import ProtocolViolation
from sipcore.framing import HEADER_LIMIT, PING, StreamFramer

FIRST = b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 5\r\nTo: <sip:a@b>\r\n\r\nhello"
SECOND = b"SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP a\r\nl:0\r\n\r\n"
FOLDED = b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length :\r\n \t3\r\n\r\n\r\n\r"


@given(st.lists(st.sampled_from([FIRST, SECOND, FOLDED, PING]), max_size=8), st.lists(st.integers(1, 40), max_size=30))
def test_messages_come_out_whole_however_the_stream_is_cut(messages: list[bytes], cuts: list[int]) -> None:
    framer = StreamFramer()
    stream = b"".join(messages)
    framed = []
    for cut in cuts:
        framed += framer.feed(stream[:cut])
        stream = stream[cut:]
    framed += framer.feed(stream)
    assert framed == messages


def test_a_single_crlf_is_a_pong_and_ignored() -> None:
    framer = StreamFramer()
    assert framer.feed(b"\r\n") == []
    assert framer.feed(SECOND + b"\r\n" + FIRST) == [SECOND, FIRST]


def test_a_ping_in_two_pieces_is_a_ping() -> None:
    framer = StreamFramer()
    assert framer.feed(b"\r\n\r") == []
    assert framer.feed(b"\n") == [PING]


@pytest.mark.parametrize(
    "header",
    [
        b"To: x",
        b"Content-Length: -999",
        b"Content-Length: five",
        b"Content-Length:",
        b"Content-Length: 5\r\nl: 6",
        b"Content-Length: 5, 5",
        b"X-Content-Length: 5",
    ],
)
def test_without_one_content_length_the_stream_is_lost(header: bytes) -> None:
    with pytest.raises(ProtocolViolation, match="Content-Length") as violation:
        StreamFramer().feed(b"OPTIONS sip:a@b SIP/2.0\r\n" + header + b"\r\n\r\n")
    assert violation.value.status == 400


def test_the_same_content_length_twice_is_one() -> None:
    message = b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 1\r\nl: 1\r\n\r\nx"
    assert StreamFramer().feed(message) == [message]


def test_a_header_without_end_is_refused_at_the_limit() -> None:
    framer = StreamFramer()
    line = b"Subject: " + b"x" * 1013 + b"\r\n"
    with pytest.raises(ProtocolViolation) as violation:
        for _ in range(HEADER_LIMIT // len(line) + 1):
            assert framer.feed(line) == []
    assert violation.value.status == 513


@pytest.mark.parametrize("length", [b"11", b"99999999999999999999"])
def test_a_body_above_the_limit_is_refused_before_it_comes(length: bytes) -> None:
    with pytest.raises(ProtocolViolation) as violation:
        StreamFramer(10).feed(b"OPTIONS sip:a@b SIP/2.0\r\nContent-Length: " + length + b"\r\n\r\n")
    assert violation.value.status == 513


def test_whole_messages_before_a_lost_place_are_kept() -> None:
    framer = StreamFramer()
    assert framer.feed(FIRST + b"OPTIONS sip:a@b SIP/2.0\r\n\r\n") == [FIRST]
    with pytest.raises(ProtocolViolation):
        framer.feed(b"")


def test_bare_line_breaks_between_messages_are_refused() -> None:
    with pytest.raises(ProtocolViolation):
        StreamFramer().feed(b"\n\n" + FIRST)
