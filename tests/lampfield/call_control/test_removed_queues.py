"""A queue that an import takes out of the company, while calls are in it, and that another one puts back."""

import asyncio
from collections.abc import Iterable, Iterator

import msgspec
import pytest

from routing.model import Company
from tests.support.exchange import Exchange
from tests.support.server import DOMAIN


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    company = {"queues": {"sales": {"members": ["anna"], "wrap_up_seconds": 0}}}
    with Exchange(tmp_path_factory.mktemp("queues"), company=company) as running:
        yield running


def without_sales(company: Company) -> Company:
    queues = {name: queue for name, queue in company.queues.items() if name != "sales"}
    extensions = {number: name for number, name in company.queue_extensions.items() if name != "sales"}
    return msgspec.structs.replace(company, queues=queues, queue_extensions=extensions)


@pytest.mark.parametrize("gone", [without_sales, None], ids=["queue", "company"])
def test_a_queue_that_comes_back_has_its_callers_and_conversations_still(exchange: Exchange, gone: object) -> None:
    async def test() -> None:
        parts = exchange.parts
        (company,) = parts.door.directory.companies.values()
        companies: Iterable[Company] = [without_sales(company)] if gone else []
        astrid, anna, ingrid = [await exchange.phone(person) for person in ("astrid", "anna", "ingrid")]
        talking, waiting = astrid.call("301"), None
        first = await anna.rings()
        first.answer()
        await asyncio.sleep(2)
        waiting = ingrid.call("301")
        await waiting.up()
        parts.houses.configure(companies)
        parts.houses.configure([company])
        assert exchange.hears(talking) == "anna"
        house = parts.houses.of_domain(DOMAIN)
        assert house is not None
        assert len(house.queues["sales"].state.callers) == len(house.queues["sales"].state.talks) == 1
        talking.hang_up()
        (await anna.rings()).answer()
        await asyncio.sleep(2)
        assert exchange.hears(waiting) == "anna"

    exchange.run(test())
