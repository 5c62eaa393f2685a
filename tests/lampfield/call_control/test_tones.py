"""Phones without telephone events: whether the engine is told so, and whom their keys reach."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.lampfield.call_control.transfers import connected
from tests.support.exchange import Exchange
from tests.support.fake_engine import Session
from tests.support.virtual_phone import Line


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("tones")) as running:
        yield running


def audio_of(exchange: Exchange, line: Line) -> Session:
    (session,) = [each for each in exchange.engine.sessions.values() if each.remote == line.rtp]
    return session


async def talking(exchange: Exchange, *, astrid_events: bool, henrik_events: bool) -> tuple[Line, Line]:
    astrid, henrik = await exchange.phone("astrid"), await exchange.phone("henrik")
    astrid.with_events, henrik.with_events = astrid_events, henrik_events
    return await connected(astrid, henrik, "209")


def test_the_engine_knows_who_has_no_telephone_events_and_hears_of_each_change(exchange: Exchange) -> None:
    async def test() -> None:
        call, answering = await talking(exchange, astrid_events=True, henrik_events=False)
        assert audio_of(exchange, call).has_events
        assert not audio_of(exchange, answering).has_events
        for line, events in ((call, False), (answering, True), (call, True)):
            line.phone.with_events = events
            line.retrieve()
            await asyncio.sleep(1)
            assert audio_of(exchange, line).has_events == events

    exchange.run(test())


def test_who_tells_keys_by_info_is_not_listened_to_for_the_tones_of_the_same_keys(exchange: Exchange) -> None:
    async def test() -> None:
        call, answering = await talking(exchange, astrid_events=False, henrik_events=False)
        call.press_by_info("5")
        await asyncio.sleep(1)
        assert audio_of(exchange, call).deaf_to_tones
        assert not audio_of(exchange, answering).deaf_to_tones
        assert audio_of(exchange, answering).keys == "5"

    exchange.run(test())
