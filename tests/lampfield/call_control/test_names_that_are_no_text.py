"""Callers whose name is not UTF-8, or no name at all: older phones and networks send what they like."""

import asyncio
from collections.abc import Iterator

import pytest

from routing.events import CallArrived
from tests.lampfield.call_control.transfers import connected
from tests.support.exchange import Exchange
from tests.support.server import DOMAIN

HENRIKS_NUMBER, MAIN_NUMBER = "+4533221109", "+4533221100"
COMPANY = {"people": {"henrik": {"outside_number": HENRIKS_NUMBER}}}
LATIN = "J\udcfcrgen"
"""As Latin-1 writes it, read as UTF-8."""


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("names"), company=COMPANY) as running:
        yield running


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (LATIN, "Jürgen"),
        ("Jürgen", "Jürgen"),
        ("\x1b[2JKim\x00\x85", "[2JKim"),
        ("x" * 1000, "x" * 255),
    ],
)
def test_a_callers_name_is_one_line_of_text_for_phones_records_and_disk(
    exchange: Exchange, sent: str, shown: str
) -> None:
    async def test() -> None:
        henrik, network = await exchange.phone("henrik"), await exchange.outside()
        call = network.call(HENRIKS_NUMBER, {"From": f'"{sent}" <sip:+4540123456@127.0.0.1>;tag=n1'})
        answering = await henrik.rings()
        answering.ring()
        answering.answer()
        await call.up()
        await asyncio.sleep(1)
        assert answering.shown.startswith(f'"{shown}" <sip:+4540123456@')
        assert [event.caller_name for event in exchange.of(CallArrived)] == [shown]
        (kept,) = exchange.parts.kept_calls.load()
        assert kept.talk is not None
        assert kept.caller.party.name == shown

    exchange.run(test())


@pytest.mark.parametrize("field", ["From", "Contact", "Allow"])
def test_a_caller_whose_phone_writes_what_is_no_text_hears_the_menu_and_is_kept(exchange: Exchange, field: str) -> None:
    async def test() -> None:
        astrid = await exchange.phone("astrid")
        name = f'"{LATIN}" <sip:astrid@{DOMAIN}>;tag=n1'
        sent = {"From": name, "Contact": f'"{LATIN}" {astrid.contact}', "Allow": f"INVITE, {LATIN}"}
        call = astrid.call(MAIN_NUMBER, {field: sent[field]})
        await call.up()
        await asyncio.sleep(1)
        (kept,) = exchange.parts.kept_calls.load()
        assert kept.way is not None
        assert kept.way.menus == ("main",)
        assert call.is_up

    exchange.run(test())


def test_a_phone_whose_version_is_no_text_is_registered(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, anna = await exchange.phone("astrid"), await exchange.phone("anna")
        to = {"To": f"<sip:anna@{DOMAIN}>", "Expires": "600"}
        answer = await anna.ask("REGISTER", f"sip:{DOMAIN}", to | {"User-Agent": LATIN})
        assert answer.status == 200
        await connected(astrid, anna, "201")

    exchange.run(test())
