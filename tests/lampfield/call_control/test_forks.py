"""Several phones behind a trunk ring for one call, each with early media of its own (RFC 3261 §13.2.2.4)."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.support.exchange import Exchange
from tests.support.virtual_phone import Line

NUMBER = "004540123456"


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("forks")) as running:
        yield running


async def two_forks(exchange: Exchange) -> tuple[Line, Line]:
    """The caller, and the call at the trunk, where an announcement plays and somebody's phone rings."""
    astrid, outside = await exchange.phone("astrid"), await exchange.outside()
    call = astrid.call(NUMBER)
    rings = await outside.rings()
    rings.describe("announcement", "PCMA", rtp=rings.rtp + 1000)
    await asyncio.sleep(1)
    rings.describe("phone", "PCMA", rtp=rings.rtp)
    await asyncio.sleep(1)
    return call, rings


@pytest.mark.parametrize("meanwhile", [0.0, 1.0])
def test_what_a_fork_that_loses_has_changed_by_update_is_nothing_to_the_one_that_answers(
    exchange: Exchange, meanwhile: float
) -> None:
    async def test() -> None:
        call, rings = await two_forks(exchange)
        rings.update("announcement", "PCMU", rtp=rings.rtp + 1000)
        await asyncio.sleep(meanwhile)
        rings.answer("phone")
        await call.up()
        await asyncio.sleep(1)
        assert rings.is_up
        assert (exchange.hears(call), exchange.hears(rings)) == (rings.phone.user, "astrid")
        assert rings.updated == [200 if meanwhile else 481]

    exchange.run(test())


def test_the_fork_that_answers_has_what_it_has_changed_by_update(exchange: Exchange) -> None:
    async def test() -> None:
        call, rings = await two_forks(exchange)
        rings.update("announcement", "PCMU", rtp=rings.rtp + 1000)
        await asyncio.sleep(1)
        rings.codecs = ("PCMU",)
        rings.update("phone", "PCMU", rtp=rings.rtp)
        await asyncio.sleep(1)
        rings.answer("phone")
        await call.up()
        await asyncio.sleep(1)
        assert (exchange.hears(call), exchange.hears(rings)) == (rings.phone.user, "astrid")
        assert rings.updated == [200, 200]

    exchange.run(test())


@pytest.mark.parametrize(
    ("direction", "told", "statuses"),
    [
        ("sendrecv", "sendrecv", [100, 183]),
        ("sendrecv", "sendonly, gated", [100, 183]),
        ("sendrecv", "inactive", [100, 180]),
        ("inactive", None, [100, 180]),
        ("recvonly", None, [100, 180]),
    ],
)
def test_the_caller_hears_ringing_where_the_network_sends_nothing_before_the_answer(
    exchange: Exchange, direction: str, told: str | None, statuses: list[int]
) -> None:
    async def test() -> None:
        astrid, outside = await exchange.phone("astrid"), await exchange.outside()
        call = astrid.call(NUMBER)
        rings = await outside.rings()
        fields = [("P-Early-Media", told)] if told else []
        rings.describe("phone", "PCMA", rtp=rings.rtp, direction=direction, fields=fields)
        await asyncio.sleep(1)
        assert call.statuses == statuses
        rings.answer("phone")
        await call.up()

    exchange.run(test())
