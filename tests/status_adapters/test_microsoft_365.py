"""Microsoft 365, from a simulated Graph to reports and back, in virtual time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest

from presence_pidf.status_report import Activity
from status_adapters.adapter import Watched
from status_adapters.graph import GraphAdapter, GraphSettings
from status_adapters.graph.presence import Presence
from status_adapters.http_client import LoginRefused, SourceFault
from status_adapters.simulated.faults import FaultKind, Faults, Faulty
from status_adapters.simulated.graph import SimulatedGraph
from status_adapters.simulated.sign_in import CLIENT_SECRET, REFRESH_TOKEN
from tests.support.adapter_bench import Book, hook_door, means, running
from tests.support.asgi_server import served
from tests.support.virtual_time import START, now, run

ANNA = "sip:anna@nordlys.example"
HOUR = 3600.0
CLIENT = "22553876-f5ab-4529-bffb-cfe50aa89f87"


class Tenant:
    """A simulated tenant with its people, an adapter that runs, and what it tells."""

    graph: SimulatedGraph
    faults: Faults
    adapter: GraphAdapter
    book: Book
    door: str

    async def heard(self, activity: Activity) -> None:
        await self.book.until(lambda: bool(self.book.of(ANNA, "computer")) and self.activity == activity)

    @property
    def activity(self) -> Activity:
        return self.book.last(ANNA, "computer").activity


@asynccontextmanager
async def tenant(
    people: int = 1, *, secret: str = CLIENT_SECRET, run_it: bool = True, **settings: object
) -> AsyncIterator[Tenant]:
    it = Tenant()
    it.faults = Faults()
    it.graph = SimulatedGraph(now, it.faults)
    names = ["anna", *(f"p{number}" for number in range(1, people))]
    for name in names:
        it.graph.add(f"id-{name}", f"{name}@nordlys.example")
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(served(Faulty(it.graph, it.faults)))
        stack.push_async_callback(it.graph.close)

        async def door(scope: object, receive: object, send: object) -> None:
            await hook_door(it.adapter)(scope, receive, send)  # type: ignore[arg-type]

        it.door = await stack.enter_async_context(served(door))
        known = {"calendars": False, "tell_calls": False, **settings}
        it.adapter = GraphAdapter(
            "m365",
            GraphSettings(
                tenant="nordlys.example",
                client_id=CLIENT,
                secret_name="graph",
                api_url=f"{url}/v1.0",
                login_url=url,
                **known,  # type: ignore[arg-type]
            ),
            means({"graph": secret, "watcher": REFRESH_TOKEN}, hook_url=it.door),
        )
        it.adapter.watch(
            Watched(f"sip:{name}@nordlys.example", mail=f"{name.title()}@nordlys.example", time_zone="Europe/Oslo")
            for name in names
        )
        if run_it:
            it.book = await stack.enter_async_context(running(it.adapter))
        yield it


@pytest.mark.parametrize(
    ("availability", "activity", "means"),
    [
        ("Available", "Available", "available"),
        ("AvailableIdle", "Available", "available"),
        ("Busy", "InACall", "on-the-phone"),
        ("Busy", "InAConferenceCall", "on-the-phone"),
        ("Busy", "InAMeeting", "meeting"),
        ("DoNotDisturb", "Presenting", "do-not-disturb"),
        ("DoNotDisturb", "UrgentInterruptionsOnly", "do-not-disturb"),
        ("DoNotDisturb", "DoNotDisturb", "do-not-disturb"),
        ("Busy", "Busy", "busy"),
        ("BusyIdle", "Inactive", "busy"),
        ("Away", "Away", "away"),
        ("BeRightBack", "BeRightBack", "away"),
        ("Available", "OutOfOffice", "away"),
        ("Offline", "OffWork", "away"),
        ("Offline", "Offline", "unknown"),
        ("PresenceUnknown", "PresenceUnknown", "unknown"),
        ("Tomorrow", "SomethingNew", "unknown"),
    ],
)
def test_what_the_words_of_graph_mean(availability: str, activity: str, means: Activity) -> None:
    assert Presence("1", availability, activity).means == means


def test_presence_is_polled_in_batches_of_650() -> None:
    async def scenario() -> None:
        async with tenant(1400) as it:
            await it.book.until(lambda: len(it.book.reports) == 1400)
            assert it.graph.requests["getPresencesByUserId"] == 3
            assert it.graph.requests["users"] == 14
            it.graph.set_presence("id-anna", "Busy", "InAMeeting")
            await it.heard("meeting")
            assert now() <= START + 31

    run(scenario())


def test_subscriptions_tell_changes_at_once_and_are_renewed_before_they_end() -> None:
    async def scenario() -> None:
        async with tenant(watcher_secret_name="watcher") as it:
            await it.heard("unknown")
            await asyncio.sleep(5 * HOUR)
            (subscription,) = it.graph.subscriptions.values()
            assert subscription.renewals == 7
            at = now()
            it.graph.set_presence("id-anna", "Busy", "InACall")
            await it.heard("on-the-phone")
            assert now() - at < 1
            assert it.graph.refused == []

    run(scenario())


def test_whom_subscriptions_cover_is_polled_seldom() -> None:
    async def scenario() -> None:
        async with tenant(watcher_secret_name="watcher") as it:
            await asyncio.sleep(HOUR)
            assert it.graph.requests["getPresencesByUserId"] < 10

    run(scenario())


def test_a_subscription_that_is_removed_is_made_again_and_what_was_missed_is_asked() -> None:
    async def scenario() -> None:
        async with tenant(watcher_secret_name="watcher") as it:
            await asyncio.sleep(60)
            (subscription,) = it.graph.subscriptions.values()
            it.graph.lifecycle(subscription, "subscriptionRemoved")
            it.graph.set_presence("id-anna", "Busy", "Busy")
            await it.heard("busy")
            assert now() < START + 62
            (again,) = it.graph.subscriptions.values()
            assert again.id != subscription.id

    run(scenario())


@pytest.mark.parametrize("event", ["missed", "reauthorizationRequired"])
def test_lifecycle_events_are_answered(event: str) -> None:
    async def scenario() -> None:
        async with tenant(watcher_secret_name="watcher") as it:
            await asyncio.sleep(60)
            (subscription,) = it.graph.subscriptions.values()
            asked = it.graph.requests["getPresencesByUserId"]
            it.graph.lifecycle(subscription, event)
            await asyncio.sleep(2)
            if event == "missed":
                assert it.graph.requests["getPresencesByUserId"] == asked + 1
            else:
                assert subscription.renewals == 1

    run(scenario())


def test_subscriptions_of_before_a_restart_are_ended() -> None:
    async def scenario() -> None:
        async with tenant(watcher_secret_name="watcher") as it:
            await asyncio.sleep(60)
            (before,) = it.graph.subscriptions
            async with running(it.adapter):
                await asyncio.sleep(60)
                assert before not in it.graph.subscriptions

    run(scenario())


def test_notifications_without_our_secret_are_refused() -> None:
    async def scenario() -> None:
        async with tenant(watcher_secret_name="watcher") as it, httpx.AsyncClient(trust_env=False) as stranger:
            await asyncio.sleep(60)
            asked = it.graph.requests["getPresencesByUserId"]
            body = {
                "value": [{"subscriptionId": "subscription-1", "clientState": "x", "resourceData": {"id": "id-anna"}}]
            }
            assert (await stranger.post(it.door, json=body)).status_code == 403
            assert (await stranger.post(it.door, content=b"{")).status_code == 400
            await asyncio.sleep(2)
            assert it.graph.requests["getPresencesByUserId"] == asked

    run(scenario())


def test_without_the_right_to_subscribe_presence_is_polled() -> None:
    async def scenario() -> None:
        async with tenant(watcher_secret_name="watcher") as it:
            it.graph.sign_in.delegates = False
            await asyncio.sleep(1)
            it.graph.set_presence("id-anna", "Away", "Away")
            await it.heard("away")
            assert now() <= START + 32
            assert "Application permissions" in it.book.errors[0]

    run(scenario())


def test_tokens_are_renewed_before_they_end_and_when_they_are_revoked() -> None:
    async def scenario() -> None:
        async with tenant() as it:
            await asyncio.sleep(3 * HOUR)
            assert it.graph.sign_in.granted == 4
            it.graph.sign_in.revoke()
            it.graph.set_presence("id-anna", "Away", "Away")
            await it.heard("away")
            assert it.book.errors == []

    run(scenario())


def test_a_wrong_secret_ends_the_run() -> None:
    async def scenario() -> None:
        async with tenant(secret="wrong", run_it=False) as it:
            book = Book()
            with pytest.raises(LoginRefused, match="invalid_client the secret is another") as refused:
                await it.adapter.run(book.report, book)
            assert "wrong" not in str(refused.value)

    run(scenario())


def test_a_call_here_is_shown_in_teams_for_as_long_as_it_lasts() -> None:
    async def scenario() -> None:
        async with tenant(tell_calls=True) as it:
            await it.heard("unknown")
            it.adapter.tell(ANNA, "on-the-phone", "", now())
            await asyncio.sleep(HOUR)
            assert it.graph.sessions["id-anna"].activity == "InACall"
            assert it.graph.sessions["id-anna"].until > now()
            assert it.graph.requests["_set_presence"] == 8
            it.adapter.tell(ANNA, "available", "", now())
            await asyncio.sleep(1)
            assert it.graph.sessions == {}

    run(scenario())


def test_our_own_call_does_not_come_back_as_a_call_in_teams() -> None:
    async def scenario() -> None:
        async with tenant(tell_calls=True, poll_seconds=5) as it:
            await it.heard("unknown")
            it.adapter.tell(ANNA, "on-the-phone", "", now())
            await asyncio.sleep(60)
            assert {report.activity for report in it.book.reports} == {"unknown"}
            it.adapter.tell(ANNA, "available", "", now())
            await asyncio.sleep(90)
            it.graph.set_presence("id-anna", "Busy", "InACall")
            await it.heard("on-the-phone")

    run(scenario())


def test_a_call_that_is_over_before_it_could_be_told_is_not_told() -> None:
    async def scenario() -> None:
        async with tenant(tell_calls=True) as it:
            it.adapter.tell(ANNA, "on-the-phone", "", now())
            it.adapter.tell(ANNA, "available", "", now())
            await asyncio.sleep(60)
            assert "_set_presence" not in it.graph.requests

    run(scenario())


def test_busy_times_come_from_calendars_without_their_subjects() -> None:
    async def scenario() -> None:
        async with tenant(calendars=True, presence=False, run_it=False) as it:
            it.graph.items["anna@nordlys.example"] = [
                {
                    "status": "busy",
                    "subject": "Salaries",
                    "isPrivate": False,
                    "start": {"dateTime": "2024-05-15T10:00:00.0000000", "timeZone": "UTC"},
                    "end": {"dateTime": "2024-05-15T11:00:00.0000000", "timeZone": "UTC"},
                },
                {
                    "status": "oof",
                    "start": {"dateTime": "2024-05-15T22:00:00.0000000", "timeZone": "UTC"},
                    "end": {"dateTime": "2024-05-16T22:00:00.0000000", "timeZone": "UTC"},
                },
            ]
            async with running(it.adapter) as book:
                await asyncio.sleep(14 * HOUR)
                told = {(report.activity, report.since - START) for report in book.of(ANNA, "calendar")}
                assert {("meeting", HOUR), ("vacation", 13 * HOUR)} < told
                assert "Salaries" not in repr(book.reports)

    run(scenario())


def test_mailboxes_without_items_are_read_by_their_view() -> None:
    async def scenario() -> None:
        async with tenant(calendars=True, presence=False, run_it=False) as it:
            # A quarter each, from 24 hours ago; the reading is 0.2 s late at most.
            it.graph.views["anna@nordlys.example"] = "0" * 96 + "2222" + "3" * 4
            async with running(it.adapter) as book:
                await book.until(lambda: bool(book.of(ANNA, "calendar")))
                report = book.last(ANNA, "calendar")
                assert report.activity == "meeting"
                assert report.back_at == START + 2 * HOUR

    run(scenario())


@pytest.mark.parametrize("fault", ["error", "garbage", "huge", "silent", "throttled", "unauthorized"])
def test_a_fault_is_told_and_what_comes_after_it_is_taken(fault: FaultKind) -> None:
    async def scenario() -> None:
        async with tenant() as it:
            await it.heard("unknown")
            it.graph.set_presence("id-anna", "Away", "Away")
            it.faults.order(fault, seconds=20)
            await it.heard("away")
            assert now() < START + 100
            assert bool(it.book.errors) == (fault not in ("throttled", "unauthorized")), "these two are met quietly"

    run(scenario())


def test_who_is_asked_to_wait_for_long_asks_nothing_meanwhile() -> None:
    async def scenario() -> None:
        async with tenant() as it:
            await it.heard("unknown")
            it.faults.order("throttled", seconds=300)
            await asyncio.sleep(200)
            assert it.graph.requests["getPresencesByUserId"] == 1

    run(scenario())


def test_a_notification_that_comes_twice_makes_one_question() -> None:
    async def scenario() -> None:
        async with tenant(watcher_secret_name="watcher") as it:
            await asyncio.sleep(60)
            asked = it.graph.requests["getPresencesByUserId"]
            it.faults.order("duplicate")
            it.graph.set_presence("id-anna", "Away", "Away")
            await it.heard("away")
            assert it.graph.requests["getPresencesByUserId"] == asked + 1

    run(scenario())


def test_a_directory_that_leads_elsewhere_gets_no_token() -> None:
    async def scenario() -> None:
        async with tenant(101, run_it=False) as it:
            it.graph.next_pages_at = "http://127.0.0.2:1"
            book = Book()
            with pytest.raises(SourceFault, match="another server"):
                await it.adapter.run(book.report, book)

    run(scenario())


def test_a_trial_says_what_it_finds() -> None:
    async def scenario() -> None:
        async with tenant(calendars=True, run_it=False) as it:
            it.graph.set_presence("id-anna", "Busy", "InAMeeting")
            found = await it.adapter.test(Watched(ANNA, mail="anna@nordlys.example"))
            assert [(finding.step, finding.ok, finding.said) for finding in found] == [
                ("log-in", True, "names in the directory: 1"),
                ("person", True, "anna@nordlys.example is user id-anna"),
                ("presence", True, "Busy/InAMeeting: meeting"),
                ("calendar", True, "busy times: 0"),
            ]

    run(scenario())
