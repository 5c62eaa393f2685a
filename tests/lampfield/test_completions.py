"""Waiting for somebody to be free: by key with a lamp, by a phone that watches for it, and over a restart."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest

from lampfield.completions import Completions
from lampfield.journal import Journal
from routing.activity import Activity
from routing.completion import Wanted
from routing.events import CallArrived, CallEnded, CallRouted
from routing.model import Company
from tests.routing.nordlys import company
from tests.support.virtual_time import now, run
from tests.support.watched_house import WatchedHouse
from tests.support.watching_phone import Watcher

NORDLYS = company()
WHEN_FREE = "dialog;purpose=call-completion"
LIT, OFF = [("confirmed", "recipient")], list[tuple[str, str]]()


class Process:
    """One run of the server, with phones that watch."""

    def __init__(self, path: Path, of: Company = NORDLYS) -> None:
        self.journal = Journal(path, batch_seconds=0.0)
        self.journal.open()
        self.company = of
        self.activity = Activity(now)
        for person in of.people:
            self.activity.member_reachable(person)
        self.recalled: list[tuple[str, str]] = []
        self.house = WatchedHouse(of)
        self.completions = Completions(self.journal, now, self._light, self._recall)
        self.completions.restore()
        self.house.lamps.things.add(self.completions.is_on)
        self.house.lamps.follow_watchers(self.completions.watched)
        self.lines = self.completions.of(of, self.activity)
        self.completions.begin()

    def _light(self, aor: str, lit: bool) -> None:
        self.house.lamps.light(aor, lit, now())

    async def _recall(self, of: Company, asker: str, target: str) -> None:
        self.recalled.append((asker, target))

    def watch(self, person: str, user: str, event: str = "dialog") -> Watcher:
        self.house.now = now()
        watcher = self.house.watch(person, user, event)
        self.settle()
        return watcher

    def settle(self) -> None:
        self.house.lamps.settle(now())
        self.house.deliver()

    async def pass_time(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self.settle()

    def ask(self, asker: str, target: str) -> None:
        self.lines.desk.ask(Wanted(asker, target, now() + 3600))
        self.settle()


def played(story: Coroutine[Any, Any, None]) -> None:
    async def scenario() -> None:
        await story

    run(scenario())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def test_the_key_is_lit_while_one_waits(path: Path) -> None:
    async def story() -> None:
        process = Process(path)
        key, of_other = process.watch("anna", "*37202"), process.watch("dora", "*37202")
        process.activity.member_busy("bo")
        process.ask("anna", "bo")
        assert (key.received[-1].dialogs, of_other.received[-1].dialogs) == (LIT, OFF)
        process.activity.member_free("bo", now())
        await process.pass_time(10)
        assert key.received[-1].dialogs == OFF
        assert process.recalled == [("anna", "bo")]
        process.journal.close()

    played(story())


def test_a_phone_that_watches_for_it_sees_the_colleague_busy_until_its_turn_comes(path: Path) -> None:
    async def story() -> None:
        process = Process(path)
        process.activity.member_busy("bo")
        snom = process.watch("anna", "202", WHEN_FREE)
        assert snom.received[-1].request.header("Event") == WHEN_FREE
        assert snom.received[-1].dialogs == LIT
        assert snom.received[-1].document.get("entity") == "sip:202@nordlys.example"
        process.activity.member_free("bo", now())
        await process.pass_time(10)
        assert snom.received[-1].dialogs == OFF
        assert process.recalled == [], "the phone calls by itself"
        process.journal.close()

    played(story())


def test_phones_that_watch_for_the_same_person_are_told_one_after_the_other(path: Path) -> None:
    async def story() -> None:
        process = Process(path)
        process.activity.member_busy("bo")
        first, second = process.watch("anna", "202", WHEN_FREE), process.watch("dora", "bo", WHEN_FREE)
        process.activity.member_free("bo", now())
        await process.pass_time(10)
        assert (first.received[-1].dialogs, second.received[-1].dialogs) == (OFF, LIT)
        await process.pass_time(60)
        assert second.received[-1].dialogs == OFF
        process.journal.close()

    played(story())


def test_a_phone_that_watches_no_more_waits_no_more(path: Path) -> None:
    async def story() -> None:
        process = Process(path)
        process.activity.member_busy("bo")
        snom = process.watch("anna", "202", WHEN_FREE)
        assert process.lines.desk.waits("anna", "bo")
        response = process.house.lamps.subscribe(
            snom.subscribe(0), snom.flow, now(), watcher_domain=NORDLYS.domain, watcher="anna"
        )
        assert response.status == 200
        process.settle()
        assert not process.lines.desk.waits("anna", "bo")
        process.journal.close()

    played(story())


def test_a_lamp_for_the_same_person_shows_what_is_so_all_along(path: Path) -> None:
    async def story() -> None:
        process = Process(path)
        lamp, snom = process.watch("anna", "202"), process.watch("anna", "202", WHEN_FREE)
        assert (lamp.received[-1].dialogs, snom.received[-1].dialogs) == (OFF, LIT)
        process.journal.close()

    played(story())


def test_whoever_is_hidden_is_never_free(path: Path) -> None:
    bo = msgspec.structs.replace(NORDLYS.people["bo"], hidden_from=("anna",))

    async def story() -> None:
        process = Process(path, msgspec.structs.replace(NORDLYS, people=NORDLYS.people | {"bo": bo}))
        process.activity.member_busy("bo")
        snom = process.watch("anna", "202", WHEN_FREE)
        process.activity.member_free("bo", now())
        await process.pass_time(100)
        assert snom.received[-1].dialogs == LIT
        process.journal.close()

    played(story())


def test_whoever_may_not_watch_somebody_may_not_wait_by_phone_either(path: Path) -> None:
    async def story() -> None:
        bo = msgspec.structs.replace(NORDLYS.people["bo"], shows=())
        process = Process(path, msgspec.structs.replace(NORDLYS, people=NORDLYS.people | {"bo": bo}))
        assert process.house.try_to_watch("anna", "202", WHEN_FREE)[1].status == 403
        process.journal.close()

    played(story())


def test_who_waits_waits_on_after_a_restart(path: Path) -> None:
    async def story() -> None:
        before = Process(path)
        before.activity.member_busy("bo")
        before.ask("anna", "bo")
        before.ask("dora", "bo")
        before.lines.desk.cancel("dora")
        before.journal.close()
        after = Process(path)
        await after.pass_time(10)
        assert after.recalled == [("anna", "bo")], "bo is free after the restart, and was busy before"
        after.journal.close()
        last = Process(path)
        assert last.lines.desk.all() == []
        last.journal.close()

    played(story())


def test_who_has_left_the_company_is_waited_for_no_more(path: Path) -> None:
    async def story() -> None:
        process = Process(path)
        process.activity.member_busy("bo")
        process.ask("anna", "bo")
        people = {name: person for name, person in NORDLYS.people.items() if name != "bo"}
        process.completions.of(msgspec.structs.replace(NORDLYS, people=people), process.activity)
        assert process.lines.desk.all() == []
        process.journal.close()

    played(story())


@pytest.mark.parametrize(("cause", "missed"), [("busy", "bo"), ("no-answer", "bo"), ("answered", None)])
def test_whom_one_has_called_in_vain_is_remembered(path: Path, cause: str, missed: str | None) -> None:
    async def story() -> None:
        process = Process(path)
        for event in (
            CallArrived(
                call="1",
                at=1.0,
                company="nordlys",
                origin="phone",
                caller_number="201",
                caller_person="anna",
                dialled="202",
            ),
            CallRouted(call="1", at=1.0, destination="person:bo"),
            CallEnded(call="1", at=2.0, cause=cause, by="callee"),
        ):
            process.completions.takers()[type(event)](event)
        assert process.lines.missed.get("anna") == missed
        process.journal.close()

    played(story())
