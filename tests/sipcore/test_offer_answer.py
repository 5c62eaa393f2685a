"""Offer and answer by RFC 3264, with RFC 3551, 3605 and 4733."""

import contextlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipcore.errors import ProtocolViolation
from sipcore.offer_answer import (
    Codec,
    Direction,
    NothingInCommon,
    OtherAddresses,
    audio_of,
    make_answer,
    make_offer,
    read_answer,
    revise,
)
from sipcore.sdp import parse_sdp
from tests.sipcore.mutation import spoil

CODECS = ("PCMA", "PCMU", "G722")
SESSION = "v=0\no=- 7 7 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n"


def offer(*media: str) -> bytes:
    return (SESSION + "\n".join(media) + "\n").replace("\n", "\r\n").encode()


def answer(
    offered: bytes,
    supported: tuple[str, ...] = CODECS,
    *,
    address: str = "198.51.100.9",
    direction: Direction = "sendrecv",
) -> list[str]:
    data, _ = make_answer(offered, address, 20000, supported, session_id=1, version=1, direction=direction)
    return data.decode("utf-8", "surrogateescape").split("\r\n")[:-1]


def test_an_offer_names_codecs_in_order_and_keys() -> None:
    assert make_offer("192.0.2.8", 20000, ["PCMA", "G722"], session_id=5, version=2).decode().split("\r\n") == [
        "v=0",
        "o=- 5 2 IN IP4 192.0.2.8",
        "s=-",
        "c=IN IP4 192.0.2.8",
        "t=0 0",
        "m=audio 20000 RTP/AVP 8 9 101",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:9 G722/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-16",
        "a=ptime:20",
        "a=sendrecv",
        "",
    ]


def test_an_ipv6_address_is_told_as_ip6() -> None:
    lines = make_offer("2001:db8::8", 20000, ["PCMA"], session_id=5, version=2).decode().split("\r\n")
    assert "c=IN IP6 2001:db8::8" in lines
    assert "o=- 5 2 IN IP6 2001:db8::8" in lines


def test_static_payload_types_need_no_rtpmap() -> None:
    audio = audio_of(offer("m=audio 4000 RTP/AVP 0 8 9 18"))
    assert audio is not None
    assert audio.codecs == (Codec("PCMU", 0), Codec("PCMA", 8), Codec("G722", 9), Codec("G729", 18))
    assert (audio.address, audio.port, audio.rtcp_port, audio.direction) == ("192.0.2.1", 4000, 4001, "sendrecv")
    assert (audio.dtmf_payload_type, audio.ptime) == (None, None)


def test_payload_types_are_the_offers() -> None:
    offered = offer(
        "m=audio 4000 RTP/AVP 96 97 110",
        "a=rtpmap:96 opus/48000/2",
        "a=rtpmap:97 pcma/8000",
        "a=rtpmap:110 Telephone-Event/8000",
    )
    data, agreed = make_answer(offered, "198.51.100.9", 20000, CODECS, session_id=1, version=1)
    assert agreed.codec == Codec("PCMA", 97)
    assert agreed.dtmf_payload_type == 110
    assert b"m=audio 20000 RTP/AVP 97 110\r\na=rtpmap:97 PCMA/8000\r\na=rtpmap:110 telephone-event/8000\r\n" in data


def test_the_first_supported_codec_of_the_offer_is_taken() -> None:
    offered = offer("m=audio 4000 RTP/AVP 9 8 0")
    assert "m=audio 20000 RTP/AVP 9" in answer(offered)
    assert "m=audio 20000 RTP/AVP 8" in answer(offered, ("PCMU", "PCMA"))
    assert "m=audio 20000 RTP/AVP 0" in answer(offered, ("PCMU",))


