"""The expected wait as callers are told it."""

import asyncio

import pytest

from routing.queue.entertainment import minutes_to_tell, told_minutes
from routing.queue.events import Served
from tests.routing.queue.test_waiting import house, join, wait
from tests.routing.world import World
from tests.support.virtual_time import now


@pytest.mark.parametrize(
    ("expected", "told", "minutes"),
    [
        (None, None, None),
        (20.0, None, None),
        (30.0, None, 1),
        (89.0, None, 1),
        (300.0, None, 5),
        (300.0, 6, 5),
        (300.0, 5, None),
        (360.0, 5, None),
        (3 * 3600.0, None, None),
    ],
)
def test_whole_minutes_are_told_when_fewer_than_before(
    expected: float | None, told: int | None, minutes: int | None
) -> None:
    assert minutes_to_tell(expected, told) == minutes


def test_minutes_are_composed_of_clips() -> None:
    assert told_minutes(None) == ()
    assert told_minutes(1) == ("wait/one-minute",)
    assert told_minutes(12) == ("wait/about", "number/12", "wait/minutes")


def test_it_is_told_with_the_position_once_and_again_when_shorter() -> None:
    async def scenario(world: World) -> None:
        world.activity.member_busy("anna")
        first, caller = join(world, "first"), join(world)
        state = world.queues["sales"].state
        state.served.extend(Served(now(), 1, 120.0) for _ in range(3))
        await asyncio.sleep(61)
        first.hang_up_now()
        await asyncio.sleep(40)
        assert [what for what in caller.sounds if what.partition("/")[0] in ("position", "wait", "number")] == [
            "position/2",
            "wait/about",
            "number/4",
            "wait/minutes",
            "position/2",
            "position/1",
            "wait/about",
            "number/2",
            "wait/minutes",
        ]

    wait(scenario, lambda: World(house(tell_expected_wait=True)))
