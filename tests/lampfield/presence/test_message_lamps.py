"""Phones that ask for no message counts are told of voicemail all the same, once each, and the last counts stand."""

import asyncio
from collections.abc import Iterator

import pytest

from presence_pidf.message_summary import MessageCounts
from tests.support.exchange import Exchange
from tests.support.server import DOMAIN
from tests.support.virtual_phone import VirtualPhone


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("messages")) as running:
        yield running


def told(phone: VirtualPhone) -> list[str]:
    """The counts of each NOTIFY, as `new/old`."""
    return [message.body.split("Voice-Message: ")[1].split(" ")[0] for message in phone.unasked]


async def wait(phone: VirtualPhone, exchange: Exchange, new: int, old: int = 0, seconds: float = 1.0) -> None:
    """So many messages wait for whose phone it is."""
    exchange.parts.show_counts(f"sip:{phone.user}@{DOMAIN}", MessageCounts(new, old))
    await asyncio.sleep(seconds)


def test_every_phone_that_has_not_subscribed_is_told_when_the_counts_are_others(exchange: Exchange) -> None:
    async def story() -> None:
        desk, mobile, ingrid = [await exchange.phone(person) for person in ("henrik", "henrik", "ingrid")]
        subscribed = await mobile.watch("henrik", "message-summary")
        await wait(desk, exchange, 1)
        await wait(desk, exchange, 1)
        await wait(desk, exchange, 0, 1)
        assert told(desk) == ["1/0", "0/1"]
        assert [message.body.splitlines()[0] for message in subscribed] == [
            "Messages-Waiting: no",
            "Messages-Waiting: yes",
            "Messages-Waiting: no",
        ]
        assert told(mobile) == told(ingrid) == []
        (first, _) = desk.unasked
        assert first.uri == desk.contact.strip("<>")
        assert (first["Event"], first["Content-Type"]) == ("message-summary", "application/simple-message-summary")
        assert first["Subscription-State"] == "terminated;reason=noresource"

    exchange.run(story())


def test_a_phone_that_comes_is_told_what_waits_and_also_that_nothing_waits_any_more(exchange: Exchange) -> None:
    async def story() -> None:
        early = await exchange.phone("astrid")
        assert told(early) == [], "nobody who never had messages is told so"
        await wait(early, exchange, 2)
        late = await exchange.phone("astrid")
        await asyncio.sleep(1)
        assert told(late) == ["2/0"]
        assert (await late.register(3600)).status == 200
        await asyncio.sleep(1)
        assert told(late) == ["2/0"], "a refresh is nothing new"
        await late.register(0)
        await wait(early, exchange, 0, 2)
        await late.register(3600)
        await asyncio.sleep(1)
        assert told(late) == ["2/0", "0/2"]

    exchange.run(story())


def test_a_phone_that_refuses_is_left_alone_until_it_comes_anew(exchange: Exchange) -> None:
    async def story() -> None:
        phone = await exchange.phone("maja")
        phone.takes_notify = 489
        await wait(phone, exchange, 1)
        await wait(phone, exchange, 2)
        assert told(phone) == ["1/0"]
        await phone.register(0)
        await phone.register(3600)
        await asyncio.sleep(1)
        assert told(phone) == ["1/0", "2/0"]

    exchange.run(story())


def test_a_phone_that_did_not_answer_is_told_the_last_counts_when_it_refreshes(exchange: Exchange) -> None:
    async def story() -> None:
        phone = await exchange.phone("lars")
        phone.takes_notify = 0
        await wait(phone, exchange, 1)
        await wait(phone, exchange, 2)
        await wait(phone, exchange, 3, seconds=40.0)
        assert told(phone) == ["1/0"], "one at a time"
        phone.takes_notify = 200
        await phone.register(3600)
        await asyncio.sleep(1)
        assert told(phone) == ["1/0", "3/0"]

    exchange.run(story())


def test_counts_that_change_while_a_phone_answers_are_told_next(exchange: Exchange) -> None:
    async def story() -> None:
        phone = await exchange.phone("sofie")
        await wait(phone, exchange, 1, seconds=0.0)
        await wait(phone, exchange, 2, seconds=0.0)
        await wait(phone, exchange, 3)
        assert told(phone) == ["1/0", "3/0"]

    exchange.run(story())


def test_what_the_last_run_may_not_have_told_is_told_with_the_next_refresh(exchange: Exchange) -> None:
    async def story() -> None:
        oskar, freja = await exchange.phone("oskar"), await exchange.phone("freja")
        await wait(oskar, exchange, 1)
        exchange.parts.message_lamps.restore()
        for phone in (oskar, freja, oskar):
            await phone.register(3600)
            await asyncio.sleep(1)
        assert told(oskar) == ["1/0", "1/0"]
        assert told(freja) == []

    exchange.run(story())
