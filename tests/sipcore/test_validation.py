"""What a message must have before it is worked on. The messages of RFC 4475 are in test_torture."""

import pytest

from sipcore.errors import ProtocolViolation
from sipcore.message import Request, Response, parse_message
from sipcore.validation import check_request, check_response

SOUND = """INVITE sip:bob@biloxi.example.com SIP/2.0
Via: SIP/2.0/UDP pc33.atlanta.example.com;branch=z9hG4bK776asdhds
Max-Forwards: 70
To: Bob <sip:bob@biloxi.example.com>
From: Alice <sip:alice@atlanta.example.com>;tag=1928301774
Call-ID: a84b4c76e66710@pc33.atlanta.example.com
CSeq: 314159 INVITE
Contact: <sip:alice@pc33.atlanta.example.com>
Content-Type: application/sdp
Content-Length: 4

v=0
"""


def check(text: str) -> None:
    message = parse_message(text.replace("\n", "\r\n").encode())
    if isinstance(message, Request):
        check_request(message)
    else:
        check_response(message)


def test_a_sound_request_passes() -> None:
    check(SOUND)


@pytest.mark.parametrize(
    ("sound", "broken", "status"),
    [
        ("Via: SIP/2.0/UDP pc33.atlanta.example.com;branch=z9hG4bK776asdhds\n", "", 400),
        ("To: Bob <sip:bob@biloxi.example.com>\n", "", 400),
        ("From: Alice <sip:alice@atlanta.example.com>;tag=1928301774\n", "", 400),
        ("Call-ID: a84b4c76e66710@pc33.atlanta.example.com\n", "", 400),
        ("CSeq: 314159 INVITE\n", "", 400),
        ("CSeq: 314159 INVITE", "CSeq: 314159 ACK", 400),
        ("Contact: <sip:alice@pc33.atlanta.example.com>\n", "", 400),
        ("Contact: <sip:alice@pc33.atlanta.example.com>", "Contact: <sip:a@b>, <sip:c@d>", 400),
        ("Contact: <sip:alice@pc33.atlanta.example.com>", "Contact: <mailto:a@b>", 400),
        ("Content-Type: application/sdp\n", "", 400),
        ("Content-Type: application/sdp\n", "Content-Type: application/sdp\nc: text/plain\n", 400),
        ("Content-Length: 4", "Content-Length: 40", 400),
        ("Max-Forwards: 70", "Max-Forwards: many", 400),
        ("Max-Forwards: 70", "no header field", 400),
        ("Max-Forwards: 70", "Bad Name: 70", 400),
        ("branch=z9hG4bK776asdhds", "branch=z9hG4bK", 400),
        ("INVITE sip:bob@biloxi.example.com SIP/2.0", "INVITE sip:bob@biloxi.example.com SIP/3.0", 505),
        ("INVITE sip:bob@biloxi.example.com SIP/2.0", "INVITE sip:bob@biloxi.example.com SIP/two", 400),
        ("INVITE sip:bob@biloxi.example.com SIP/2.0", "INVITE mailto:bob@biloxi.example.com SIP/2.0", 416),
        ("INVITE sip:bob@biloxi.example.com SIP/2.0", "INVITE sip:bob@biloxi.example.com?a=b SIP/2.0", 400),
        ("INVITE sip:bob@biloxi.example.com SIP/2.0", "INVITE sip:@ SIP/2.0", 400),
        ("INVITE sip:bob@biloxi.example.com SIP/2.0", "NEWMETHOD sip:bob@biloxi.example.com SIP/2.0", 501),
    ],
)
def test_a_broken_request_is_refused_with_its_status(sound: str, broken: str, status: int) -> None:
    assert sound in SOUND
    with pytest.raises(ProtocolViolation) as violation:
        check(SOUND.replace(sound, broken))
    assert violation.value.status == status


@pytest.mark.parametrize(
    ("strict", "lenient"),
    [
        ("INVITE sip:bob@biloxi.example.com SIP/2.0", "INVITE tel:+4533221100 SIP/2.0"),
        ("INVITE sip:bob@biloxi.example.com SIP/2.0", "INVITE sip:bob@biloxi.example.com sip/2.0"),
        ("Max-Forwards: 70\n", ""),
        ("Max-Forwards: 70", "Date: Fri, 01 Jan 2010 16:00:00 EST"),
        ("Max-Forwards: 70", "Expires: soon"),
        (";tag=1928301774", ""),
    ],
)
def test_what_we_do_not_depend_on_may_be_malformed(strict: str, lenient: str) -> None:
    assert strict in SOUND
    check(SOUND.replace(strict, lenient))


def test_register_needs_a_sip_address_of_record() -> None:
    register = SOUND.replace("INVITE", "REGISTER")
    check(register)
    with pytest.raises(ProtocolViolation):
        check(register.replace("To: Bob <sip:bob@biloxi.example.com>", "To: <isbn:2983792873>"))


def test_a_response_without_what_it_is_matched_by_is_refused() -> None:
    response = SOUND.replace("INVITE sip:bob@biloxi.example.com SIP/2.0", "SIP/2.0 200 OK")
    check(response)
    assert isinstance(parse_message(response.replace("\n", "\r\n").encode()), Response)
    for line in ("CSeq: 314159 INVITE\n", "Call-ID: a84b4c76e66710@pc33.atlanta.example.com\n"):
        with pytest.raises(ProtocolViolation):
            check(response.replace(line, ""))
    with pytest.raises(ProtocolViolation):
        check(response.replace("Content-Length: 4", "Content-Length: 40"))
