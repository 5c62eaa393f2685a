"""What a caller is sent who is answered at once, and one for whom a phone rings."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.support.exchange import Exchange


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("at-once")) as running:
        yield running


def test_a_caller_whom_the_menu_answers_at_once_is_sent_nothing_before_the_answer(exchange: Exchange) -> None:
    async def test() -> None:
        caller = await exchange.outside()
        await asyncio.sleep(1)  # the engine has opened sessions in advance
        call = caller.call("+4533221100")
        await call.up()
        assert call.statuses == [200]
        call.hang_up()

    exchange.run(test())


def test_a_caller_for_whom_a_phone_rings_is_told_that_it_is_tried(exchange: Exchange) -> None:
    async def test() -> None:
        astrid, henrik = [await exchange.phone(person) for person in ("astrid", "henrik")]
        call = astrid.call("209")
        rings = await henrik.rings()
        assert call.statuses == [100]
        rings.ring()
        rings.answer()
        await call.up()
        assert call.statuses == [100, 180, 200]
        call.hang_up()
        await rings.over()

    exchange.run(test())
