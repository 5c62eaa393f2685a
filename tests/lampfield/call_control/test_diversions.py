"""Forwardings as SIP tells them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lampfield.call_control.diversions import NO_EARLIER, Earlier, Forwarder, earlier_of, fields
from sipcore.message import Request, parse_message
from sipcore.uri import parse_uri

ANNA, BO = parse_uri("sip:+4533221104@provider.example"), parse_uri("sip:+4533221100@provider.example")
MOBILE = parse_uri("sip:+4520304050@provider.example;user=phone")


def test_diversion_has_the_last_forwarding_first() -> None:
    forwarders = [Forwarder(ANNA, "unconditional"), Forwarder(BO, "no-answer")]
    assert fields("diversion", forwarders, MOBILE, NO_EARLIER) == (
        ("Diversion", "<sip:+4533221100@provider.example>;reason=no-answer;counter=1"),
        ("Diversion", "<sip:+4533221104@provider.example>;reason=unconditional;counter=1"),
    )


def test_history_info_has_the_way_of_the_call_with_the_causes() -> None:
    forwarders = [Forwarder(ANNA, "busy"), Forwarder(BO, "no-answer")]
    assert [value for _, value in fields("history-info", forwarders, MOBILE, NO_EARLIER)] == [
        "<sip:+4533221104@provider.example>;index=1",
        "<sip:+4533221100@provider.example;cause=486>;index=1.1;mp=1",
        "<sip:+4520304050@provider.example;user=phone;cause=408>;index=1.1.1;mp=1.1",
    ]


@pytest.mark.parametrize("style", ["diversion", "history-info", "both", "none"])
def test_of_a_call_that_was_not_forwarded_nothing_is_told(style: str) -> None:
    assert fields(style, [], MOBILE, NO_EARLIER) == ()


def test_both_or_none_are_told_as_the_trunk_wants() -> None:
    forwarders = [Forwarder(ANNA, "unconditional")]
    assert [name for name, _ in fields("both", forwarders, MOBILE, NO_EARLIER)] == [
        "Diversion",
        "History-Info",
        "History-Info",
    ]
    assert fields("none", forwarders, MOBILE, NO_EARLIER) == ()


def test_what_the_call_brought_along_is_passed_on_behind_and_before() -> None:
    earlier = Earlier(("<sip:x@y>;reason=user-busy",), ("<sip:x@y>;index=1", "<sip:us@us;cause=486>;index=1.1"))
    told = fields("both", [Forwarder(ANNA, "unconditional")], MOBILE, earlier)
    assert [value for name, value in told if name == "Diversion"][-1] == "<sip:x@y>;reason=user-busy"
    history = [value for name, value in told if name == "History-Info"]
    assert history[:2] == list(earlier.history)
    assert [value.partition("index=")[2] for value in history[2:]] == ["1.1.1", "1.1.1.1;mp=1.1.1"]


def invite(*lines: str) -> Request:
    request = parse_message(
        "\r\n".join(
            [
                "INVITE sip:+4533221104@us SIP/2.0",
                "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1",
                "From: <sip:a@b>;tag=1",
                "To: <sip:c@d>",
                "Call-ID: 1",
                "CSeq: 1 INVITE",
                *lines,
                "",
                "",
            ]
        ).encode()
    )
    assert isinstance(request, Request)
    return request


@pytest.mark.parametrize(
    ("lines", "count"),
    [
        ((), 0),
        (("Diversion: <sip:a@b>;reason=unconditional",), 1),
        (("Diversion: <sip:a@b>;reason=unconditional;counter=3, <sip:c@d>;reason=no-answer",), 4),
        (("Diversion: <sip:a@b>", "Diversion: <sip:c@d>;Counter=2"), 3),
        (("History-Info: <sip:a@b>;index=1, <sip:c@d;cause=302>;index=1.1",), 1),
        (('Diversion: "Anna, Ib <sip:a@b>, <sip:c@d>', "History-Info: <sip:a@b>;index=1,, <sip:c@d>;index=1.1"), 0),
        (("Diversion: <sip:a@b>;counter=999", "Diversion: <sip:a@b>;counter=x"), 100),
    ],
)
def test_forwardings_before_the_call_came_are_counted(lines: tuple[str, ...], count: int) -> None:
    assert earlier_of(invite(*lines)).forwardings == count


@given(st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40), max_size=5))
def test_whatever_the_headers_hold_a_call_goes_out_with_ours(values: list[str]) -> None:
    told = fields("both", [Forwarder(ANNA, "busy")], MOBILE, Earlier(tuple(values), tuple(values)))
    assert ("Diversion", "<sip:+4533221104@provider.example>;reason=user-busy;counter=1") in told
