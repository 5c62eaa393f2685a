"""Links to innovaphone PBXs, from a simulated PBX to reports and back, in virtual time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from presence_pidf.status_report import Activity, StatusReport
from status_adapters.adapter import Watched
from status_adapters.http_client import LoginRefused, SourceFault
from status_adapters.innovaphone import InnovaphoneAdapter, InnovaphoneSettings
from status_adapters.simulated.faults import FaultKind, Faults, Faulty
from status_adapters.simulated.innovaphone import PASSWORD, USER, SimulatedInnovaphone
from tests.support.adapter_bench import Book, MemoryOfTests, means, running
from tests.support.asgi_server import served
from tests.support.virtual_time import now, run

ANNA = Watched("sip:anna@nordlys.example", numbers=("+4540404040",), mail="anna@nordlys.example")
BO = Watched("sip:bo@nordlys.example", numbers=("+4540404041",))
CALLS, CALENDAR = ("Anna", "mob:"), ("Anna", "mob-cal:")


class Link:
    pbx: SimulatedInnovaphone
    faults: Faults
    adapter: InnovaphoneAdapter
    book: Book
    memory: MemoryOfTests

    async def heard(self, activity: Activity) -> None:
        await self.book.until(
            lambda: bool(self.book.of(ANNA.presentity)) and self.book.last(ANNA.presentity).activity == activity
        )


@asynccontextmanager
async def link(
    *,
    run_it: bool = True,
    password: str = PASSWORD,
    people: tuple[Watched, ...] = (ANNA, BO),
    named: tuple[str, ...] = (),
    direction: str = "both",
) -> AsyncIterator[Link]:
    it = Link()
    it.faults, it.memory = Faults(), MemoryOfTests()
    it.pbx = SimulatedInnovaphone(now, it.faults)
    it.pbx.add("Anna", fork="0004540404040")
    it.pbx.add(USER, active=True)
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(served(Faulty(it.pbx, it.faults)))
        settings = InnovaphoneSettings(f"{url}/PBX0/user.soap", USER, "pbx", direction=direction, people=named)
        it.adapter = InnovaphoneAdapter("hq", settings, means({"pbx": password}, memory=it.memory))
        it.adapter.watch(people)
        if run_it:
            it.book = await stack.enter_async_context(running(it.adapter))
            await it.book.until(lambda: bool(it.book.reports))
        yield it


def test_calls_are_taken_in_from_their_connection_to_their_end() -> None:
    async def scenario() -> None:
        async with link() as it:
            for state in (0x81, 0x84, 4, 5, 0x105, 5):
                it.pbx.call("Anna", 1, state)
                await asyncio.sleep(1)
            it.pbx.call("Anna", 2, 5)
            it.pbx.call("Anna", 1, 7)
            await asyncio.sleep(1)
            assert it.book.last(ANNA.presentity).activity == "on-the-phone"
            it.pbx.call("Anna", 2, 6)
            await it.heard("unknown")
            said = [report.activity for report in it.book.reports]
            assert said == ["unknown"] * 4 + ["on-the-phone"] * 4 + ["unknown"]

    run(scenario())


@pytest.mark.parametrize(
    ("activity", "means"),
    [("dnd", "do-not-disturb"), ("lunch", "away"), ("meeting", "meeting"), ("vacation", "vacation"), ("tv", "unknown")],
)
def test_presence_is_taken_in_with_its_note(activity: str, means: Activity) -> None:
    async def scenario() -> None:
        async with link() as it:
            it.pbx.add("Anna", fork="0004540404040", presence={"activity": activity, "note": "until 12:30"})
            await it.book.until(lambda: len(it.book.reports) == 2)
            report = it.book.last(ANNA.presentity)
            assert (report.source, report.activity, report.note) == ("pbx:hq", means, "until 12:30")

    run(scenario())


def test_one_request_is_always_pending_and_never_two() -> None:
    async def scenario() -> None:
        async with link() as it:
            await asyncio.sleep(3600)
            assert it.pbx.most_polls == 1
            assert 60 <= it.pbx.polled <= 63
            assert len(it.book.reports) <= 14, "who is quiet is reported now and then"

    run(scenario())


def test_only_members_of_the_group_who_are_not_active_are_monitored() -> None:
    async def scenario() -> None:
        async with link() as it:
            it.pbx.add("Bo", fork="0004540404041", group="sales")
            await asyncio.sleep(1)
            assert it.book.of(BO.presentity) == []
            it.pbx.add("Bo", fork="0004540404041")
            await asyncio.sleep(1)
            assert len(it.book.of(BO.presentity)) == 1
            assert it.adapter.monitored("2024-05") == 2

    run(scenario())


def test_who_is_no_longer_monitored_is_no_longer_in_a_call() -> None:
    async def scenario() -> None:
        async with link() as it:
            it.pbx.call("Anna", 1, 5)
            await it.heard("on-the-phone")
            it.pbx.add("Anna", group="")
            await it.heard("unknown")

    run(scenario())


def test_a_number_that_two_people_have_is_told_and_never_guessed() -> None:
    async def scenario() -> None:
        twin = Watched("sip:twin@nordlys.example", numbers=("+4740404040",))
        async with link(run_it=False, people=(ANNA, twin)) as it, running(it.adapter) as book:
            await book.until(lambda: bool(book.errors))
            assert "could be sip:anna@nordlys.example, sip:twin@nordlys.example" in book.errors[0]
            assert book.reports == []

    run(scenario())


def test_people_are_found_by_mail_address_and_by_the_settings_too() -> None:
    async def scenario() -> None:
        async with link(run_it=False, named=("bo@nordlys.example=B2",)) as it:
            it.pbx.add("Anna", mail="Anna@nordlys.example")
            it.pbx.add("B2")
            async with running(it.adapter) as book:
                await asyncio.sleep(1)
                assert {report.presentity for report in book.reports} == {ANNA.presentity, BO.presentity}

    run(scenario())


def test_peoples_calls_here_are_shown_there_and_come_not_back() -> None:
    async def scenario() -> None:
        async with link() as it:
            it.adapter.tell(ANNA.presentity, "on-the-phone", "with a customer", now())
            await asyncio.sleep(1)
            assert it.pbx.presence == {CALLS: ("on-the-phone", "with a customer")}
            assert it.book.last(ANNA.presentity).activity == "unknown"
            it.adapter.tell(ANNA.presentity, "available", "", now())
            await asyncio.sleep(1)
            assert it.pbx.presence == {CALLS: ("", "")}
            assert it.pbx.sets == 2

    run(scenario())


def said(source: str, activity: Activity, **more: Any) -> StatusReport:
    return StatusReport(presentity=ANNA.presentity, source=source, activity=activity, at=now(), **more)


def test_calls_at_a_mobile_and_calendars_are_shown_at_contacts_of_their_own() -> None:
    async def scenario() -> None:
        async with link() as it:
            it.adapter.overheard(said("calendar:office", "meeting", note="until 12"))
            await asyncio.sleep(1)
            assert it.pbx.presence == {CALENDAR: ("meeting", "until 12")}
            it.adapter.overheard(said("mobile:telenor", "on-the-phone", note="mobile"))
            await asyncio.sleep(1)
            assert it.pbx.presence == {CALENDAR: ("meeting", "until 12"), CALLS: ("on-the-phone", "mobile")}
            it.adapter.overheard(said("mobile:telenor", "available"))
            it.adapter.overheard(said("calendar:office", "unknown"))
            await asyncio.sleep(1)
            assert it.pbx.presence == {CALENDAR: ("", ""), CALLS: ("", "")}

    run(scenario())


def test_what_a_silent_source_said_is_shown_no_longer() -> None:
    async def scenario() -> None:
        async with link() as it:
            it.adapter.overheard(said("mobile:telenor", "on-the-phone"))
            await asyncio.sleep(1)
            assert it.pbx.presence[CALLS] == ("on-the-phone", "")
            await asyncio.sleep(900 + 400)
            assert it.pbx.presence[CALLS] == ("", "")

    run(scenario())


def test_what_a_person_has_set_here_is_shown_in_place_of_the_calendar() -> None:
    async def scenario() -> None:
        async with link() as it:
            it.adapter.overheard(said("calendar:office", "meeting"))
            it.adapter.tell(ANNA.presentity, "do-not-disturb", "writing", now())
            await asyncio.sleep(1)
            assert it.pbx.presence == {CALENDAR: ("dnd", "writing")}
            it.adapter.tell(ANNA.presentity, "on-the-phone", "", now())
            await asyncio.sleep(1)
            assert it.pbx.presence == {CALENDAR: ("meeting", ""), CALLS: ("on-the-phone", "")}

    run(scenario())


def test_a_call_on_the_pbx_itself_is_not_shown_to_it() -> None:
    async def scenario() -> None:
        async with link() as it:
            it.pbx.call("Anna", 1, 5)
            await it.heard("on-the-phone")
            it.adapter.tell(ANNA.presentity, "on-the-phone", "", now())
            await asyncio.sleep(1)
            assert it.pbx.presence == {}

    run(scenario())


def test_a_link_in_one_direction_is_silent_in_the_other() -> None:
    async def scenario() -> None:
        async with link(direction="in") as it:
            it.adapter.tell(ANNA.presentity, "on-the-phone", "", now())
            await asyncio.sleep(1)
            assert it.pbx.sets == 0
        async with link(direction="out", run_it=False) as it, running(it.adapter) as book:
            await asyncio.sleep(1)
            it.adapter.tell(ANNA.presentity, "on-the-phone", "", now())
            await asyncio.sleep(1)
            assert it.pbx.sets == 1
            assert book.reports == []

    run(scenario())


def test_a_session_that_the_pbx_has_forgotten_ends_the_run_and_the_next_has_all_anew() -> None:
    async def scenario() -> None:
        async with link(run_it=False) as it:
            book = Book()
            first = asyncio.ensure_future(it.adapter.run(book.report, book))
            await book.until(lambda: bool(book.reports))
            it.adapter.tell(ANNA.presentity, "on-the-phone", "", now())
            await asyncio.sleep(1)
            it.pbx.call("Anna", 1, 5)
            it.pbx.restart()
            with pytest.raises(SourceFault, match="session is invalid"):
                await first
            it.adapter.tell(ANNA.presentity, "available", "", now())
            async with running(it.adapter) as again:
                await again.until(lambda: len(again.reports) >= 2)
                assert again.last(ANNA.presentity).activity == "on-the-phone"
                await asyncio.sleep(1)
                assert it.pbx.presence[CALLS] == ("", ""), "what was shown before the break is taken back"
            assert it.pbx.sessions == 0, "we log out"

    run(scenario())


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("unauthorized", "status 401"),
        ("error", "status 500"),
        ("garbage", "no XML"),
        ("huge", "longer than"),
        ("silent", "no answer within"),
    ],
)
def test_a_fault_ends_the_run_with_its_reason(fault: FaultKind, said: str) -> None:
    async def scenario() -> None:
        async with link(run_it=False) as it:
            book = Book()
            it.faults.order(fault)
            with pytest.raises(SourceFault, match=said):
                await it.adapter.run(book.report, book)

    run(scenario())


@pytest.mark.parametrize("fault", ["slow", "throttled"])
def test_a_pbx_that_is_slow_or_asks_for_patience_gets_it(fault: FaultKind) -> None:
    async def scenario() -> None:
        async with link() as it:
            it.faults.order(fault, seconds=20)
            it.pbx.call("Anna", 1, 5)
            await it.heard("on-the-phone")
            assert it.book.errors == []

    run(scenario())


def test_a_wrong_password_is_refused_and_not_told() -> None:
    async def scenario() -> None:
        async with link(run_it=False, password="wrong") as it:
            book = Book()
            with pytest.raises(LoginRefused) as refused:
                await it.adapter.run(book.report, book)
            assert "wrong" not in str(refused.value)

    run(scenario())


def test_news_that_come_twice_change_nothing() -> None:
    async def scenario() -> None:
        async with link() as it:
            it.faults.order("duplicate")
            it.pbx.call("Anna", 1, 5)
            await it.heard("on-the-phone")
            it.pbx.call("Anna", 1, 7)
            await it.heard("unknown")

    run(scenario())


def test_many_pbxs_are_linked_at_once_and_one_that_is_silent_holds_up_none() -> None:
    async def scenario() -> None:
        async with AsyncExitStack() as stack:
            links = [await stack.enter_async_context(link()) for _ in range(12)]
            links[0].faults.order("silent", times=0)
            for it in links[1:]:
                it.pbx.call("Anna", 1, 5)
            for it in links[1:]:
                await it.heard("on-the-phone")

    run(scenario())


def test_who_was_monitored_is_counted_by_month_and_kept() -> None:
    async def scenario() -> None:
        async with link() as it:
            it.pbx.add("Bo", fork="0004540404041")
            await asyncio.sleep(1)
            it.pbx.add("Bo", fork="0004540404041", group="")
            await asyncio.sleep(3600)
            assert it.adapter.monitored("2024-05") == 2
            assert it.adapter.monitored_by_month == {"2024-05": 2, "2024-06": 1}
            again = InnovaphoneAdapter("hq", InnovaphoneSettings("https://x", USER, "pbx"), means(memory=it.memory))
            assert again.monitored("2024-05") == 2

    run(scenario(), start=datetime(2024, 5, 31, 23, 50, tzinfo=UTC).timestamp())


def test_a_trial_says_what_it_finds() -> None:
    async def scenario() -> None:
        async with link(run_it=False) as it:
            found = await it.adapter.test(ANNA)
            assert [(finding.step, finding.ok, finding.said) for finding in found] == [
                ("log-in", True, "the PBX gives us a session"),
                ("group", True, "1 of 2 users are in group api and not active"),
                ("person", True, "sip:anna@nordlys.example is Anna"),
                ("billing", True, "0 users monitored in 2024-05"),
            ]

    run(scenario())
