"""Whom a caller spoke to last is offered the caller first."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from lampfield.journal import Journal
from lampfield.last_members import LastMembers
from routing.model import Company
from tests.routing.nordlys import company, queue
from tests.routing.queue.test_waiting import join, wait
from tests.routing.world import FakeCaller, Phone, World

KAREN = "+4520304050"
DAY = 86_400.0


class Clock:
    """Stands still until it is set."""

    at = 1_000_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


def house(days: float = 7.0) -> Company:
    return company(queues={"sales": queue(last_member_days=days, wrap_up_seconds=0.0)})


def opened(folder: Path, clock: Clock, now: Company) -> Iterator[LastMembers]:
    journal = Journal(folder, batch_seconds=0.0)
    journal.open()
    kept = LastMembers(journal, clock)
    kept.restore([now])
    yield kept
    journal.close()


def test_a_member_is_remembered_over_a_restart_for_as_long_as_the_queue_wants(tmp_path: Path, clock: Clock) -> None:
    sales = house().queues["sales"]
    for before in opened(tmp_path / "journal", clock, house()):
        before.of(house()).spoke(sales, KAREN, "bo")
    for after in opened(tmp_path / "journal", clock, house()):
        assert after.of(house()).member(sales, KAREN) == "bo"
        clock.at += 7 * DAY + 1
        assert after.of(house()).member(sales, KAREN) is None
    for late in opened(tmp_path / "journal", clock, house()):
        clock.at -= 2 * DAY
        assert late.of(house()).member(sales, KAREN) is None, "forgotten for good"


@pytest.mark.parametrize(("days", "number"), [(0.0, KAREN), (7.0, "anonymous"), (7.0, "")])
def test_nothing_is_kept_that_nobody_asks_for(tmp_path: Path, clock: Clock, days: float, number: str) -> None:
    for kept in opened(tmp_path / "journal", clock, house(days)):
        kept.of(house(days)).spoke(house(days).queues["sales"], number, "bo")
        assert kept.of(house()).member(house().queues["sales"], number) is None


def test_another_companys_callers_are_not_known(tmp_path: Path, clock: Clock) -> None:
    for kept in opened(tmp_path / "journal", clock, house()):
        kept.of(house()).spoke(house().queues["sales"], KAREN, "bo")
        assert kept.of(company(id="other")).member(house().queues["sales"], KAREN) is None


def test_who_calls_again_is_offered_to_the_same_member_first(tmp_path: Path, clock: Clock) -> None:
    async def scenario(world: World) -> None:
        for call in ("c1", "c2"):
            caller = join(world, call, FakeCaller(call, KAREN))
            await asyncio.sleep(10)
            caller.hang_up_now()
            await asyncio.sleep(10)

    def calls(members: LastMembers) -> list[str]:
        phones = {"anna": Phone("reject"), "bo": Phone()}
        world = wait(scenario, lambda: World(house(), {**phones}, house={"last_members": members.of(house())}))
        return [who for _, who in world.rung]

    for kept in opened(tmp_path / "journal", clock, house()):
        assert calls(kept) == ["anna", "bo", "bo"]
