"""Phones register with digest, and are refused where they should be."""

import pytest

from tests.interop.conftest import Phones, Voice
from tests.support.server import DOMAIN, Server


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_pjsua_registers_with_digest_and_removes_its_binding(server: Server, phones: Phones, transport: str) -> None:
    phone = phones.registered(server, "astrid", transport=transport)
    phone.unregister("astrid")
    gone = phone.expect("registration", account="astrid")
    assert (gone["code"], gone["active"]) == (200, False)


def test_baresip_registers_with_digest(server: Server, phones: Phones, voices: dict[str, Voice]) -> None:
    phones.baresip(server, "astrid", voices["agent"])


def test_a_wrong_password_makes_no_binding(server: Server, phones: Phones) -> None:
    phone = phones.pjsua("thief")
    phone.account("thief", f"sip:henrik@{DOMAIN}", server=server.address, password="guessed")
    assert phone.expect("registration", account="thief")["code"] in (401, 403)
    caller = phones.registered(server, "astrid")
    assert caller.call("astrid", f"sip:209@{DOMAIN}").expect("DISCONNECTED")["code"] == 480


def test_nobody_registers_for_somebody_else(server: Server, phones: Phones) -> None:
    phone = phones.pjsua("thief")
    # The account of one person, with the address of record of another.
    phone.account(
        "thief", f"sip:henrik@{DOMAIN}", server=server.address, user="astrid", password=server.password("astrid")
    )
    assert phone.expect("registration", account="thief")["code"] == 403
