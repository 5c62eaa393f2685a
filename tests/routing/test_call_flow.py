"""One call from its arrival to its end."""

import asyncio

from routing.events import CallEnded
from tests.routing.nordlys import company
from tests.routing.world import FakeCaller, Phone, World
from tests.support.virtual_time import START, now, run


def test_the_main_job_greeting_menu_queue_colleague() -> None:
    async def scenario() -> tuple[World, FakeCaller]:
        world, caller = World(company(), {"anna": Phone(after=4.0, talks=60)}), FakeCaller()
        for member in ("anna", "bo", "carl"):
            world.activity.member_busy(member)
        call = world.call(caller, "33221100")
        await asyncio.sleep(3)
        caller.press("1")
        await asyncio.sleep(58)
        world.activity.member_free("anna", now())
        await call
        return world, caller

    world, caller = run(scenario())
    assert caller.heard == [
        (0.0, "answered"),
        (0.0, "greeting"),
        (2.0, "menu"),
        (3.0, "menu cut"),
        (3.0, "please-wait"),
        (5.0, "music default"),
        (33.0, "position/1"),
        (63.0, "position/1"),
        (65.0, "music off"),
        (65.0, "talks with anna"),
    ]
    assert [name for name in world.told() if name not in ("PromptPlayed", "PositionAnnounced")] == [
        "CallArrived",
        "CallRouted",
        "CallAnswered",
        "MenuEntered",
        "KeyPressed",
        "CallRouted",
        "QueueJoined",
        "OfferMade",
        "OfferEnded",
        "QueueLeft",
        "CallBridged",
        "CallEnded",
    ]
    assert world.events[-1] == CallEnded(call="call-1", at=START + 125, cause="answered", by="callee")
