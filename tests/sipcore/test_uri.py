"""URIs by RFC 3261 §19.1 and RFC 3966."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sipcore.errors import ProtocolViolation
from sipcore.uri import OtherUri, SipUri, TelUri, parse_uri, unescape


def sip(text: str) -> SipUri:
    uri = parse_uri(text)
    assert isinstance(uri, SipUri)
    return uri


def test_every_part_of_a_sip_uri_is_read() -> None:
    uri = sip("sips:alice:secret@[2001:db8::9]:5061;transport=tcp;lr?subject=x&priority=urgent")
    assert uri == SipUri(
        scheme="sips",
        user="alice",
        password="secret",
        host="[2001:db8::9]",
        port=5061,
        params={"transport": "tcp", "lr": None},
        headers={"subject": "x", "priority": "urgent"},
    )
    assert uri.address == "2001:db8::9"
    assert str(uri) == "sips:alice:secret@[2001:db8::9]:5061;transport=tcp;lr?subject=x&priority=urgent"


@pytest.mark.parametrize(
    "text",
    [
        "sip:",
        "sip:@host",
        "sip:a@b@c",
        "sip:a b@c",
        "sip:host:port",
        "sip:host:70000",
        "sip:[2001:db8::1",
        "sip:a@host;;lr",
        "sip:a@host;lr ",
        "sip:a%4@host",
        "sip:a%zz@host",
        "<sip:a@host>",
        "alice",
        "",
        "tel:",
        "tel:not a number",
    ],
)
def test_malformed_uris_are_refused(text: str) -> None:
    with pytest.raises(ProtocolViolation):
        parse_uri(text)


@given(
    st.text("aZ9-_.!~*'()+%;=&$,?/:@ ", max_size=6),
    st.text("aZ9-._[]: ", max_size=6),
    st.sampled_from(("", ":", ":0", ":5060", ":65535", ":65536", ":123456", ":x")),
)
def test_a_plain_uri_is_read_as_one_by_the_whole_grammar(user: str, host: str, port: str) -> None:
    def read(scheme: str) -> SipUri | OtherUri | TelUri | str:
        try:
            return parse_uri(f"{scheme}:{user}@{host}{port}")
        except ProtocolViolation as violation:
            return violation.reason

    # Only the usual spelling of the scheme is read the short way.
    assert read("sip") == read("SIP")


@pytest.mark.parametrize("user", ["*21*33221100#", "user;par=u%40example.net", "a/b?c,d", "+4533221100", "&=+$,;?/"])
def test_users_as_phones_dial_them_are_taken(user: str) -> None:
    assert sip(f"sip:{user}@example.com").user == user


EQUIVALENT = [
    ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
    ("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"),
    (
        "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
        "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
    ),
    (
        "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
        "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
    ),
    ("sip:a@host;n%61me=v%61lue", "sip:a@host;name=value"),
    ("sip:12#@host", "sip:12%23@host"),
]
DIFFERENT = [
    ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
    ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
    ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
    ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
    ("sip:bob@biloxi.com", "sips:bob@biloxi.com"),
    ("sip:bob@biloxi.com", "sip:biloxi.com"),
    ("sip:bob@biloxi.com", "sip:bob:secret@biloxi.com"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com;maddr=192.0.2.1"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com;user=phone"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com;ttl=1"),
    ("sip:bob@biloxi.com", "sip:bob@biloxi.com;method=INVITE"),
    ("sip:a;b@host", "sip:a%3Bb@host"),
    ("sip:a@host;name=value%41", "sip:a@host;name=value%2541"),
    ("sip:bob@biloxi.com", "tel:+4533221100"),
]


@pytest.mark.parametrize(("one", "other"), EQUIVALENT)
def test_equivalent_uris_of_rfc_3261_section_19_1_4(one: str, other: str) -> None:
    assert sip(one).equivalent(sip(other))
    assert sip(other).equivalent(sip(one))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_uris_of_rfc_3261_section_19_1_4(one: str, other: str) -> None:
    assert not sip(one).equivalent(parse_uri(other))
    assert not parse_uri(other).equivalent(sip(one))


@pytest.mark.parametrize(
    ("text", "aor"),
    [
        ("sip:Anna@Nordlys.Example:5080;transport=tcp", "sip:Anna@nordlys.example"),
        ("sips:anna@nordlys.example", "sip:anna@nordlys.example"),
        ("sip:%61nna:secret@nordlys.example?subject=x", "sip:anna@nordlys.example"),
        ("sip:nordlys.example", "sip:nordlys.example"),
        ("sip:%2b45%23@nordlys.example", "sip:+45#@nordlys.example"),
        ("sip:null-%00-null@example.com", "sip:null-%00-null@example.com"),
        ("sip:a%0d%0aTo%3a%20b%40c%3e@example.com", "sip:a%0D%0ATo%3A%20b%40c%3E@example.com"),
        ("tel:+45-33-22.11(00)", "tel:+4533221100"),
    ],
)
def test_address_of_record_is_canonical_and_stays_one_uri(text: str, aor: str) -> None:
    assert parse_uri(text).aor == aor
    assert parse_uri(aor).aor == aor


def test_escaped_nul_does_not_end_the_user() -> None:
    assert sip("sip:null-%00-null@example.com").unescaped_user == "null-\0-null"


def test_escapes_are_undone_once() -> None:
    assert unescape("v%61lue%25%34%31") == "value%41"


def test_bytes_that_are_not_utf8_survive_unescaping() -> None:
    assert unescape("%ff").encode("utf-8", "surrogateescape") == b"\xff"


def test_tel_uris_are_compared_without_visual_separators() -> None:
    one, other = parse_uri("tel:+45-3322-1100;ext=5"), parse_uri("TEL:+4533221100;ext=5")
    assert isinstance(one, TelUri)
    assert one.digits == "+4533221100"
    assert one.params == {"ext": "5"}
    assert one.equivalent(other)
    assert not one.equivalent(parse_uri("tel:+4533221100"))
    assert not one.equivalent(parse_uri("tel:4533221100;ext=5"))


def test_other_schemes_are_carried_as_they_are() -> None:
    uri = parse_uri("soap.beep://192.0.2.103:3002")
    assert uri == OtherUri("soap.beep", "//192.0.2.103:3002")
    assert str(uri) == "soap.beep://192.0.2.103:3002"


USERS = st.text("abcXYZ019-_.!~*'()&=+$,;?/#%", min_size=1, max_size=20).map(lambda text: text.replace("%", "%41"))
NAMES = st.text("abcdefg019-._", min_size=1, max_size=8)
VALUES = st.none() | st.text("abcXYZ019-._:%", max_size=8).map(lambda text: text.replace("%", "%2F"))
SIP_URIS = st.builds(
    SipUri,
    scheme=st.sampled_from(["sip", "sips"]),
    user=st.none() | USERS,
    password=st.none(),
    host=st.sampled_from(["example.com", "192.0.2.7", "[2001:db8::7]", "a-b.example"]),
    port=st.none() | st.integers(0, 65535),
    params=st.dictionaries(NAMES, VALUES, max_size=4),
    headers=st.dictionaries(NAMES, VALUES, max_size=2),
)


@given(SIP_URIS)
def test_written_uri_reads_back_the_same(uri: SipUri) -> None:
    assert parse_uri(str(uri)) == uri
    assert uri.equivalent(sip(str(uri)))


@given(st.text(max_size=60) | st.from_regex(r"(sip|sips|tel):[ -~]{0,40}", fullmatch=True))
def test_any_text_is_a_uri_that_reads_back_or_a_violation(text: str) -> None:
    try:
        uri = parse_uri(text)
    except ProtocolViolation:
        return
    assert parse_uri(str(uri)) == uri
    assert parse_uri(uri.aor).aor == uri.aor