def test_keys_are_taken_at_the_clock_of_the_codec() -> None:
    offered = offer(
        "m=audio 4000 RTP/AVP 8 100 101", "a=rtpmap:100 telephone-event/48000", "a=rtpmap:101 telephone-event/8000"
    )
    assert "m=audio 20000 RTP/AVP 8 101" in answer(offered)


def test_fmtp_is_read() -> None:
    audio = audio_of(offer("m=audio 4000 RTP/AVP 18", "a=fmtp:18 annexb=no"))
    assert audio is not None
    assert audio.codecs[0].fmtp == "annexb=no"


@pytest.mark.parametrize(("offered", "ours"), [("IP6 2001:db8::7", "192.0.2.9"), ("IP4 192.0.2.7", "2001:db8::9")])
def test_audio_at_addresses_of_the_other_kind_is_refused(offered: str, ours: str) -> None:
    media = f"m=audio 4000 RTP/AVP 8\nc=IN {offered}"
    with pytest.raises(OtherAddresses) as violation:
        answer(offer(media), address=ours)
    assert (violation.value.status, violation.value.warning) == (488, 301)
    with pytest.raises(OtherAddresses):
        audio_of(offer(media), CODECS, ours)
    with pytest.raises(OtherAddresses):
        read_answer(make_offer(ours, 20000, ["PCMA"], session_id=1, version=1), offer(media))


@pytest.mark.parametrize("address", ["IP4 0.0.0.0", "IP6 ::"])
def test_a_stream_on_hold_is_at_no_address_at_all(address: str) -> None:
    for ours in ("192.0.2.9", "2001:db8::9"):
        assert "a=recvonly" in answer(offer(f"m=audio 4000 RTP/AVP 8\nc=IN {address}"), address=ours)


def test_of_two_streams_the_one_that_can_be_reached_is_taken() -> None:
    offered = offer("m=audio 4000 RTP/AVP 8\nc=IN IP6 2001:db8::7\nm=audio 4002 RTP/AVP 8\nc=IN IP4 192.0.2.7")
    assert [line for line in answer(offered) if line.startswith("m=")] == [
        "m=audio 0 RTP/AVP 8",
        "m=audio 20000 RTP/AVP 8",
    ]


@pytest.mark.parametrize(
    "media",
    [
        "m=audio 4000 RTP/AVP 18",
        "m=audio 0 RTP/AVP 8",
        "m=audio 4000 RTP/SAVP 8",
        "m=video 4000 RTP/AVP 8",
        "m=audio 4000 RTP/AVP 96\na=rtpmap:96 PCMA/16000",
        "m=audio 4000 RTP/AVP 96\na=rtpmap:96 PCMA/8000/2",
        "m=audio 4000 RTP/AVP 8\nc=IN IP4 phone.example.com",
        "m=audio 4000 RTP/AVP 8\nc=IN IP4 224.2.1.1/127",
        "m=audio 4000 RTP/AVP 8\nc=IN IP4 255.255.255.255",
        "m=audio 4000 RTP/AVP 8\nc=IN IP6 ff02::1",
        "m=audio 4000 RTP/AVP 8\nc=IN IP6 fe80::1%eth0",
        "m=image 4000 udptl t38",
    ],
)
def test_nothing_in_common_is_488(media: str) -> None:
    with pytest.raises(NothingInCommon) as violation:
        answer(offer(media))
    assert violation.value.status == 488


def test_every_other_stream_is_refused_in_its_place() -> None:
    lines = answer(
        offer(
            "m=video 5000 RTP/AVP 31",
            "m=audio 4000 RTP/SAVP 8",
            "m=audio 4002 RTP/AVP 18",
            "m=audio 4004 RTP/AVP 8",
            "m=audio 4006 RTP/AVP 0",
        )
    )
    assert [line for line in lines if line.startswith("m=")] == [
        "m=video 0 RTP/AVP 31",
        "m=audio 0 RTP/SAVP 8",
        "m=audio 0 RTP/AVP 18",
        "m=audio 20000 RTP/AVP 8",
        "m=audio 0 RTP/AVP 0",
    ]


