"""The lamps of queues: callers who wait, callers who are served."""

import asyncio
from dataclasses import dataclass

import msgspec
import pytest

from lampfield.presence.queue_lamps import QueueLamps
from routing.events import CallEvent
from routing.model import Company, QueueLamp
from tests.routing.nordlys import company, queue
from tests.routing.world import FakeCaller, Phone, World
from tests.support.virtual_time import now, run
from tests.support.watched_house import WatchedHouse

EXTENSION = "300"
IDLE, WAITING, SERVED = list[tuple[str, str]](), [("early", "recipient")], [("confirmed", "recipient")]
BOTH = [*WAITING, *SERVED]


@dataclass
class Switchboard(World):
    """The queue sales, whose lamp phones watch."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.names: dict[str, tuple[str, str]] = {}
        self.lamps = WatchedHouse(self.company)
        self.queue_lamps = QueueLamps(
            lambda of, name: self.queues[name].state,
            lambda call: self.names.get(call, ("", "")),
            lambda aor, dialogs: self.lamps.lamps.show_thing(aor, dialogs, self.lamps.now),
        )
        self.queue_lamps.configure([self.company])

    def note(self, event: CallEvent) -> None:
        super().note(event)
        if hasattr(self, "queue_lamps") and hasattr(event, "queue"):
            self.show()

    def show(self) -> None:
        self.queue_lamps.changed("nordlys", "sales")
        self.lamps.deliver()

    def caller(self, name: str) -> tuple[FakeCaller, asyncio.Task[None]]:
        caller = FakeCaller(f"call-{len(self.names)}", "+4540404040", name)
        self.names[caller.call] = (caller.number, name)
        return caller, self.call(caller, EXTENSION, "phone")


def house(lamp: QueueLamp = "both") -> Company:
    return company(queues={"sales": queue(lamp=lamp, members=("anna",))})


async def one_after_the_other(world: Switchboard) -> None:
    """Karen is served while Niels waits, and then Niels."""
    _, karen = world.caller("Karen")
    await asyncio.sleep(5)
    _, niels = world.caller("Niels")
    await asyncio.gather(karen, niels)
    world.show()


@pytest.mark.parametrize(
    ("lamp", "shown"),
    [
        ("both", [IDLE, WAITING, SERVED, BOTH, WAITING, SERVED, IDLE]),
        ("waiting", [IDLE, WAITING, IDLE, WAITING, IDLE]),
        ("served", [IDLE, SERVED, IDLE, SERVED, IDLE]),
    ],
)
def test_the_lamp_blinks_while_somebody_waits_and_is_lit_while_somebody_is_served(
    lamp: QueueLamp, shown: list[list[tuple[str, str]]]
) -> None:
    async def scenario() -> list[list[tuple[str, str]]]:
        world = Switchboard(house(lamp), {"anna": Phone(after=2, talks=20)})
        key = world.lamps.watch("anna", EXTENSION)
        calls = asyncio.create_task(one_after_the_other(world))
        for _ in range(60):
            await asyncio.sleep(1)
            world.show()
        await calls
        seen = [notification.dialogs for notification in key.received]
        return [each for place, each in enumerate(seen) if place == 0 or seen[place - 1] != each]

    assert run(scenario()) == shown


def test_the_first_caller_is_shown_to_members_and_to_nobody_else() -> None:
    async def scenario() -> None:
        world = Switchboard(house(), {"anna": Phone("ring")})
        member, other = world.lamps.watch("anna", EXTENSION), world.lamps.watch("dora", EXTENSION)
        callers = [world.caller(name) for name in ("Karen", "Niels")]
        await asyncio.sleep(3)
        assert b"Karen" in member.received[-1].body
        assert b"+4540404040" in member.received[-1].body
        assert b"Karen" not in other.received[-1].body
        assert b"+4540404040" not in other.received[-1].body
        assert other.received[-1].dialogs == WAITING
        callers[0][0].hang_up_now()
        await asyncio.sleep(1)
        assert b"Niels" in member.received[-1].body
        for caller, call in callers:
            caller.hang_up_now()
            await call
        assert member.received[-1].dialogs == other.received[-1].dialogs == IDLE

    run(scenario())


def test_who_was_called_back_and_waits_for_the_member_is_shown_by_the_number_that_was_called() -> None:
    async def scenario() -> None:
        offered = company(queues={"sales": queue(members=("anna",), callback_key="5")})
        world = Switchboard(offered, {"anna": Phone("ring")})
        world.activity.member_busy("anna")
        member = world.lamps.watch("anna", EXTENSION)
        caller, call = world.caller("Karen")
        await asyncio.sleep(5)
        caller.press("5", "1")
        await call
        world.names.clear()
        world.show()
        assert member.received[-1].dialogs == IDLE, "nobody is on the line"
        world.activity.member_free("anna", now())
        await asyncio.sleep(6)
        world.show()
        assert member.received[-1].dialogs == WAITING
        assert b"+4540404040" in member.received[-1].body
        world.called_back[0].hang_up_now()
        await asyncio.sleep(1)

    run(scenario())


def test_a_queue_without_extension_has_no_lamp() -> None:
    plain = msgspec.structs.replace(house(), queue_extensions={})
    assert WatchedHouse(plain).try_to_watch("anna", EXTENSION)[1].status == 404
