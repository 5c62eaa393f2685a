"""Addresses of From, To, Contact and Route (RFC 3261 §20.10, §25.1) and Via (§20.42)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipcore.address import NameAddr, parse_name_addr, parse_name_addrs
from sipcore.errors import ProtocolViolation
from sipcore.header import parse_params, quote, split_values, unquote
from sipcore.uri import SipUri, parse_uri
from sipcore.via import Via, parse_via


@pytest.mark.parametrize(
    ("text", "display", "uri", "params"),
    [
        ('"Bob" <sips:bob@biloxi.com> ;tag=a48s', "Bob", "sips:bob@biloxi.com", {"tag": "a48s"}),
        ("sip:+12125551212@phone2net.com;tag=887s", "", "sip:+12125551212@phone2net.com", {"tag": "887s"}),
        (
            "Anonymous <sip:c8oqz84zk7z@privacy.org>;tag=hyh8",
            "Anonymous",
            "sip:c8oqz84zk7z@privacy.org",
            {"tag": "hyh8"},
        ),
        ("caller<sip:caller@example.com>;tag=3", "caller", "sip:caller@example.com", {"tag": "3"}),
        ('"J \\"R\\" \\\\" <sip:j@r>', 'J "R" \\', "sip:j@r", {}),
        ('"a <sip:x@y>, b" <sip:c@d;lr>;Q=0.3', "a <sip:x@y>, b", "sip:c@d;lr", {"q": "0.3"}),
        ("The Operator <sip:o@d>", "The Operator", "sip:o@d", {}),
        ("<tel:+4533221100>", "", "tel:+4533221100", {}),
        (
            '<sip:a@b>;+sip.instance="<urn:uuid:0-1;2>";ob',
            "",
            "sip:a@b",
            {"+sip.instance": '"<urn:uuid:0-1;2>"', "ob": None},
        ),
        ("Ærø Æblegård <sip:ae@d>", "Ærø Æblegård", "sip:ae@d", {}),
    ],
)
def test_addresses_are_read(text: str, display: str, uri: str, params: dict[str, str | None]) -> None:
    address = parse_name_addr(text)
    assert address == NameAddr(display, parse_uri(uri), params)
    assert parse_name_addr(str(address)) == address


@pytest.mark.parametrize(
    "value", ["", "a", "a1-.!%*_+`'~", '"a"', '"a;b"', "a b", " a", "a=b", "a;b", "a;tag=b", "\u00e4", "a,b"]
)
def test_a_tag_alone_is_read_as_among_others(value: str) -> None:
    alone = parse_name_addr(f"<sip:anna@nordlys.example>;tag={value}")
    assert alone.params == {
        name: param
        for name, param in parse_name_addr(f"<sip:anna@nordlys.example>;x;tag={value}").params.items()
        if name != "x"
    }


def test_parameters_without_brackets_belong_to_the_header() -> None:
    address = parse_name_addr("sip:bob@biloxi.com;transport=tcp")
    assert isinstance(address.uri, SipUri)
    assert address.uri.params == {}
    assert address.params == {"transport": "tcp"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<>",
        '"Mr. J. User <sip:j.user@example.com>',
        "<sip:a@b",
        "sip:a@b>",
        "<sip:a@b> x;tag=1",
        "<sip:a@b>;;;",
        '<sip:a@b>;x="1',
        "sip:user@example.com?Route=%3Csip:sip.example.com%3E",
        "<sip:a@b><sip:c@d>",
    ],
)
def test_malformed_addresses_are_refused(text: str) -> None:
    with pytest.raises(ProtocolViolation):
        parse_name_addr(text)


def test_a_list_is_split_neither_in_quotes_nor_in_brackets() -> None:
    text = '"A, \\", <B>" <sip:a,b@c;x=y,z>;q=1, <sip:d@e> , sip:f@g'
    assert [str(address.uri) for address in parse_name_addrs(text)] == ["sip:a,b@c;x=y,z", "sip:d@e", "sip:f@g"]


@pytest.mark.parametrize("text", ["a,", ",a", "a,,b", ",", '"a,b', '<a>,"b', "<a,b"])
def test_lists_with_empty_or_unbalanced_values_are_refused(text: str) -> None:
    with pytest.raises(ProtocolViolation):
        split_values(text)


def test_a_long_unbalanced_list_is_refused_in_linear_time() -> None:
    with pytest.raises(ProtocolViolation):
        split_values("a," + '"\\"' * 100_001)
    with pytest.raises(ProtocolViolation):
        parse_params(";a=" + '"\\"' * 100_001)


def test_with_tag_adds_the_tag_only() -> None:
    address = parse_name_addr('"Bob" <sip:bob@biloxi.com>;x=1')
    assert address.tag is None
    assert str(address.with_tag("a48s")) == '"Bob" <sip:bob@biloxi.com>;x=1;tag=a48s'


@given(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])))
def test_any_display_name_survives_quoting(display: str) -> None:
    address = NameAddr(display, parse_uri("sip:a@b"), {"tag": "1"})
    assert parse_name_addr(str(address)) == address
    assert unquote(quote(display)) == display


def test_via_is_read_with_white_space_and_ipv6() -> None:
    via = parse_via(
        "SIP  /  2.0 / udp   [2001:db8::9:1] : 5070 ; branch = z9hG4bK87asdks7 ;rport; received=[2001:db8::1]"
    )
    assert (via.transport, via.host, via.port) == ("UDP", "[2001:db8::9:1]", 5070)
    assert (via.branch, via.received, via.rport, via.wants_rport) == ("z9hG4bK87asdks7", "2001:db8::1", None, True)


def test_via_without_rport_does_not_want_it() -> None:
    via = parse_via("SIP/2.0/TCP pc33.atlanta.com;branch=z9hG4bK776asdhds")
    assert (via.port, via.rport, via.wants_rport, via.received) == (None, None, False, None)


def test_received_and_rport_are_filled_in() -> None:
    via = parse_via("SIP/2.0/UDP 10.1.1.1:4540;rport;branch=z9hG4bKkjshdyff")
    filled = via.with_params(received="192.0.2.1", rport="9988")
    assert str(filled) == "SIP/2.0/UDP 10.1.1.1:4540;rport=9988;branch=z9hG4bKkjshdyff;received=192.0.2.1"
    assert (filled.received, filled.rport) == ("192.0.2.1", 9988)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SIP/2.0/UDP",
        "SIP/2.0 host",
        "UDP host",
        "SIP/2.0/UDP host:99999",
        "SIP/2.0/UDP host;;branch=1",
        "SIP/2.0/UDP host;",
        "SIP/2.0/UDP a b;branch=1",
        "SIP/2.0/UDP [::1;branch=1",
    ],
)
def test_malformed_vias_are_refused(text: str) -> None:
    with pytest.raises(ProtocolViolation):
        parse_via(text)


@given(
    st.builds(
        Via,
        transport=st.sampled_from(["UDP", "TCP", "TLS", "SCTP"]),
        host=st.sampled_from(["192.0.2.1", "[::1]", "host.example"]),
        port=st.none() | st.integers(0, 65535),
        params=st.dictionaries(
            st.text("abc-.", min_size=1), st.none() | st.text("abc019-.", min_size=1) | st.text().map(quote), max_size=4
        ),
    )
)
def test_written_via_reads_back_the_same(via: Via) -> None:
    assert parse_via(str(via)) == via
