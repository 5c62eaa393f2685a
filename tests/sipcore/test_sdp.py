"""Session descriptions by RFC 8866."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipcore.errors import ProtocolViolation
from sipcore.sdp import Line, MediaDescription, Origin, SessionDescription, parse_sdp

EXAMPLE = b"""v=0\r
o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1\r
s=Call to John Smith\r
i=SDP Offer #1\r
u=http://www.jdoe.example.com/home.html\r
e=Jane Doe <jane@jdoe.example.com>\r
p=+1 617 555-6011\r
c=IN IP4 198.51.100.1\r
b=X-YZ:128\r
t=0 0\r
a=tool:lines-we-do-not-know\r
m=audio 49170 RTP/AVP 0 8\r
m=audio 49180/2 RTP/AVP 0\r
c=IN IP6 2001:db8::2\r
a=rtpmap:0 PCMU/8000\r
a=sendonly\r
m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r
"""


def test_a_description_is_read() -> None:
    description = parse_sdp(EXAMPLE)
    assert description.origin == Origin("jdoe", 3724394400, 3724394405, "198.51.100.1")
    assert description.address == "198.51.100.1"
    assert description.attribute("tool") == "lines-we-do-not-know"
    first, second, third = description.media
    assert (first.kind, first.port, first.protocol, first.formats) == ("audio", 49170, "RTP/AVP", ("0", "8"))
    assert (first.address, second.address, second.port_count) == (None, "2001:db8::2", 2)
    assert (second.attribute("sendonly"), second.attribute("recvonly")) == ("", None)
    assert second.attributes("rtpmap") == ["0 PCMU/8000"]
    assert (third.kind, third.protocol, third.formats) == ("application", "UDP/DTLS/SCTP", ("webrtc-datachannel",))


def test_everything_is_written_back_as_it_came() -> None:
    assert parse_sdp(EXAMPLE).to_bytes() == EXAMPLE


def test_bare_line_feeds_and_an_empty_last_line_are_taken() -> None:
    assert parse_sdp(EXAMPLE.replace(b"\r\n", b"\n") + b"\r\n").to_bytes() == EXAMPLE


def test_white_space_at_the_end_of_lines_means_nothing() -> None:
    assert parse_sdp(EXAMPLE.replace(b"\r\n", b" \t\r\n")).to_bytes() == EXAMPLE


def test_bytes_that_are_not_utf8_survive() -> None:
    data = EXAMPLE.replace(b"John", b"J\xf8rgen")
    assert parse_sdp(data).to_bytes() == data


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        (b"v=0\r\n", b""),
        (b"v=0", b"v=1"),
        (b"o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1\r\n", b""),
        (b"o=jdoe 3724394400 3724394405", b"o=jdoe one 3724394405"),
        (b"o=jdoe 3724394400 3724394405", b"o=jdoe 3724394400"),
        (b"s=Call to John Smith\r\n", b""),
        (b"s=Call to John Smith", b"s=a\r\ns=b"),
        (b"t=0 0\r\n", b""),
        (b"t=0 0", b"t=now"),
        (b"c=IN IP4 198.51.100.1\r\n", b""),
        (b"c=IN IP4 198.51.100.1", b"c=IN IP5 198.51.100.1"),
        (b"c=IN IP4 198.51.100.1", b"c=ATM IP4 198.51.100.1"),
        (b"c=IN IP6 2001:db8::2", b"c=IN IP6"),
        (b"m=audio 49170 ", b"m=audio 70000 "),
        (b"m=audio 49170 ", b"m=audio -1 "),
        (b"m=audio 49170 RTP/AVP 0 8", b"m=audio 49170 RTP/AVP"),
        (b"a=sendonly", b"x=sendonly"),
        (b"a=sendonly", b"t=0 0"),
        (b"a=sendonly", b"sendonly"),
        (b"b=X-YZ:128", b"w=unknown letter"),
    ],
)
def test_malformed_descriptions_are_refused(sound: bytes, broken: bytes) -> None:
    assert sound in EXAMPLE
    with pytest.raises(ProtocolViolation):
        parse_sdp(EXAMPLE.replace(sound, broken, 1))


def test_a_refused_stream_needs_no_address() -> None:
    assert parse_sdp(b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\n").address is None


WORD = st.from_regex(r"[a-zA-Z0-9\-]{1,8}", fullmatch=True)
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"])).map(str.rstrip)
"""White space before the end of a line is not kept."""
ATTRIBUTE: st.SearchStrategy[Line] = st.tuples(st.just("a"), st.builds("{}:{}".format, WORD, TEXT))
MEDIA = st.builds(
    MediaDescription,
    kind=st.sampled_from(["audio", "video", "image"]),
    port=st.integers(0, 65535),
    protocol=st.sampled_from(["RTP/AVP", "RTP/SAVP", "udptl"]),
    formats=st.lists(WORD, min_size=1, max_size=5).map(tuple),
    lines=st.lists(ATTRIBUTE, max_size=4).map(tuple),
    port_count=st.integers(1, 4),
)
DESCRIPTIONS = st.builds(
    SessionDescription,
    origin=st.builds(Origin, WORD, st.integers(0, 2**63), st.integers(0, 2**63), st.sampled_from(["192.0.2.1", "::1"])),
    lines=st.lists(ATTRIBUTE, max_size=4).map(lambda lines: (("s", "-"), ("c", "IN IP6 ::1"), ("t", "0 0"), *lines)),
    media=st.lists(MEDIA, max_size=4).map(tuple),
)


@given(DESCRIPTIONS)
def test_a_written_description_reads_back_the_same(description: SessionDescription) -> None:
    assert parse_sdp(description.to_bytes()) == description
