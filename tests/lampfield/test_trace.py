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
