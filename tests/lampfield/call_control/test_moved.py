"""Phones that forward calls by themselves (302), set at the phone."""

import asyncio
from collections.abc import Iterator

import pytest

from routing.events import CallForwarded
from tests.support.exchange import Exchange
from tests.support.plain_message import uri_of

MOBILE = "40123456"


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    company = {"people": {"lars": {"forwards_outside": False}}}
    with Exchange(tmp_path_factory.mktemp("moved"), company=company) as running:
        yield running


@pytest.mark.parametrize(
    "contacts",
    [
        ("<sip:201@nordlys.example>",),
        ("<sip:201@192.0.2.7:5060;transport=tcp>",),
        ("<sip:202@nordlys.example>;q=0.3", "Anna <sip:201@nordlys.example>;q=0.7"),
    ],
)
def test_a_call_goes_where_the_phone_says(exchange: Exchange, contacts: tuple[str, ...]) -> None:
    async def test() -> None:
        astrid, henrik, anna = [await exchange.phone(person) for person in ("astrid", "henrik", "anna")]
        call = astrid.call("209")
        (await henrik.rings()).refuse(302, *contacts)
        rings = await anna.rings()
        rings.answer()
        await call.up()
        call.hang_up()
        await rings.over()
        (forwarded,) = exchange.of(CallForwarded)
        assert (forwarded.person, forwarded.destination) == ("henrik", "person:anna")

    exchange.run(test())


def test_a_number_outside_is_called_and_told_who_forwards(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik = [await exchange.phone(person) for person in ("astrid", "henrik")]
        mobile = await exchange.outside()
        call = astrid.call("209")
        (await henrik.rings()).refuse(302, f"<sip:{MOBILE}@192.0.2.7;user=phone>")
        rings = await mobile.rings()
        assert uri_of(rings.diverted_by).startswith("sip:+4533221100@")
        rings.answer()
        await call.up()
        call.hang_up()
        await rings.over()

    exchange.run(test())


def test_the_persons_other_phones_stop_ringing(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, desk, other, anna = [await exchange.phone(person) for person in ("astrid", "henrik", "henrik", "anna")]
        call = astrid.call("209")
        ringing = await other.rings()
        ringing.ring()
        (await desk.rings()).refuse(302, "<sip:201@nordlys.example>")
        await ringing.over()
        rings = await anna.rings()
        rings.ring()
        call.cancel()
        await rings.over()

    exchange.run(test())


@pytest.mark.parametrize(
    ("person", "extension", "contact"),
    [
        ("lars", "204", f"<sip:{MOBILE}@nordlys.example>"),
        ("henrik", "209", "<sip:209@nordlys.example>"),
        ("henrik", "209", "<sip:nobody@elsewhere.example>"),
        ("henrik", "209", "<sip:112@nordlys.example>"),
        ("henrik", "209", "<mailto:henrik@nordlys.example>"),
        ("henrik", "209", "<sip:2@01"),
    ],
)
def test_where_the_person_may_not_forward_the_call_is_not_answered(
    exchange: Exchange, person: str, extension: str, contact: str
) -> None:
    async def test() -> None:
        astrid, phone = await exchange.phone("astrid"), await exchange.phone(person)
        call = astrid.call(extension)
        (await phone.rings()).refuse(302, contact)
        await call.over()
        assert call.statuses[-1] == 480

    exchange.run(test())


def test_two_phones_that_forward_to_each_other_end_the_call(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik, anna = [await exchange.phone(person) for person in ("astrid", "henrik", "anna")]
        call = astrid.call("209")
        (await henrik.rings()).refuse(302, "<sip:201@nordlys.example>")
        (await anna.rings()).refuse(302, "<sip:209@nordlys.example>")
        (await henrik.rings()).refuse(302, "<sip:201@nordlys.example>")
        await call.over()
        assert call.statuses[-1] == 482
        await asyncio.sleep(1)
        assert anna.is_silent

    exchange.run(test())
