"""Links to Asterisk, from a simulated ARI to reports and back, in virtual time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from presence_pidf.status_report import Activity
from status_adapters.adapter import Watched
from status_adapters.ari import AriAdapter, AriSettings
from status_adapters.http_client import LoginRefused, SourceFault
from status_adapters.simulated.asterisk import PASSWORD, USER, SimulatedAsterisk
from status_adapters.simulated.faults import FaultKind, Faults, Faulty
from tests.support.adapter_bench import Book, means, running
from tests.support.asgi_server import served
from tests.support.virtual_time import now, run

ANNA, BO = (Watched(f"sip:{name}@nordlys.example") for name in ("anna", "bo"))
DEVICE = "PJSIP/anna"


class Link:
    asterisk: SimulatedAsterisk
    faults: Faults
    adapter: AriAdapter
    book: Book

    async def heard(self, activity: Activity) -> None:
        await self.book.until(
            lambda: bool(self.book.of(ANNA.presentity)) and self.book.last(ANNA.presentity).activity == activity
        )


@asynccontextmanager
async def link(
    *, run_it: bool = True, password: str = PASSWORD, direction: str = "both", named: tuple[str, ...] = ()
) -> AsyncIterator[Link]:
    it = Link()
    it.faults = Faults()
    it.asterisk = SimulatedAsterisk(now, it.faults)
    it.asterisk.states = {DEVICE: "NOT_INUSE", "SIP/200": "INUSE"}
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(served(Faulty(it.asterisk, it.faults)))
        settings = AriSettings(f"{url}/ari", USER, "pbx", direction=direction, people=named)
        it.adapter = AriAdapter("pbx", settings, means({"pbx": password}))
        it.adapter.watch([ANNA])
        if run_it:
            it.book = await stack.enter_async_context(running(it.adapter))
            await it.book.until(lambda: bool(it.book.log_ins))
            await asyncio.sleep(1)
        yield it


@pytest.mark.parametrize(
    ("state", "activity", "reachable"),
    [
        ("INUSE", "on-the-phone", True),
        ("ONHOLD", "on-the-phone", True),
        ("RINGINUSE", "on-the-phone", True),
        ("RINGING", "available", True),
        ("UNAVAILABLE", "unknown", False),
        ("INVALID", "unknown", None),
    ],
)
def test_states_of_devices_are_taken_in_as_they_change(state: str, activity: Activity, reachable: bool | None) -> None:
    async def scenario() -> None:
        async with link() as it:
            assert it.book.last(ANNA.presentity).activity == "available"
            await it.asterisk.change(DEVICE, state)
            await it.book.until(lambda: len(it.book.reports) == 2)
            report = it.book.last(ANNA.presentity)
            assert (report.source, report.activity, report.reachable) == ("pbx:pbx", activity, reachable)

    run(scenario())


def test_devices_that_are_called_otherwise_are_named() -> None:
    async def scenario() -> None:
        async with link(named=("bo@nordlys.example=SIP/200",)) as it:
            it.adapter.watch([ANNA, BO])
            await it.book.until(lambda: bool(it.book.of(BO.presentity)))
            assert it.book.last(BO.presentity).activity == "on-the-phone"

    run(scenario())


def test_a_connection_that_ends_ends_the_run_and_the_next_asks_for_all_anew() -> None:
    async def scenario() -> None:
        async with link(run_it=False) as it:
            book = Book()
            first = asyncio.ensure_future(it.adapter.run(book.report, book))
            await book.until(lambda: bool(book.reports))
            await it.asterisk.hang_up()
            with pytest.raises(SourceFault, match="WebSocket of events ended"):
                await first
            it.asterisk.states[DEVICE] = "INUSE"
            async with running(it.adapter) as again:
                await again.until(lambda: bool(again.reports))
                assert again.last(ANNA.presentity).activity == "on-the-phone"

    run(scenario())


def test_who_is_quiet_is_reported_now_and_then() -> None:
    async def scenario() -> None:
        async with link() as it:
            await asyncio.sleep(1000)
            assert len(it.book.reports) == 4
            assert it.asterisk.connections == 1

    run(scenario())


def test_peoples_states_here_are_shown_there() -> None:
    async def scenario() -> None:
        async with link() as it:
            for activity in ("on-the-phone", "meeting", "vacation", "available", "available"):
                it.adapter.tell(ANNA.presentity, activity, "", now())
                await asyncio.sleep(1)
            states = ["INUSE", "BUSY", "UNAVAILABLE", "NOT_INUSE"]
            assert it.asterisk.set == [("Stasis:anna", state) for state in states]

    run(scenario())


def test_a_call_in_asterisk_is_not_shown_to_it_as_ours() -> None:
    async def scenario() -> None:
        async with link() as it:
            await it.asterisk.change(DEVICE, "INUSE")
            await it.heard("on-the-phone")
            it.adapter.tell(ANNA.presentity, "on-the-phone", "", now())
            await asyncio.sleep(1)
            assert it.asterisk.set == [("Stasis:anna", "NOT_INUSE")]
            await it.asterisk.change(DEVICE, "NOT_INUSE")
            await asyncio.sleep(1)
            assert it.asterisk.set[-1] == ("Stasis:anna", "INUSE"), "the person talks on here"

    run(scenario())


def test_what_could_not_be_shown_is_tried_again() -> None:
    async def scenario() -> None:
        async with link() as it:
            it.faults.order("error")
            it.adapter.tell(ANNA.presentity, "on-the-phone", "", now())
            await asyncio.sleep(1)
            assert "not told" in it.book.errors[-1]
            await asyncio.sleep(300)
            assert it.asterisk.set == [("Stasis:anna", "INUSE")]

    run(scenario())


def test_a_link_in_one_direction_is_silent_in_the_other() -> None:
    async def scenario() -> None:
        async with link(direction="in") as it:
            it.adapter.tell(ANNA.presentity, "on-the-phone", "", now())
            await asyncio.sleep(1)
            assert it.asterisk.set == []
        async with link(direction="out") as it:
            it.adapter.tell(ANNA.presentity, "on-the-phone", "", now())
            await asyncio.sleep(1)
            assert len(it.asterisk.set) == 1
            assert it.book.reports == []

    run(scenario())


def test_events_that_come_twice_change_nothing() -> None:
    async def scenario() -> None:
        async with link() as it:
            it.faults.order("duplicate")
            await it.asterisk.change(DEVICE, "INUSE")
            await it.heard("on-the-phone")
            await it.asterisk.change(DEVICE, "NOT_INUSE")
            await it.heard("available")

    run(scenario())


@pytest.mark.parametrize("text", ["{", '{"type": 5}', '"x"', "x" * 1_100_000])
def test_an_event_that_is_none_ends_the_run(text: str) -> None:
    async def scenario() -> None:
        async with link(run_it=False) as it:
            book = Book()
            first = asyncio.ensure_future(it.adapter.run(book.report, book))
            await book.until(lambda: bool(book.reports))
            await it.asterisk.say(text)
            with pytest.raises(SourceFault):
                await first

    run(scenario())


@pytest.mark.parametrize("fault", ["error", "garbage", "huge", "silent", "unauthorized"])
def test_a_fault_is_told_with_its_reason(fault: FaultKind) -> None:
    async def scenario() -> None:
        async with link(run_it=False) as it:
            it.faults.order(fault)
            (finding,) = await it.adapter.test(ANNA)
            assert not finding.ok

    run(scenario())


@pytest.mark.parametrize("fault", ["slow", "throttled"])
def test_an_asterisk_that_is_slow_or_asks_for_patience_gets_it(fault: FaultKind) -> None:
    async def scenario() -> None:
        async with link(run_it=False) as it:
            it.faults.order(fault, seconds=20)
            assert all(finding.ok for finding in await it.adapter.test(ANNA))

    run(scenario())


def test_a_wrong_password_is_refused_and_not_told() -> None:
    async def scenario() -> None:
        async with link(run_it=False, password="wrong") as it:
            book = Book()
            with pytest.raises(LoginRefused) as refused:
                await it.adapter.run(book.report, book)
            assert "wrong" not in str(refused.value)

    run(scenario())


def test_a_trial_says_what_it_finds() -> None:
    async def scenario() -> None:
        async with link(run_it=False) as it:
            found = await it.adapter.test(ANNA)
            assert [finding.said for finding in found] == ["Asterisk 22.0.0", "PJSIP/anna is NOT_INUSE"]

    run(scenario())
