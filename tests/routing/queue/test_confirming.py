"""Members who press 1 to take a call: outside numbers, and who else is asked to."""

import asyncio
from typing import Any

import pytest

from routing.events import OfferEnded
from routing.model import Company, MemberDetails
from routing.queue.confirming import introduction, must_confirm
from tests.routing.nordlys import company, queue
from tests.routing.queue.test_waiting import join, wait
from tests.routing.world import Phone, World

MOBILE = "+4520202020"
VOICEMAIL = Phone(after=2, presses="")


def house(**changes: Any) -> Company:
    sales = {"members": (MOBILE,), "position_every_seconds": 0.0, "retry_seconds": 60.0}
    return company(queues={"sales": queue(**{**sales, **changes})})


def offers(world: World) -> list[tuple[str, str]]:
    return [(event.member, event.outcome) for event in world.events if isinstance(event, OfferEnded)]


def test_a_mobile_hears_that_there_is_a_call_and_takes_it_by_1() -> None:
    async def scenario(world: World) -> None:
        caller = join(world)
        await asyncio.sleep(5)
        assert caller.sounds == ["answered", "please-wait", "music default", "music off", f"talks with {MOBILE}"]
        assert world.answered[0].heard == ["confirm/call", "confirm/press"]

    world = wait(scenario, lambda: World(house(), {MOBILE: Phone(after=3, presses_after=1)}))
    assert offers(world) == [(MOBILE, "answered")]


def test_a_voicemail_takes_no_caller_who_hears_music_meanwhile() -> None:
    async def scenario(world: World) -> None:
        caller = join(world)
        await asyncio.sleep(2 + 2 * 2 + 8 + 1)
        assert world.dropped == [MOBILE]
        assert caller.sounds[-1] == "music default"
        await asyncio.sleep(5)
        assert caller.sounds[-1] == "talks with bo"

    world = wait(scenario, lambda: World(house(members=(MOBILE, "bo")), {MOBILE: VOICEMAIL}))
    assert offers(world) == [(MOBILE, "no-answer"), ("bo", "answered")]


def test_another_key_is_no_yes() -> None:
    async def scenario(world: World) -> None:
        join(world)
        await asyncio.sleep(20)
        assert world.dropped == [MOBILE]

    wait(scenario, lambda: World(house(), {MOBILE: Phone(after=2, presses="25#")}))


def test_ringing_that_takes_all_its_time_leaves_time_for_the_key() -> None:
    async def scenario(world: World) -> None:
        join(world)
        await asyncio.sleep(35)
        assert offers(world) == [(MOBILE, "answered")]

    wait(scenario, lambda: World(house(), {MOBILE: Phone(after=19, presses="221", presses_after=9)}))


def test_the_caller_who_hangs_up_meanwhile_lets_the_member_go() -> None:
    async def scenario(world: World) -> None:
        caller = join(world)
        await asyncio.sleep(4)
        caller.hang_up_now()
        await asyncio.sleep(0.5)
        assert world.dropped == [MOBILE]
        assert asyncio.all_tasks() == {asyncio.current_task()}

    assert offers(wait(scenario, lambda: World(house(), {MOBILE: VOICEMAIL}))) == [(MOBILE, "withdrawn")]


def test_of_several_who_ring_at_once_the_first_to_press_1_has_the_call() -> None:
    async def scenario(world: World) -> None:
        caller = join(world)
        await asyncio.sleep(6)
        assert caller.sounds[-1] == "talks with bo"
        assert world.dropped == [MOBILE]

    phones = {MOBILE: VOICEMAIL, "bo": Phone(after=5)}
    wait(scenario, lambda: World(house(members=(MOBILE, "bo"), strategy="all"), {**phones}))


@pytest.mark.parametrize(
    ("member", "details", "asked"),
    [
        (MOBILE, None, True),
        ("anna", None, False),
        (MOBILE, MemberDetails(confirm=False), False),
        ("anna", MemberDetails(confirm=True), True),
        (MOBILE, MemberDetails(), True),
    ],
)
def test_outside_numbers_confirm_unless_told_otherwise(member: str, details: MemberDetails | None, asked: bool) -> None:
    assert must_confirm(queue(details={member: details} if details is not None else {}), member) is asked


def test_the_queue_is_told_by_its_own_sound_else_by_its_extension() -> None:
    def has(name: str) -> bool:
        return name == "own/queue-sales"

    assert introduction(company(), "sales", has) == ("confirm/call-from", "own/queue-sales", "confirm/press")
    assert introduction(company(), "sales", lambda _: False) == (
        "confirm/call-from",
        "word/extension",
        "number/3",
        "number/0",
        "number/0",
        "confirm/press",
    )
    assert introduction(company(queue_extensions={}), "sales", lambda _: False) == ("confirm/call", "confirm/press")


def test_prompts_that_cannot_be_played_keep_nobody_from_taking_the_call() -> None:
    async def scenario(world: World) -> None:
        caller = join(world)
        await asyncio.sleep(6)
        assert caller.sounds[-1] == f"talks with {MOBILE}"

    wait(scenario, lambda: World(house(), {MOBILE: Phone(plays=False)}))
