"""Lamps of the whole of signalling: real calls and registrations on one side, a phone that watches on the other."""

import asyncio
from collections.abc import Iterator

import pytest

from presence_pidf.dialog_state import DialogState
from presence_pidf.status_report import Activity, StatusReport
from tests.support.documents import valid
from tests.support.exchange import Exchange
from tests.support.plain_message import Message
from tests.support.server import DOMAIN
from tests.support.virtual_time import now

HENRIK, OSKAR = f"sip:henrik@{DOMAIN}", f"sip:oskar@{DOMAIN}"
DIALOG = "{urn:ietf:params:xml:ns:dialog-info}"
REGINFO = "{urn:ietf:params:xml:ns:reginfo}"
WATCHERINFO = "{urn:ietf:params:xml:ns:watcherinfo}"


@pytest.fixture(scope="module")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchange]:
    with Exchange(tmp_path_factory.mktemp("lamps")) as running:
        yield running


def shown(told: list[Message]) -> list[str]:
    """The states of the dialogs that the lamp shows."""
    return [each.text or "" for each in valid(told[-1].body.encode()).iter(f"{DIALOG}state")]


async def swept(exchange: Exchange, told: list[Message]) -> list[str]:
    """What the lamp shows after the next sweep."""
    exchange.parts.sweeper.sweep()
    exchange.parts.endpoint.wake()
    await asyncio.sleep(1)
    return shown(told)


def test_a_lamp_that_lost_a_step_of_a_call_is_mended_by_the_sweep_and_told(exchange: Exchange) -> None:
    async def story() -> None:
        lamps, mended = exchange.parts.lamps, exchange.parts.sweeper.mended
        astrid, henrik, ingrid = [await exchange.phone(person) for person in ("astrid", "henrik", "ingrid")]
        told = await ingrid.watch("209", "dialog")
        call = astrid.call("209")
        rings = await henrik.rings()
        rings.answer()
        await asyncio.sleep(1)
        assert shown(told) == ["confirmed"]
        assert await swept(exchange, told) == ["confirmed"]
        assert exchange.parts.sweeper.mended == mended, "what is right is left alone"
        (dialog,) = lamps.people(DOMAIN)["henrik"].dialogs
        lamps.dialog_changed(HENRIK, DialogState(dialog.id, dialog.direction, "terminated"), now())
        assert await swept(exchange, told) == ["confirmed"]
        call.hang_up()
        await asyncio.sleep(1)
        assert shown(told) == []
        lamps.dialog_changed(HENRIK, dialog, now())
        exchange.parts.endpoint.wake()
        await asyncio.sleep(1)
        assert shown(told) == ["confirmed"], "a lamp that is stuck"
        assert await swept(exchange, told) == []
        assert exchange.parts.sweeper.mended == mended + 2

    exchange.run(story())


def test_people_are_told_which_of_their_phones_are_registered_and_for_how_long(exchange: Exchange) -> None:
    async def story() -> None:
        henrik = await exchange.phone("henrik")
        told = await henrik.watch("henrik", "reg")
        await asyncio.sleep(100)
        await exchange.phone("henrik")
        await asyncio.sleep(1)
        documents = [valid(message.body.encode()) for message in told]
        left = [[int(each.get("expires") or "") for each in root.iter(f"{REGINFO}contact")] for root in documents]
        assert left == [[3600], [3500, 3600]]

    exchange.run(story())


def test_people_are_told_who_watches_them_and_for_how_long(exchange: Exchange) -> None:
    async def story() -> None:
        henrik, ingrid = await exchange.phone("henrik"), await exchange.phone("ingrid")
        told = await henrik.watch("henrik", "presence.winfo")
        await ingrid.watch("209", "presence", expires=300)
        exchange.parts.subscriptions.settle()
        exchange.parts.endpoint.wake()
        await asyncio.sleep(1)
        documents = [valid(message.body.encode()) for message in told]
        watchers = [
            [(each.text, each.get("expiration")) for each in root.iter(f"{WATCHERINFO}watcher")] for root in documents
        ]
        assert watchers == [[], [(f"sip:ingrid@{DOMAIN}", "300")]]

    exchange.run(story())


def test_somebody_without_a_phone_here_is_seen_by_what_others_report_of_them(exchange: Exchange) -> None:
    async def story() -> None:
        ingrid = await exchange.phone("ingrid")
        lamp, presence = await ingrid.watch("oskar", "dialog"), await ingrid.watch("oskar", "presence")

        async def said(activity: Activity) -> tuple[list[str], str]:
            report = StatusReport(presentity=OSKAR, source="mobile:telenor", activity=activity, at=now())
            exchange.parts.lamps.reported(report, now())
            exchange.parts.endpoint.wake()
            await asyncio.sleep(1)
            return shown(lamp), valid(presence[-1].body.encode()).findtext("{*}note") or ""

        assert await said("on-the-phone") == (["confirmed"], "On the phone")
        assert await said("meeting") == ([], "In a meeting")
        assert await said("unknown") == ([], "Not registered")

    exchange.run(story())
