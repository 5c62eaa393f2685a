"""Adapters are begun again, later and later; one that is broken is nobody else's trouble."""

import asyncio
import random
from collections.abc import Callable, Iterable

from presence_pidf.status_report import Location, StatusReport
from status_adapters.adapter import Finding, Health, Report, Watched
from status_adapters.health import AdapterHealth
from status_adapters.hook import HookAnswer, HookRequest
from status_adapters.outlet import Outlet
from status_adapters.supervision import FIRST_DELAY, LONGEST_DELAY, Supervised
from tests.status_adapters.test_outlet import Shelf
from tests.support.virtual_time import START, now, run

ANNA = Watched("sip:anna@nordlys.example")


class Scripted:
    """An adapter that does in each run what it is told."""

    name = "scripted"

    def __init__(self, work: Callable[[Report, Health, int], object]) -> None:
        self._work = work
        self.began: list[float] = []

    async def run(self, report: Report, health: Health) -> None:
        self.began.append(now())
        self._work(report, health, len(self.began))

    def watch(self, people: Iterable[Watched]) -> None:
        raise RuntimeError("cannot watch")

    async def test(self, person: Watched) -> list[Finding]:
        return []

    async def hooked(self, request: HookRequest) -> HookAnswer:
        raise ValueError("secret word in an error")

    def tell(self, presentity: str, activity: str, note: str, since: float) -> None:
        raise KeyError(presentity)


def supervised(adapter: Scripted) -> Supervised:
    health = AdapterHealth("scripted", "test", now, lambda text: text.replace("secret word", "***"))
    outlet = Outlet(Shelf(), now, lambda: None)
    return Supervised(adapter, health, outlet.lane("scripted"), now, random.Random(1))


def fail(report: Report, health: Health, turn: int) -> None:
    raise ConnectionError("secret word, no route")


def test_an_adapter_is_begun_again_later_and_later_with_jitter() -> None:
    async def scenario() -> None:
        adapter = Scripted(fail)
        keeping = asyncio.ensure_future(supervised(adapter).keep())
        await asyncio.sleep(3600)
        keeping.cancel()
        waits = [later - earlier for earlier, later in zip(adapter.began, adapter.began[1:], strict=False)]
        assert FIRST_DELAY / 2 <= waits[0] <= FIRST_DELAY
        assert all(LONGEST_DELAY / 2 <= wait <= LONGEST_DELAY for wait in waits[9:])
        assert len(set(waits)) == len(waits)

    run(scenario())


def test_its_health_says_what_is_wrong_without_secrets() -> None:
    async def scenario() -> None:
        each = supervised(Scripted(fail))
        keeping = asyncio.ensure_future(each.keep())
        await asyncio.sleep(0.1)
        figures = each.figures()
        assert figures.standing == "failed"
        assert figures.last_error == "ConnectionError: ***, no route"
        assert figures.runs == 1
        keeping.cancel()

    run(scenario())


def test_faults_of_an_adapter_reach_nobody_else() -> None:
    async def scenario() -> None:
        each = supervised(Scripted(fail))
        each.watch([ANNA])
        each.tell(ANNA.presentity, "busy", "", 0.0)
        answer = await each.hooked(HookRequest("POST", {}, b"", now()))
        assert answer.status == 503
        assert "***" in each.figures().last_error
        assert each.figures().counts == {"hooks failed": 1, "not told": 1}

    run(scenario())


def said(at: float, presentity: str = ANNA.presentity) -> StatusReport:
    return StatusReport(presentity=presentity, source="mobile:scripted", activity="busy", at=at)


def test_rates_and_the_difference_of_clocks_are_measured() -> None:
    async def scenario() -> None:
        each = supervised(Scripted(lambda report, health, turn: None))
        each.watch([ANNA])
        for turn in range(20):
            each.report(said(now() + 30 - turn % 3))
            await asyncio.sleep(0.5)
        figures = each.figures()
        assert figures.events == 20
        assert 1.8 <= figures.events_a_second <= 2.0
        assert figures.clock_difference == -30
        assert figures.last_event == START + 9.5

    run(scenario())


def test_reports_of_nobody_who_is_watched_are_counted_and_go_nowhere() -> None:
    async def scenario() -> None:
        each = supervised(Scripted(lambda report, health, turn: None))
        each.watch([ANNA])
        each.report(said(now(), "sip:stranger@nordlys.example"))
        assert len(each.lane) == 0
        assert each.figures().counts == {"unknown person": 1}

    run(scenario())


class Curious(Scripted):
    """An adapter that hears what others report."""

    def __init__(self) -> None:
        super().__init__(fail)
        self.heard: list[StatusReport] = []

    def overheard(self, report: StatusReport) -> None:
        self.heard.append(report)


def test_adapters_hear_what_others_report_without_location() -> None:
    async def scenario() -> None:
        curious = Curious()
        hearing = supervised(curious)
        health = AdapterHealth("source", "test", now, str)
        lane = Outlet(Shelf(), now, lambda: None).lane("source")
        source = Supervised(
            Scripted(fail), health, lane, now, random.Random(1), lambda _, report: hearing.overheard(report)
        )
        source.watch([ANNA])
        place = Location(55.0, 12.0)
        report = StatusReport(
            presentity=ANNA.presentity, source="mobile:x", activity="on-the-phone", at=START, location=place
        )
        for _ in range(2):
            source.report(report)
        stranger = "sip:eve@elsewhere.example"
        source.report(StatusReport(presentity=stranger, source="mobile:x", activity="busy", at=START))
        assert [(one.activity, one.location) for one in curious.heard] == [("on-the-phone", None)] * 2

    run(scenario())
