"""Who calls from the telephone network, as providers write it."""

import pytest

from lampfield.call_control.calling_party import from_trunk, withholds
from lampfield.call_control.identity import ANONYMOUS, Identity
from sipcore.message import Request, parse_message

CALLER = "<sip:+4540123456@provider.example;user=phone>;tag=1"


def caller(from_: str = CALLER, **fields: str) -> Identity:
    told = [(name.replace("_", "-"), value) for name, value in fields.items()]
    return from_trunk(Request("INVITE", "sip:+4533221100@us", [("From", from_), *told]))


@pytest.mark.parametrize(
    "from_",
    [
        CALLER,
        "sip:+4540123456@provider.example;tag=1",
        "<sip:%2B4540123456@provider.example>;tag=1",
        "<tel:+45-40-12-34-56;cpc=ordinary>;tag=1",
        # Parameters of the telephone number, as of one that was ported (RFC 4694, RFC 3261 §19.1.6).
        "<sip:+4540123456;npdi;rn=+4511@provider.example;user=phone>;tag=1",
    ],
)
def test_the_number_is_the_same_however_the_provider_writes_it(from_: str) -> None:
    assert caller(from_) == Identity("+4540123456")


@pytest.mark.parametrize(
    "asserted", ['"Karen" <sip:+4540999999@provider.example>, <tel:+4540999999>', '"Karen" <tel:+4540-999-999;isub=1>']
)
def test_what_the_network_asserts_goes_before_from(asserted: str) -> None:
    assert caller(P_Asserted_Identity=asserted) == Identity("+4540999999", "Karen")


@pytest.mark.parametrize("asserted", ["", "<sip:+45 4099", "Karen", '"Karen, Ib <sip:a@b>, <tel:+45>'])
def test_an_assertion_that_cannot_be_read_is_none(asserted: str) -> None:
    assert caller(P_Asserted_Identity=asserted) == Identity("+4540123456")


PARTY = '"Karen" <sip:+4540999999@provider.example>'


@pytest.mark.parametrize(
    "told",
    [
        PARTY,
        f"{PARTY};party=calling;screen=yes;privacy=off",
        f"{PARTY};Party=Calling;id-type=subscriber",
        f"<sip:+4533221100@us>;party=called, {PARTY};party=calling",
    ],
)
def test_without_an_assertion_the_remote_party_goes_before_from(told: str) -> None:
    assert caller(Remote_Party_ID=told) == Identity("+4540999999", "Karen")


def test_an_assertion_goes_before_the_remote_party() -> None:
    assert caller(Remote_Party_ID=f"{PARTY};privacy=full", P_Asserted_Identity="<tel:+4540123456>") == Identity(
        "+4540123456"
    )


@pytest.mark.parametrize("privacy", ["full", "FULL", "id", "uri", '"full"', '"name,uri"', "full-network"])
def test_a_remote_party_that_withholds_its_number_is_not_shown(privacy: str) -> None:
    assert caller(Remote_Party_ID=f"{PARTY};party=calling;privacy={privacy}") == ANONYMOUS


def test_a_remote_party_that_withholds_its_name_is_shown_by_number() -> None:
    assert caller(Remote_Party_ID=f"{PARTY};privacy=name") == Identity("+4540999999")


@pytest.mark.parametrize("told", ["", "Karen", "<sip:+45 4099", "<sip:+4533221100@us>;party=called"])
def test_a_remote_party_that_names_no_caller_is_none(told: str) -> None:
    assert caller(Remote_Party_ID=told) == Identity("+4540123456")


@pytest.mark.parametrize("privacy", ["id", "user\r\nPrivacy: id"])
def test_a_number_is_withheld_on_whichever_line_that_is_asked_for(privacy: str) -> None:
    lines = (f"From: {CALLER}", f"Privacy: {privacy}", "P-Asserted-Identity: <tel:+4540123456>")
    request = parse_message("\r\n".join(["INVITE sip:a@b SIP/2.0", *lines, "", ""]).encode())
    assert isinstance(request, Request)
    assert from_trunk(request) == ANONYMOUS


@pytest.mark.parametrize("privacy", ["id", "ID", "id;critical", "user; id", "header;\tid ;user", "user,id"])
def test_a_number_that_is_withheld_is_not_shown(privacy: str) -> None:
    assert caller(Privacy=privacy, P_Asserted_Identity="<tel:+4540123456>") == ANONYMOUS


@pytest.mark.parametrize("privacy", ["none", "header", "idle"])
def test_other_privacy_withholds_no_number(privacy: str) -> None:
    assert caller(Privacy=privacy) == Identity("+4540123456")


@pytest.mark.parametrize(
    "from_",
    [
        '"Anonymous" <sip:Anonymous@provider.example>;tag=1',
        '"Unavailable" <sip:restricted@anonymous.invalid>;tag=1',
        '"Unavailable" <sip:unavailable@unknown.invalid>;tag=1',
        "<sip:provider.example>;tag=1",
    ],
)
def test_a_from_without_a_caller_is_anonymous(from_: str) -> None:
    assert caller(from_) == ANONYMOUS


@pytest.mark.parametrize(
    ("from_", "fields", "withheld"),
    [
        ("<sip:henrik@nordlys.example>;tag=1", {}, False),
        ("<sip:henrik@nordlys.example>;tag=1", {"Privacy": "none"}, False),
        ("<sip:henrik@nordlys.example>;tag=1", {"Privacy": "user; id"}, True),
        ('"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1', {}, True),
    ],
)
def test_a_phone_asks_not_to_be_shown_by_privacy_or_an_anonymous_from(
    from_: str, fields: dict[str, str], withheld: bool
) -> None:
    assert withholds(Request("INVITE", "sip:40123456@nordlys.example", [("From", from_), *fields.items()])) == withheld


def test_a_name_that_is_no_number_still_makes_a_sound_address() -> None:
    shown = caller('"Front" <sip:front%20desk%40x;a=b@provider.example>;tag=1')
    assert str(shown.address("nordlys.example")) == '"Front" <sip:front%20desk%40x@nordlys.example>'


def test_a_name_in_latin_1_is_read_as_such() -> None:
    # As gateways to ISDN send it; a header holds it as it came.
    assert caller(f'"M\udcfcller" {CALLER}') == Identity("+4540123456", "M\u00fcller")
