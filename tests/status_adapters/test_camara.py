"""An operator's CAMARA APIs, from a simulated operator that checks all by their definitions, in virtual time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest

from presence_pidf.status_report import Forwarding, Location, Roaming
from status_adapters.adapter import PURPOSES, Watched
from status_adapters.camara import CamaraAdapter, CamaraSettings, purposes
from status_adapters.camara.answers import Circle, Point, Polygon, forwarding, location
from status_adapters.http_client import LoginRefused
from status_adapters.simulated.camara import Device, SimulatedCamara
from status_adapters.simulated.definitions import definition
from status_adapters.simulated.faults import FaultKind, Faults, Faulty
from status_adapters.simulated.sign_in import CLIENT_SECRET
from tests.support.adapter_bench import Book, MemoryOfTests, hook_door, means, running
from tests.support.asgi_server import served
from tests.support.virtual_time import START, now, run

NUMBER = "+4540404040"
ANNA = Watched("sip:anna@nordlys.example", numbers=(NUMBER,))
BO = Watched("sip:bo@nordlys.example", numbers=("+4540404041",))
PUBLIC = "https://hooks.nordlys.example"
ALL = "anna@nordlys.example=reachability,roaming,forwarding,location,network"
HOUR = 3600.0


class Operator:
    server: SimulatedCamara
    faults: Faults
    settings: CamaraSettings
    adapter: CamaraAdapter
    book: Book
    memory: MemoryOfTests
    door: str


@asynccontextmanager
async def operator(
    *consents: str, secret: str = CLIENT_SECRET, hooks: bool = True, run_it: bool = True, **settings: Any
) -> AsyncIterator[Operator]:
    it = Operator()
    it.faults, it.memory = Faults(), MemoryOfTests()
    it.server = SimulatedCamara(now, it.faults)
    it.server.devices = {NUMBER: Device(), BO.numbers[0]: Device()}
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(served(Faulty(it.server, it.faults)))
        stack.push_async_callback(it.server.close)

        async def door(scope: Any, receive: Any, send: Any) -> None:
            await hook_door(it.adapter)(scope, receive, send)

        it.door = it.server.leads[PUBLIC] = await stack.enter_async_context(served(door))
        it.settings = CamaraSettings(url, f"{url}/oauth2/token", "nordlys", "operator", consents or (ALL,), **settings)
        hook_url = f"{PUBLIC}/hooks/telco" if hooks else ""
        it.adapter = CamaraAdapter(
            "telco", it.settings, means({"operator": secret}, memory=it.memory, hook_url=hook_url)
        )
        it.adapter.watch([ANNA, BO])
        if run_it:
            it.book = await stack.enter_async_context(running(it.adapter))
        yield it
        assert it.server.wrong == [], "requests are as the definitions say"


def test_all_that_a_person_has_consented_to_is_in_one_report() -> None:
    async def scenario() -> None:
        async with operator() as it:
            it.server.change(NUMBER, roaming=True, country="DE", forwarding=["conditional_busy"], reachable=True)
            await asyncio.sleep(5)
            report = it.book.last(ANNA.presentity)
            assert report.source == "mobile:telco"
            assert report.reachable is True
            assert report.roaming == Roaming(True, "DE")
            assert report.forwarding == Forwarding("busy")
            assert report.location == Location(55.6761, 12.5683, 500)
            assert report.data_attached is True
            assert report.activity == "unknown"

    run(scenario())


def test_without_consent_the_operator_is_not_asked() -> None:
    async def scenario() -> None:
        async with operator("anna@nordlys.example=roaming") as it:
            await asyncio.sleep(24 * HOUR)
            assert it.server.asked.keys() == {"roaming"}
            assert {one.type.rpartition(".")[2] for one in it.server.subscriptions.values()} == {"roaming-status"}
            assert {report.presentity for report in it.book.reports} == {ANNA.presentity}
            assert it.book.last(ANNA.presentity).location is None

    run(scenario())


def test_each_request_has_a_correlator_of_its_own() -> None:
    async def scenario() -> None:
        async with operator() as it:
            await asyncio.sleep(5)
            assert all(it.server.correlators)
            assert len(set(it.server.correlators)) == len(it.server.correlators)

    run(scenario())


def test_events_are_told_at_once() -> None:
    async def scenario() -> None:
        async with operator() as it:
            await asyncio.sleep(60)
            it.server.change(NUMBER, reachable=False)
            await it.book.until(lambda: it.book.last(ANNA.presentity).reachable is False)
            it.server.change(NUMBER, roaming=True, country="SE")
            await it.book.until(lambda: it.book.last(ANNA.presentity).roaming == Roaming(True, "SE"))
            assert now() - START < 61
            assert set(it.server.event_answers) == {204}

    run(scenario())


def test_subscriptions_are_renewed_before_they_end_and_leave_no_gap() -> None:
    async def scenario() -> None:
        async with operator("anna@nordlys.example=roaming", subscription_seconds=HOUR) as it:
            await asyncio.sleep(5)
            for _ in range(40):
                await asyncio.sleep(600)
                (standing,) = it.server.subscriptions.values()
                assert standing.ends > now()

    run(scenario())


def test_what_happens_between_two_subscriptions_is_asked_for() -> None:
    async def scenario() -> None:
        async with operator("anna@nordlys.example=roaming") as it:
            await asyncio.sleep(60)
            (standing,) = it.server.subscriptions.values()
            it.server.devices[NUMBER].roaming = True
            it.server.end(standing)
            await it.book.until(lambda: it.book.last(ANNA.presentity).roaming == Roaming(True, "DK"))
            assert now() - START < 61
            assert list(it.server.subscriptions) != [standing.id]

    run(scenario())


def test_who_is_told_of_changes_is_asked_for_seldom_and_heard_of_often() -> None:
    async def scenario() -> None:
        async with operator("anna@nordlys.example=roaming") as it:
            await asyncio.sleep(6 * HOUR - 60)
            assert it.server.asked["roaming"] <= 3
            assert len(it.book.reports) >= 34

    run(scenario())


def test_where_the_operator_cannot_reach_us_all_is_asked_for() -> None:
    async def scenario() -> None:
        async with operator("anna@nordlys.example=roaming", hooks=False) as it:
            await asyncio.sleep(HOUR + 60)
            assert it.server.asked["roaming"] == 7
            assert it.server.subscriptions == {}

    run(scenario())


def test_subscriptions_outlive_a_restart_and_end_with_the_consent() -> None:
    async def scenario() -> None:
        async with operator("anna@nordlys.example=roaming") as it:
            await asyncio.sleep(60)
            before = set(it.server.subscriptions)
            given = means({"operator": CLIENT_SECRET}, memory=it.memory, hook_url=f"{PUBLIC}/hooks/telco")
            it.adapter = CamaraAdapter("telco", it.settings, given)
            it.adapter.watch([ANNA])
            async with running(it.adapter) as book:
                await book.until(lambda: bool(book.reports))
                it.server.change(NUMBER, roaming=True)
                await book.until(lambda: book.last(ANNA.presentity).roaming == Roaming(True, "DK"))
                assert set(it.server.subscriptions) == before
                it.adapter.watch([])
                await asyncio.sleep(60)
                assert it.server.subscriptions == {}

    run(scenario())


def test_consents_that_are_given_and_taken_back_while_it_runs_count_at_once() -> None:
    async def scenario() -> None:
        async with operator("anna@nordlys.example=roaming,reachability") as it:
            await asyncio.sleep(60)
            assert it.book.last(ANNA.presentity).roaming == Roaming(False, "DK")
            refusing = msgspec.structs.replace(ANNA, consents={"roaming": False})
            it.adapter.watch([refusing, msgspec.structs.replace(BO, consents={"network": True})])
            assert it.book.last(ANNA.presentity).roaming is None, "what was known is forgotten"
            asked = it.server.asked["roaming"]
            await asyncio.sleep(60)
            assert it.book.last(ANNA.presentity).reachable is True
            assert it.book.last(BO.presentity).data_attached is True
            assert not any("roaming" in each.type for each in it.server.subscriptions.values())
            await asyncio.sleep(24 * HOUR)
            assert it.server.asked["roaming"] == asked
            it.adapter.watch([ANNA, BO])
            await asyncio.sleep(60)
            assert it.book.last(ANNA.presentity).roaming == Roaming(False, "DK")
            assert it.book.last(BO.presentity).data_attached is None

    run(scenario())


def test_purposes_are_those_that_people_can_consent_to() -> None:
    assert tuple(purposes.PURPOSES) == PURPOSES


def event(**more: object) -> dict[str, object]:
    """An event that was never sent by an operator."""
    kind = "org.camaraproject.device-roaming-status-subscriptions.v0.roaming-status"
    data = {"subscriptionId": "subscription-1", "roaming": True}
    known = {"id": "x", "source": "y", "specversion": "1.0", "type": kind, "time": "2024-05-15T09:10:00Z", "data": data}
    return {**known, **more}


@pytest.mark.parametrize(
    ("body", "token", "kind", "status"),
    [
        (event(), "", "application/cloudevents+json", 401),
        (event(), "wrong", "application/cloudevents+json", 401),
        (event(), None, "application/json", 400),
        (event(specversion="0.3"), None, "application/cloudevents+json", 400),
        (event(time="yesterday"), None, "application/cloudevents+json", 400),
        (event(data={"subscriptionId": "another"}), None, "application/cloudevents+json", 410),
        (event(), None, "application/cloudevents+json", 204),
    ],
)
def test_events_are_let_in_by_their_token_and_their_form(
    body: dict[str, object], token: str | None, kind: str, status: int
) -> None:
    async def scenario() -> None:
        async with operator("anna@nordlys.example=roaming") as it, httpx.AsyncClient(trust_env=False) as stranger:
            await asyncio.sleep(60)
            (standing,) = it.server.subscriptions.values()
            headers = {"Content-Type": kind}
            if token != "":
                headers["Authorization"] = f"Bearer {standing.token if token is None else token}"
            answer = await stranger.post(it.door, json=body, headers=headers)
            assert answer.status_code == status
            told = it.book.last(ANNA.presentity).roaming
            assert told == (Roaming(True) if status == 204 else Roaming(False, "DK"))

    run(scenario())


def test_events_that_come_twice_or_late_change_nothing() -> None:
    async def scenario() -> None:
        async with operator("anna@nordlys.example=roaming") as it:
            await asyncio.sleep(60)
            it.faults.order("out-of-order")
            it.server.change(NUMBER, roaming=True, country="DE")
            await asyncio.sleep(1)
            it.faults.order("duplicate")
            it.server.change(NUMBER, roaming=True, country="SE")
            await asyncio.sleep(1)
            assert it.server.event_answers == [204, 204, 204]
            assert [report.roaming for report in it.book.reports][-2:] == [Roaming(False, "DK"), Roaming(True, "SE")]

    run(scenario())


def test_an_error_is_told_by_its_body_and_not_asked_for_again_soon() -> None:
    async def scenario() -> None:
        async with operator("anna@nordlys.example=roaming,forwarding", hooks=False) as it:
            it.server.devices[NUMBER].refuses = ["roaming"]
            await asyncio.sleep(2 * HOUR)
            assert it.server.asked["roaming"] == 1
            assert it.server.asked["forwarding"] == 12
            assert "status 403 PERMISSION_DENIED No consent of the subscriber. (x-correlator token" in it.book.errors[0]

    run(scenario())


def test_of_devices_that_the_operator_does_not_know_nothing_is_told() -> None:
    async def scenario() -> None:
        async with operator() as it:
            del it.server.devices[NUMBER]
            await asyncio.sleep(HOUR)
            assert it.book.reports == []
            assert any("IDENTIFIER_NOT_FOUND" in error for error in it.book.errors)
            assert any("SERVICE_NOT_APPLICABLE" in error for error in it.book.errors)

    run(scenario())


@pytest.mark.parametrize("fault", ["slow", "error", "garbage", "huge", "silent", "throttled", "unauthorized"])
def test_after_a_fault_it_goes_on(fault: FaultKind) -> None:
    async def scenario() -> None:
        async with operator("anna@nordlys.example=roaming", hooks=False) as it:
            await asyncio.sleep(60)
            it.faults.order(fault, seconds=20)
            it.server.change(NUMBER, roaming=True)
            await it.book.until(lambda: it.book.last(ANNA.presentity).roaming == Roaming(True, "DK"))
            assert now() - START < 2 * 600 + 60

    run(scenario())


def test_a_wrong_secret_ends_the_run() -> None:
    async def scenario() -> None:
        async with operator(secret="wrong", run_it=False) as it:
            book = Book()
            with pytest.raises(LoginRefused, match="invalid_client"):
                await it.adapter.run(book.report, book)

    run(scenario())


def test_a_run_after_one_that_failed_asks_for_everything() -> None:
    async def scenario() -> None:
        async with operator("anna@nordlys.example=roaming", run_it=False) as it:
            it.server.sign_in.refuses = True
            book = Book()
            with pytest.raises(LoginRefused):
                await it.adapter.run(book.report, book)
            it.server.sign_in.refuses = False
            async with running(it.adapter) as again:
                await asyncio.sleep(60)
                assert again.reports
                assert len(it.server.subscriptions) == 1

    run(scenario())


@pytest.mark.parametrize(
    ("signal", "kind"),
    [
        (["inactive"], "none"),
        (["unconditional"], "unconditional"),
        (["conditional_not_reachable", "conditional_no_answer"], "no-answer"),
        (["conditional_not_reachable"], "not-reachable"),
    ],
)
def test_of_several_forwardings_the_one_that_catches_most_calls_counts(signal: list[str], kind: str) -> None:
    assert forwarding(signal).kind == kind


def test_an_area_is_told_as_the_circle_around_it() -> None:
    assert location(Circle(Point(1, 2), 300)) == Location(1, 2, 300)
    square = location(Polygon([Point(0, 0), Point(0, 0.02), Point(0.02, 0.02), Point(0.02, 0)]))
    assert (square.latitude, round(square.longitude, 9)) == (0.01, 0.01)
    assert 1560 < square.accuracy < 1580
    far = location(Polygon([Point(0, 179.99), Point(0, -179.99), Point(0.01, 180)]))
    assert abs(abs(far.longitude) - 180) < 0.001
    assert far.accuracy < 1500


def test_the_definitions_tell_what_is_wrong() -> None:
    known = definition("device-roaming-status-subscriptions")
    assert "'sink' is a required property" in known.wrong_request("post", "/subscriptions", {"protocol": "HTTP"})
    assert known.wrong_event(event()) == ""
    lacking = event(data={"subscriptionId": "x"})
    assert "'roaming' is a required property" in known.wrong_event(lacking), "by the discriminator"


def test_a_trial_says_what_it_finds() -> None:
    async def scenario() -> None:
        async with operator("anna@nordlys.example=forwarding,roaming", run_it=False) as it:
            it.server.devices[NUMBER].refuses = ["forwarding"]
            consent, refused, roaming = await it.adapter.test(ANNA)
            assert (consent.ok, refused.ok, roaming.ok) == (True, False, True)
            assert "PERMISSION_DENIED" in refused.said
            (nobody,) = await it.adapter.test(BO)
            assert nobody.said == "sip:bo@nordlys.example has consented to nothing: the operator is not asked"

    run(scenario())
