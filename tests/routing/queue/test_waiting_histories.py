"""Callers who step out, order calls back, hang up and are answered at random times: nobody is lost, nothing is left."""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from routing.events import CallArrived, CallEnded, CallEvent, QueueJoined, QueueLeft
from routing.model import Company, Destination, Menu
from tests.routing.nordlys import company, queue
from tests.routing.queue.test_waiting import join, wait
from tests.routing.world import FakeCaller, Phone, World

MEMBER = "+4520202020"
HISTORIES = 150


def house() -> Company:
    keys = {
        "1": Destination("message", "closed"),
        "2": Destination("menu", "info"),
        "3": Destination("person", "dora"),
        "4": Destination("callback", "sales"),
    }
    info = Menu("info", "menu", {"9": Destination("back"), "8": Destination("queue", "sales")}, attempts=1)
    sales = queue(
        members=("anna", "bo", MEMBER),
        keys=keys,
        callback_key="5",
        callback_attempts=2,
        callback_retry_seconds=20.0,
        retry_seconds=2.0,
        ring_seconds=8.0,
        wrap_up_seconds=3.0,
        max_wait_seconds=400.0,
    )
    return company(queues={"sales": sales}, menus={"info": info})


def phones(dice: random.Random) -> Iterator[Phone]:
    """Somebody who behaves another way each time."""
    does: tuple[Any, ...] = ("answer", "answer", "answer", "reject", "busy", "ring", "cross")
    while True:
        yield Phone(
            dice.choice(does),
            after=dice.choice((0.0, 1.0, 3.0, 7.5)),
            talks=dice.choice((0.0, 5.0, 40.0)),
            presses=dice.choice(("1", "1", "2", "")),
            presses_after=dice.choice((0.0, 2.0, 5.0)),
        )


def number_of(call: int) -> str:
    """Where a call comes from: some call twice."""
    return f"+45404040{40 + call % 2}"


class OnceOnlyWorld(World):
    """Looks at every event whether a number is to be called back twice."""

    def note(self, event: CallEvent) -> None:
        super().note(event)
        waiting = self.queues["sales"].state.callers.values()
        numbers = [place.number for place in waiting if place.standing == "callback"]
        if len(numbers) > len(set(numbers)):  # an error here would stay with the queue, which goes on
            self.wrong.append(f"to be called back twice: {numbers}")


async def somebody(world: World, dice: random.Random, number: int) -> None:
    """Calls, presses keys, and hangs up some time."""
    await asyncio.sleep(dice.uniform(0, 60))
    caller = join(world, f"call-{number}", FakeCaller(f"call-{number}", number_of(number)))
    for _ in range(dice.randrange(8)):
        await asyncio.sleep(dice.choice((0.0, 1.0, 3.0, dice.uniform(0, 30))))
        caller.press(*dice.choice((*"1234589*", "51", "51", "51")))
    await asyncio.sleep(dice.choice((0.0, 10.0, 500.0)))
    caller.hang_up_now()


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_every_place_ends_in_one_outcome_and_every_call_once(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    dice = random.Random(seed)

    async def scenario(world: World) -> None:
        await asyncio.gather(*(somebody(world, dice, number) for number in range(6)))
        await asyncio.sleep(2000)
        for caller in world.called_back:
            caller.hang_up_now()
        await asyncio.sleep(2000)
        assert not world.queues["sales"].state.callers
        assert world.ringing == {} == world.talking
        # Dora is no member: two callers may ring her directly.
        assert [each for each in world.wrong if not each.startswith("dora")] == []
        assert asyncio.all_tasks() == {asyncio.current_task()}

    people = ["anna", "bo", "dora", MEMBER, *map(number_of, range(2))]
    world = wait(scenario, lambda: OnceOnlyWorld(house(), {who: phones(dice) for who in people}))
    joined = Counter(event.call for event in world.events if isinstance(event, QueueJoined))
    left = Counter(event.call for event in world.events if isinstance(event, QueueLeft) and event.call in joined)
    assert joined == left
    arrived = Counter(event.call for event in world.events if isinstance(event, CallArrived))
    ended = Counter(event.call for event in world.events if isinstance(event, CallEnded))
    assert arrived == ended
    assert set(arrived.values()) == {1}
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []
