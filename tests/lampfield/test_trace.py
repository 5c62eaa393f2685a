"""Which messages `lampfield trace` shows of those that pass."""

import pytest

from lampfield.control_verbs import names_of
from lampfield.trace import TracedMessage, TraceFilter, traced
from provisioning.directory import directory_of
from sipcore.flow import Flow
from tests.routing.nordlys import company

LOCAL = ("127.0.0.1", 5060)


def message(caller: str, called: str, remote: tuple[str, int] = ("10.0.0.7", 5060)) -> TracedMessage:
    """An INVITE as it came in."""
    text = (
        f"INVITE sip:{called}@nordlys.example SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.7;branch=z9hG4bK1\r\n"
        f"From: <sip:{caller}@nordlys.example>;tag=1\r\nTo: <sip:{called}@nordlys.example>\r\n"
        "Call-ID: 8f3a-1\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    )
    found = traced("in", text.encode(), Flow("udp", LOCAL, remote), 1.0)
    assert found is not None
    return found


def wants(phone: str, told: TracedMessage) -> bool:
    directory = directory_of([company()], [])
    return TraceFilter(names_of(directory, phone)).wants(told)


@pytest.mark.parametrize("phone", ["201", "anna", "10.0.0.7", "10.0.0.7:5060"])
def test_a_phone_is_named_by_extension_id_or_address_whichever_its_messages_have(phone: str) -> None:
    assert wants(phone, message("anna", "300"))
    assert wants(phone, message("208", "201"))


@pytest.mark.parametrize(
    ("phone", "remote"),
    [("201", ("10.0.0.201", 5060)), ("201", ("10.0.0.7", 52010)), ("10.0.0.7", ("10.0.0.70", 5060))],
)
def test_an_extension_is_not_found_within_an_address(phone: str, remote: tuple[str, int]) -> None:
    assert not wants(phone, message("bo", "300", remote))


def test_a_call_is_named_by_any_part_of_its_call_id() -> None:
    assert TraceFilter(call="8f3a").wants(message("anna", "300"))
    assert not TraceFilter(call="9f3a").wants(message("anna", "300"))


def test_an_address_of_ipv6_is_named_without_its_brackets() -> None:
    assert wants("2001:db8::7", message("anna", "300", ("2001:db8::7", 5060)))


HEAD = (
    "{method} sip:208@nordlys.example SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.7;branch=z9hG4bK1\r\n"
    "From: <sip:anna@nordlys.example>;tag=1\r\nTo: <sip:bo@nordlys.example>\r\nCall-ID: 8f3a-1\r\n"
)


def shown(method: str, more: str, body: str = "") -> str:
    """A whole message as the trace has it."""
    text = f"{HEAD.format(method=method)}CSeq: 1 {method}\r\n{more}Content-Length: {len(body)}\r\n\r\n{body}"
    found = traced("in", text.encode(), Flow("udp", LOCAL, ("10.0.0.7", 5060)), 1.0)
    assert found is not None
    return found.text


@pytest.mark.parametrize(
    "header",
    [
        'Authorization: Digest username="anna", nonce="n1", response="5ec7e7", uri="sip:x"',
        'proxy-authorization :Digest response="5ec7e7",username="anna", nonce="n1"',
        'Authorization: Digest username="anna",\r\n nonce="n1",\r\n\tresponse="5ec7e7"',
        'Authorization:\r\n Digest username="anna", nonce="n1",\r\n response =\r\n "5ec7e7"',
        'Authorization: Digest username="anna", nonce="n1", RESPONSE=5ec7e7, qop=auth',
        'Authorization: Digest username="anna", realm="a\\", response=", nonce="n1", response="5ec7e7"',
        'Authorization: Digest username="anna", realm="response=", nonce="n1", response="5ec7e7"',
        'Authentication-Info: rspauth="5ec7e7", cnonce="anna", nextnonce="n1"',
    ],
)
def test_a_digests_proof_is_blanked_however_it_is_written(header: str) -> None:
    text = shown("REGISTER", f"{header}\r\nUser-Agent: Desk/1\r\n")
    assert "5ec7e7" not in text
    assert all(told in text for told in ('"anna"', '"n1"', "***", "User-Agent: Desk/1\r\n"))


def test_credentials_of_other_kinds_are_blanked_whole() -> None:
    text = shown("REGISTER", "Authorization: Basic\r\n YW5uYTpzZWNyZXQ=\r\nExpires: 60\r\n")
    assert "Authorization: ***\r\nExpires: 60\r\n" in text


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/dtmf-relay", "Signal=5\r\nDuration=160\r\n"),
        ("Application/DTMF-Relay;x=y", "Duration= 160\r\n signal = 5\r\n"),
        ("application/dtmf", "5"),
        ("application/dtmf\r\nContent-Type: text/plain", "5"),
    ],
)
def test_keys_that_may_be_those_of_a_pin_are_blanked(kind: str, body: str) -> None:
    for name in ("Content-Type", "c"):
        told = shown("INFO", f"{name}: {kind}\r\n", body).partition("\r\n\r\n")[2]
        assert "5" not in told
        assert "***" in told
        assert ("160" in told) == ("160" in body)


def test_other_bodies_are_shown_as_they_are() -> None:
    body = "Signal=5\r\nresponse=1\r\n"
    assert shown("INFO", "Content-Type: text/plain\r\n", body).endswith(body)
