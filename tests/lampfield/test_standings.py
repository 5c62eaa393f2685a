"""How queues stand outlives the process: notes after a call, missed offers, whose turn it is, how long callers wait."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from lampfield.journal import Journal
from lampfield.membership import Membership
from lampfield.standings import Standings
from routing.model import Company, Queue
from routing.queue.events import MemberRecalled
from routing.queue.view import MemberView, view
from tests.routing.nordlys import company, queue
from tests.routing.world import FakeCaller, Phone, World
from tests.support.virtual_time import now, run

Scenario = Callable[[World], Awaitable[None]]


def over_a_restart(
    folder: Path, house: Company, phones: dict[str, Any], before: Scenario, after: Scenario, *, away: float = 1.0
) -> None:
    """Run a scenario, end the process, and run another one `away` seconds later on what is on disk."""

    async def main() -> None:
        for scenario in (before, after):
            journal = Journal(folder / "journal", batch_seconds=0.0)
            journal.open()
            membership, standings = Membership(journal), Standings(journal, now)
            membership.restore()
            standings.restore([house])

            def keeping(
                queue: Queue, membership: Membership = membership, standings: Standings = standings
            ) -> dict[str, Any]:
                return {
                    "member_sink": membership.sink(house),
                    "remembrance": standings.of(house, queue.name),
                    "history": [*membership.history(house, queue.name), *standings.history(house, queue.name)],
                }

            await scenario(World(house, dict(phones), keeping=keeping))
            journal.close()
            await asyncio.sleep(away)

    run(main())


def house(**changes: Any) -> Company:
    return company(queues={"sales": queue(**changes)})


def member(world: World, person: str = "anna") -> MemberView:
    members = view(world.queues["sales"].state, now()).members
    return next(each for each in members if each.person == person)


async def calls(world: World, *names: str, seconds: float) -> None:
    """Callers come one after the other, each `seconds` after the one before."""
    for name in names:
        world.call(FakeCaller(name), "300", "phone")
        await asyncio.sleep(seconds)


def test_notes_that_are_being_written_end_when_they_would_have_ended(tmp_path: Path) -> None:
    async def before(world: World) -> None:
        await calls(world, "a", seconds=3 + 20 + 5)
        assert member(world).state == "wrap-up"
        ends.append(member(world).until or 0.0)

    async def after(world: World) -> None:
        assert (member(world).state, member(world).until) == ("wrap-up", ends[0])
        await calls(world, "b", seconds=ends[0] - now() - 0.1)
        assert not world.rung, "nobody is offered who still writes"
        await asyncio.sleep(0.2)
        assert [who for _, who in world.rung] == ["anna"]

    ends: list[float] = []
    settings = house(members=("anna",), wrap_up_seconds=60.0)
    over_a_restart(tmp_path, settings, {"anna": Phone(talks=20.0)}, before, after)


def test_notes_that_were_done_meanwhile_keep_nobody(tmp_path: Path) -> None:
    async def before(world: World) -> None:
        await calls(world, "a", seconds=25)
        assert member(world).state == "wrap-up"

    async def after(world: World) -> None:
        await asyncio.sleep(0.1)
        assert (member(world).state, member(world).until) == ("free", None)

    settings = house(members=("anna",), wrap_up_seconds=60.0)
    over_a_restart(tmp_path, settings, {"anna": Phone(talks=20.0)}, before, after, away=90.0)


def test_offers_missed_before_and_after_are_missed_in_a_row(tmp_path: Path) -> None:
    async def before(world: World) -> None:
        await calls(world, "a", seconds=15)
        assert [who for _, who in world.rung] == ["anna", "anna"]

    async def after(world: World) -> None:
        assert member(world).state == "resting", "who has just missed an offer is left alone for a while"
        await calls(world, "b", seconds=20)
        assert (member(world).state, member(world).pause_reason) == ("paused", "missed")
        assert len(world.rung) == 1

    settings = house(members=("anna",), auto_pause_misses=3, retry_seconds=10.0)
    over_a_restart(tmp_path, settings, {"anna": Phone("reject", after=2.0)}, before, after)


def test_whose_turn_it_is_is_known_still(tmp_path: Path) -> None:
    async def before(world: World) -> None:
        await calls(world, "a", seconds=40)
        assert [who for _, who in world.rung] == ["anna"]

    async def after(world: World) -> None:
        await calls(world, "b", "c", seconds=40)
        assert [who for _, who in world.rung] == ["bo", "carl"]

    for strategy in ("round_robin", "longest_idle"):
        settings = house(strategy=strategy, wrap_up_seconds=0.0)
        phones = {name: Phone(talks=20.0) for name in ("anna", "bo", "carl")}
        over_a_restart(tmp_path / strategy, settings, phones, before, after)


def test_who_has_answered_fewest_callers_is_known_still(tmp_path: Path) -> None:
    async def before(world: World) -> None:
        for person in ("bo", "carl"):
            world.queues["sales"].pause(person, "lunch")
        await calls(world, "a", "b", "c", seconds=30)
        world.queues["sales"].pause("anna", "lunch")
        world.queues["sales"].resume("bo")
        await calls(world, "d", seconds=30)
        assert [who for _, who in world.rung] == ["anna", "anna", "anna", "bo"]
        for person in ("anna", "carl"):
            world.queues["sales"].resume(person)

    async def after(world: World) -> None:
        await calls(world, *"efghi", seconds=30)
        assert [who for _, who in world.rung] == ["carl", "bo", "carl", "bo", "carl"]

    settings = house(strategy="fewest_calls", wrap_up_seconds=0.0)
    phones = {name: Phone(talks=20.0) for name in ("anna", "bo", "carl")}
    over_a_restart(tmp_path, settings, phones, before, after)


def test_what_was_answered_a_day_ago_counts_no_more_after_a_restart(tmp_path: Path) -> None:
    async def before(world: World) -> None:
        world.queues["sales"].pause("bo", "lunch")
        await calls(world, "a", "b", seconds=30)
        world.queues["sales"].resume("bo")

    async def after(world: World) -> None:
        await calls(world, "c", "d", "e", seconds=30)
        assert [who for _, who in world.rung] == ["bo", "anna", "bo"]

    settings = house(members=("anna", "bo"), strategy="fewest_calls", wrap_up_seconds=0.0)
    phones = {name: Phone(talks=20.0) for name in ("anna", "bo")}
    over_a_restart(tmp_path, settings, phones, before, after, away=90_000.0)


def test_the_expected_wait_is_measured_still(tmp_path: Path) -> None:
    async def before(world: World) -> None:
        await calls(world, "a", "b", "c", "d", seconds=5)
        await asyncio.sleep(200)
        world.call(FakeCaller("e"), "300", "phone")
        world.call(FakeCaller("f"), "300", "phone")
        await asyncio.sleep(1)
        expected.append(world.queues["sales"].expected_wait("f"))

    async def after(world: World) -> None:
        world.call(FakeCaller("g"), "300", "phone")
        world.call(FakeCaller("h"), "300", "phone")
        await asyncio.sleep(1)
        expected.append(world.queues["sales"].expected_wait("h"))

    expected: list[float | None] = []
    settings = house(members=("anna",), wrap_up_seconds=0.0)
    over_a_restart(tmp_path, settings, {"anna": Phone(talks=40.0)}, before, after)
    assert expected[0] is not None
    assert expected[0] == expected[1]


def test_who_is_taken_off_the_list_is_forgotten(tmp_path: Path) -> None:
    async def before(world: World) -> None:
        await calls(world, "a", seconds=40)

    async def nothing(world: World) -> None:
        pass

    def known(house: Company) -> list[str]:
        journal = Journal(tmp_path / "journal", batch_seconds=0.0)
        journal.open()
        standings = Standings(journal, lambda: 0.0)
        standings.restore([house])
        journal.close()
        return [
            recalled.member for recalled in standings.history(house, "sales") if isinstance(recalled, MemberRecalled)
        ]

    over_a_restart(tmp_path, house(), {"anna": Phone(talks=20.0)}, before, nothing)
    assert "anna" in known(house())
    assert known(house(members=("bo", "carl"))) == []
    assert known(house()) == []