DIRECTIONS: list[tuple[Direction, Direction, Direction]] = [
    ("sendrecv", "sendrecv", "sendrecv"),
    ("sendonly", "sendrecv", "recvonly"),
    ("recvonly", "sendrecv", "sendonly"),
    ("inactive", "sendrecv", "inactive"),
    ("sendrecv", "sendonly", "sendonly"),
    ("sendonly", "sendonly", "inactive"),
    ("recvonly", "sendonly", "sendonly"),
    ("sendrecv", "inactive", "inactive"),
    ("recvonly", "recvonly", "inactive"),
]


@pytest.mark.parametrize(("theirs", "ours", "agreed"), DIRECTIONS)
def test_directions_are_inverted(theirs: Direction, ours: Direction, agreed: Direction) -> None:
    assert f"a={agreed}" in answer(offer("m=audio 4000 RTP/AVP 8", f"a={theirs}"), direction=ours)


def test_the_direction_of_the_session_holds_for_a_stream_without_one() -> None:
    held = offer("a=sendonly", "m=audio 4000 RTP/AVP 8")
    assert "a=recvonly" in answer(held)
    retrieved = offer("a=sendonly", "m=audio 4000 RTP/AVP 8", "a=sendrecv")
    assert "a=sendrecv" in answer(retrieved)


@pytest.mark.parametrize(
    ("connection", "direction", "agreed"),
    [
        ("c=IN IP4 0.0.0.0", "sendrecv", "recvonly"),
        ("c=IN IP4 0.0.0.0", "recvonly", "inactive"),
        ("c=IN IP4 0.0.0.0", "inactive", "inactive"),
        ("c=IN IP6 ::", "sendrecv", "recvonly"),
    ],
)
def test_hold_by_address_as_in_rfc_2543_sends_nothing(connection: str, direction: str, agreed: str) -> None:
    assert f"a={agreed}" in answer(offer("m=audio 4000 RTP/AVP 8", connection, f"a={direction}"))


def test_rtcp_goes_where_it_is_told() -> None:
    audio = audio_of(offer("m=audio 4000 RTP/AVP 8", "a=rtcp:53020 IN IP4 192.0.2.1", "a=ptime:30"))
    assert audio is not None
    assert (audio.rtcp_port, audio.ptime) == (53020, 30)


def test_the_answer_has_the_times_of_the_offer() -> None:
    assert "t=3149328700 0" in answer(offer("m=audio 4000 RTP/AVP 8").replace(b"t=0 0", b"t=3149328700 0"))


def test_our_offer_and_their_answer_agree() -> None:
    ours = make_offer("2001:db8::8", 20000, CODECS, session_id=5, version=2, direction="sendonly")
    theirs = offer(
        "m=audio 4000 RTP/AVP 0 96", "c=IN IP6 2001:db8::4", "a=rtpmap:96 telephone-event/8000", "a=recvonly"
    )
    agreed = read_answer(ours, theirs)
    assert agreed.codec == Codec("PCMU", 0)
    assert (agreed.dtmf_payload_type, agreed.own_dtmf_payload_type) == (96, 101)
    assert (agreed.remote, agreed.remote_rtcp) == (("2001:db8::4", 4000), ("2001:db8::4", 4001))
    assert agreed.direction == "sendonly"


@pytest.mark.parametrize(("media", "sent"), [("m=audio 4000 RTP/AVP 0 101", 101), ("m=audio 4000 RTP/AVP 0", None)])
def test_one_number_for_keys_is_told_once(media: str, sent: int | None) -> None:
    ours = make_offer("192.0.2.8", 20000, CODECS, session_id=5, version=2)
    agreed = read_answer(ours, offer(media, "a=rtpmap:101 telephone-event/8000"))
    assert (agreed.dtmf_payload_type, agreed.own_dtmf_payload_type) == (sent, None)


