"""Queues at work go by what the company's file says since: names that are told."""

import asyncio
from collections.abc import Iterator

import msgspec
import pytest

from routing.model import Company
from tests.support.exchange import Exchange
from tests.support.server import DOMAIN

MOBILE = "+4540404040"
COMPANY = {"queues": {"support": {"members": [MOBILE], "wrap_up_seconds": 0}}}


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("changed"), company=COMPANY) as running:
        yield running


@pytest.fixture(autouse=True)
def unchanged(exchange: Exchange) -> Iterator[None]:
    """Each test begins with the company as it was."""
    yield
    exchange.run(configure(exchange, company_of(exchange)))


async def configure(exchange: Exchange, *companies: Company) -> None:
    exchange.parts.houses.configure(companies)


def company_of(exchange: Exchange) -> Company:
    (company,) = exchange.parts.door.directory.companies.values()
    return company


def test_who_has_to_press_1_is_told_the_extension_that_the_queue_has_now(exchange: Exchange) -> None:
    async def test() -> None:
        company = company_of(exchange)
        others = {number: name for number, name in company.queue_extensions.items() if name != "support"}
        renumbered = msgspec.structs.replace(company, queue_extensions={**others, "377": "support"})
        exchange.parts.houses.configure([renumbered])
        mobile, astrid = await exchange.outside(MOBILE), await exchange.phone("astrid")
        line = astrid.call("377")
        answering = await mobile.rings()
        answering.answer()
        await asyncio.sleep(1)
        session = next(each for each in exchange.engine.sessions.values() if each.remote == answering.rtp)
        told = ["confirm/call-from", "word/extension", "number/3", "number/7", "number/7", "confirm/press"]
        clips = await exchange.parts.sounds.spoken(told, company.language, "PCMA", DOMAIN)
        assert session.announced == [clip.stem for clip in clips]
        exchange.parts.houses.configure([company])
        line.hang_up()

    exchange.run(test())
