"""An operator's feed in each layout and way: what it says is reported, whatever goes wrong in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from presence_pidf.status_report import Forwarding, Roaming
from provisioning.problems import Problems
from status_adapters.adapter import Watched
from status_adapters.hook import HookRequest
from status_adapters.http_client import LoginRefused, SourceFault
from status_adapters.means import Means
from status_adapters.operator.adapter import OperatorFeed
from status_adapters.operator.documents import UnreadableFeed
from status_adapters.operator.mapping import PRESET_NAMES, preset
from status_adapters.operator.settings import OperatorSettings
from status_adapters.outlet import Outlet
from status_adapters.signature import HEADER, header_of
from status_adapters.simulated.operator import SECRET, SimulatedOperator, rendered
from status_adapters.simulated.world import SimulatedWorld
from tests.status_adapters.test_outlet import Shelf
from tests.support.adapter_bench import Book, MemoryOfTests, means, running
from tests.support.asgi_server import served
from tests.support.virtual_time import START, now, run

ANNA = Watched("sip:anna@nordlys.example", numbers=("+4740506070",))
BJORN = Watched("sip:bjorn@nordlys.example", numbers=("+4799887766",))
EVERYTHING: dict[str, Any] = {
    "activity": "on-the-phone",
    "private_number": True,
    "plmn": "26201",
    "forwarding": "unconditional",
    "forwarding_target": "+4711111111",
    "data_attached": True,
    "latitude": 59.9139,
    "longitude": 10.7522,
    "accuracy": 250,
    "utm_zone": "32V",
    "easting": 597979.9,
    "northing": 6643118.99,
}
ASKED = [name for name in PRESET_NAMES if preset(name).layout.format != "form"]


@asynccontextmanager
async def operator() -> AsyncIterator[tuple[SimulatedWorld, SimulatedOperator, str]]:
    world = SimulatedWorld(now)
    found = world.servers["operator"]
    assert isinstance(found, SimulatedOperator)
    async with served(world) as url:
        yield world, found, f"{url}/operator"
    await world.close()


def feed(url: str, layout: str = "plain", mode: str = "long-poll", **changes: Any) -> OperatorFeed:
    given: Means = changes.pop("means", None) or means({"s": SECRET})
    address = f"{url}/{layout}/status" if url else ""
    settings = OperatorSettings(secret_name="s", mode=mode, url=address, preset=layout)
    made = OperatorFeed("op", replace(settings, **changes), given)
    made.watch([ANNA, BJORN])
    return made


def test_the_presets_are_without_fault() -> None:
    for name in PRESET_NAMES:
        problems = Problems()
        OperatorSettings(secret_name="s", preset=name).layout(problems)
        assert problems.sentences == [], name


@pytest.mark.parametrize("layout", ASKED)
@pytest.mark.parametrize("mode", ["poll", "long-poll"])
def test_the_six_fields_arrive_in_every_layout(layout: str, mode: str) -> None:
    async def scenario() -> None:
        async with operator() as (_, server, url), running(feed(url, layout, mode)) as book:
            await book.until(lambda: book.log_ins > 0)
            server.say("+4740506070", **EVERYTHING)
            await book.until(lambda: bool(book.reports))
            report = book.last(ANNA.presentity)
            assert report.source == "mobile:op"
            assert report.activity == "on-the-phone"
            assert report.private_number is True
            assert report.roaming == (None if layout == "plain" else Roaming(True, "", "26201"))
            assert report.forwarding == Forwarding("unconditional", "+4711111111")
            assert report.data_attached is True
            assert report.location is not None
            assert (report.location.latitude, report.location.longitude) == pytest.approx((59.9139, 10.7522), abs=1e-5)
            assert report.at == pytest.approx(now(), abs=6)

    run(scenario())


def test_a_feed_goes_on_where_it_was_after_a_restart() -> None:
    async def scenario() -> None:
        memory = MemoryOfTests()
        async with operator() as (_, server, url):
            server.say("+4740506070", activity="on-the-phone")
            async with running(feed(url, means=means({"s": SECRET}, memory=memory))) as book:
                await book.until(lambda: len(book.reports) == 1)
            server.say("+4740506070", activity="available")
            async with running(feed(url, means=means({"s": SECRET}, memory=memory))) as book:
                await book.until(lambda: bool(book.reports))
                assert [report.activity for report in book.reports] == ["available"]

    run(scenario())


def test_local_numbers_are_known_by_eight_digits_and_others_are_counted() -> None:
    async def scenario() -> None:
        async with operator() as (_, server, url), running(feed(url)) as book:
            server.say("40506070", activity="busy")
            server.say("+4640506070", activity="busy")
            server.say("070", activity="busy")
            await book.until(lambda: len(book.passed_over) == 2)
            assert [report.presentity for report in book.reports] == [ANNA.presentity]
            assert {what for what, _ in book.passed_over} == {"unknown person"}

    run(scenario())


def test_two_people_with_one_number_are_told_of_and_not_guessed() -> None:
    async def scenario() -> None:
        async with operator() as (_, server, url):
            adapter = feed(url)
            adapter.watch([ANNA, replace_numbers(BJORN, ANNA.numbers)])
            async with running(adapter) as book:
                server.say("+4740506070", activity="busy")
                await book.until(lambda: bool(book.passed_over))
                assert book.passed_over == [
                    ("ambiguous", f"+4740506070 could be {ANNA.presentity}, {BJORN.presentity}")
                ]
                assert not book.reports

    run(scenario())


def replace_numbers(person: Watched, numbers: tuple[str, ...]) -> Watched:
    return Watched(person.presentity, numbers, person.mail)


def test_one_record_of_no_use_harms_no_other() -> None:
    async def scenario() -> None:
        async with operator() as (_, server, url), running(feed(url)) as book:
            server.say("+4740506070", activity="dancing")
            server.say("+4740506070", activity="busy", latitude=1234)
            server.say("+4799887766", activity="meeting")
            await book.until(lambda: bool(book.reports))
            assert [report.presentity for report in book.reports] == [BJORN.presentity]
            assert [what for what, _ in book.passed_over] == ["unreadable", "unreadable"]
            assert "dancing" in book.passed_over[0][1]

    run(scenario())


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        ("unauthorized", LoginRefused),
        ("error", SourceFault),
        ("garbage", UnreadableFeed),
        ("huge", SourceFault),
        ("silent", SourceFault),
    ],
)
def test_a_server_that_fails_ends_the_run_with_its_fault(fault: Any, raised: type[Exception]) -> None:
    async def scenario() -> None:
        async with operator() as (world, _, url):
            world.faults["operator"].order(fault)
            book = Book()
            with pytest.raises(raised):
                await feed(url).run(book.report, book)

    run(scenario())


@pytest.mark.parametrize("fault", ["slow", "throttled"])
def test_a_server_that_is_slow_or_asks_for_patience_gets_it(fault: Any) -> None:
    async def scenario() -> None:
        async with operator() as (world, server, url):
            world.faults["operator"].order(fault, seconds=20)
            server.say("+4740506070", activity="busy")
            async with running(feed(url)) as book:
                await book.until(lambda: bool(book.reports))
                assert now() >= START + 20

    run(scenario())


def test_records_that_come_twice_or_late_change_nothing() -> None:
    async def scenario() -> None:
        async with operator() as (world, server, url):
            server.say("+4740506070", activity="busy")
            world.faults["operator"].order("out-of-order")
            server.say("+4740506070", activity="away")
            world.faults["operator"].order("duplicate")
            server.say("+4740506070", activity="meeting")
            outlet = Outlet(Shelf(), now, lambda: None)
            lane = outlet.lane("op")
            async with running(feed(url)) as book:
                await book.until(lambda: len(book.reports) == 4)
            assert [lane.put(report) for report in book.reports] == ["sent", "older", "merged", "unchanged"]
            assert [report.activity for _, report in outlet.take(10)] == ["meeting"]

    run(scenario())


def pushed(layout: str, at: float, secret: str = SECRET, **facts: Any) -> HookRequest:
    event = {"number": "+4740506070", "sequence": 1, "at": at, **facts}
    body = rendered([event], preset(layout), "").encode()
    return HookRequest("POST", {HEADER: header_of(secret, int(at), body)}, body, at)


@pytest.mark.parametrize("layout", PRESET_NAMES)
def test_pushes_are_taken_in_every_layout_once(layout: str) -> None:
    async def scenario() -> None:
        adapter = feed("", layout, "push")
        async with running(adapter) as book:
            await book.until(lambda: book.log_ins > 0)
            request = pushed(layout, now(), activity="on-the-phone")
            assert (await adapter.hooked(request)).status == 200
            assert book.last(ANNA.presentity).activity == "on-the-phone"
            again = await adapter.hooked(request)
            assert (again.status, again.text) == (401, "this request was taken before")
            assert len(book.reports) == 1

    run(scenario())


def test_pushes_that_are_unsigned_or_old_or_garbage_are_refused_with_the_reason() -> None:
    async def scenario() -> None:
        adapter = feed("", "plain", "push")
        async with running(adapter) as book:
            await book.until(lambda: book.log_ins > 0)
            forged = await adapter.hooked(pushed("plain", now(), "wrong", activity="busy"))
            old = await adapter.hooked(replace_time(pushed("plain", now() - 400, activity="busy"), now()))
            unsigned = await adapter.hooked(HookRequest("POST", {}, b"{}", now()))
            body = b"\x00{["
            garbage = await adapter.hooked(
                HookRequest("POST", {HEADER: header_of(SECRET, int(now()), body)}, body, now())
            )
            assert [answer.status for answer in (forged, old, unsigned, garbage)] == [401, 401, 401, 400]
            assert "our clock" in old.text
            assert "JSON" in garbage.text
            assert not book.reports

    run(scenario())


def replace_time(request: HookRequest, at: float) -> HookRequest:
    return HookRequest(request.method, request.headers, request.body, at)


@pytest.mark.parametrize("body", ['{"note": "S\xf8ren"}'.encode("latin-1"), b'{"a": ' + b"[" * 10_000])
def test_json_that_is_no_text_or_has_no_end_is_refused_for_good(body: bytes) -> None:
    async def scenario() -> None:
        adapter = feed("", "plain", "push")
        async with running(adapter) as book:
            await book.until(lambda: book.log_ins > 0)
            answer = await adapter.hooked(
                HookRequest("POST", {HEADER: header_of(SECRET, int(now()), body)}, body, now())
            )
            assert (answer.status, answer.text[:13]) == (400, "expected JSON")

    run(scenario())


def test_xml_with_entities_is_refused() -> None:
    async def scenario() -> None:
        adapter = feed("", "telenor", "push")
        async with running(adapter) as book:
            await book.until(lambda: book.log_ins > 0)
            body = b'<!DOCTYPE s [<!ENTITY a "aaaa">]><statuses><status><msisdn>&a;</msisdn></status></statuses>'
            signed = {HEADER: header_of(SECRET, int(now()), body)}
            answer = await adapter.hooked(HookRequest("POST", signed, body, now()))
            assert answer.status == 400
            assert "document type" in answer.text

    run(scenario())


def test_a_trial_says_what_it_found() -> None:
    async def scenario() -> None:
        async with operator() as (world, server, url):
            server.say("+4740506070", activity="meeting")
            found = await feed(url, "tdc").test(ANNA)
            assert [finding.step for finding in found] == ["number", "log-in", "document", "person"]
            assert all(finding.ok for finding in found[:3])
            world.faults["operator"].order("unauthorized")
            refused = await feed(url).test(ANNA)
            assert [(finding.step, finding.ok) for finding in refused] == [("number", True), ("log-in", False)]
            await asyncio.sleep(0)

    run(scenario())