@pytest.mark.parametrize("media", ["m=audio 0 RTP/AVP 8", "m=audio 4000 RTP/AVP 18", "m=video 4000 RTP/AVP 31"])
def test_a_refusing_answer_is_nothing_in_common(media: str) -> None:
    with pytest.raises(NothingInCommon):
        read_answer(make_offer("192.0.2.8", 20000, CODECS, session_id=5, version=2), offer(media))


def test_an_answer_with_other_streams_is_none() -> None:
    with pytest.raises(ProtocolViolation):
        read_answer(
            make_offer("192.0.2.8", 20000, CODECS, session_id=5, version=2),
            offer("m=audio 4000 RTP/AVP 8", "m=video 0 RTP/AVP 31"),
        )


def test_a_later_offer_keeps_the_places_and_the_payload_types() -> None:
    first = offer("m=video 5000 RTP/AVP 31", "m=audio 4004 RTP/AVP 8 96", "a=rtpmap:96 telephone-event/8000")
    ours, _ = make_answer(first, "198.51.100.9", 20000, CODECS, session_id=1, version=1)
    later = make_offer("198.51.100.9", 20000, ["PCMA"], session_id=1, version=2, direction="sendonly", previous=ours)
    assert [line for line in later.decode().split("\r\n") if line.startswith("m=")] == [
        "m=video 0 RTP/AVP 31",
        "m=audio 20000 RTP/AVP 8 96",
    ]


def test_the_version_rises_only_with_a_change() -> None:
    first = make_offer("192.0.2.8", 20000, CODECS, session_id=5, version=9)
    same = make_offer("192.0.2.8", 20000, CODECS, session_id=6, version=1)
    held = make_offer("192.0.2.8", 20000, CODECS, session_id=6, version=1, direction="sendonly")
    assert revise(first, same) == first
    origin = parse_sdp(revise(first, held)).origin
    assert (origin.session_id, origin.version) == (5, 10)


@given(st.randoms(use_true_random=False))
def test_spoilt_descriptions_raise_violations_only(dice: random.Random) -> None:
    ours = make_offer("192.0.2.8", 20000, CODECS, session_id=5, version=2)
    theirs = spoil(
        offer("m=audio 4000 RTP/AVP 0 96", "a=rtpmap:96 telephone-event/8000", "a=rtcp:9", "a=ptime:20"), dice
    )
    for use in (audio_of, answer, lambda sdp: read_answer(ours, sdp)):
        with contextlib.suppress(ProtocolViolation):
            use(theirs)


@given(
    st.lists(st.sampled_from(CODECS), min_size=1, max_size=3, unique=True),
    st.lists(st.sampled_from(CODECS), min_size=1, max_size=3, unique=True),
    st.sampled_from([direction for direction, _, _ in DIRECTIONS]),
    st.sampled_from([direction for direction, _, _ in DIRECTIONS]),
)
def test_both_ends_agree_on_codec_and_direction(
    offered: list[str], supported: list[str], caller: Direction, callee: Direction
) -> None:
    first = make_offer("192.0.2.8", 20000, offered, session_id=5, version=2, direction=caller)
    if not set(offered) & set(supported):
        with pytest.raises(NothingInCommon):
            make_answer(first, "192.0.2.9", 30000, supported, session_id=6, version=1, direction=callee)
        return
    second, theirs = make_answer(first, "192.0.2.9", 30000, supported, session_id=6, version=1, direction=callee)
    ours = read_answer(first, second)
    inverse = {"sendonly": "recvonly", "recvonly": "sendonly"}
    assert (ours.codec, ours.dtmf_payload_type) == (theirs.codec, theirs.dtmf_payload_type)
    assert inverse.get(ours.direction, ours.direction) == theirs.direction
    assert (ours.remote, theirs.remote) == (("192.0.2.9", 30000), ("192.0.2.8", 20000))
