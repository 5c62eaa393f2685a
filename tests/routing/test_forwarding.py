"""Do not disturb and forwarding: what people set, and where calls go by it."""

import asyncio
from collections.abc import Mapping
from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.call_flow import CallFlow
from routing.diversion import Diversion
from routing.events import CallEnded, CallForwarded
from routing.forwarding import (
    CONTENT,
    WHEN,
    Forwarding,
    Refused,
    When,
    Wishes,
    after_ringing,
    before_ringing,
    dialled_form,
    refuse,
    target,
)
from routing.house import Arrival, House
from routing.model import Calls, Company, Destination, VoicemailBox
from tests.routing.nordlys import company
from tests.routing.world import FakeCaller, Phone, World
from tests.support.virtual_time import now, run

BO, CARL = Destination("person", "bo"), Destination("person", "carl")
MOBILE = Destination("number", "+4520304050")
NORDLYS = company(boxes={"anna": VoicemailBox("anna")})
ANNA = NORDLYS.people["anna"]


class Book:
    """What people have set, in memory."""

    def __init__(self, wishes: Mapping[str, Wishes]) -> None:
        self.wishes = dict(wishes)

    def of(self, person: str) -> Wishes:
        return self.wishes.get(person, CONTENT)

    def change(self, person: str, wishes: Wishes) -> None:
        self.wishes[person] = wishes


def forwards(when: When, to: Destination, **more: Any) -> Wishes:
    return Wishes(forwardings={when: Forwarding(to, **more)})


def called(
    wishes: Mapping[str, Wishes],
    phones: Mapping[str, Phone],
    *,
    dialled: str = "201",
    origin: Literal["phone", "trunk"] = "phone",
    house: Company = NORDLYS,
    earlier: int = 0,
) -> tuple[World, FakeCaller]:
    """One call to anna, whose events begin and end as they must."""

    async def scenario() -> tuple[World, FakeCaller]:
        world, caller = World(house, dict(phones)), FakeCaller()
        shared = House(house, world.queues, world.note, now, wishes=Book(wishes))
        arrival = Arrival(origin, dialled, None, earlier)
        await CallFlow(shared, caller, world, arrival).run()
        assert [event for event in world.events if isinstance(event, CallEnded)] == world.events[-1:]
        return world, caller

    return run(scenario())


def rung(world: World) -> list[str]:
    return [who for _, who in world.rung]


def test_all_calls_go_to_somebody_else_and_the_phone_does_not_ring() -> None:
    world, caller = called({"anna": forwards("always", BO)}, {"bo": Phone(after=2, talks=5)})
    assert rung(world) == ["bo"]
    assert caller.heard == [(2, "talks with bo")]
    (forwarded,) = world.of(CallForwarded)
    assert isinstance(forwarded, CallForwarded)
    assert (forwarded.person, forwarded.why, forwarded.destination) == ("anna", "unconditional", "person:bo")
    assert caller.diversions == [Diversion("anna", "unconditional")]


def test_a_call_from_outside_is_forwarded_to_a_mobile() -> None:
    wishes = {"dora": forwards("always", MOBILE)}
    world, caller = called(wishes, {MOBILE.name: Phone(talks=5)}, dialled="33221104", origin="trunk")
    assert rung(world) == [MOBILE.name]
    assert caller.diversions == [Diversion("dora", "unconditional")]


@pytest.mark.parametrize(
    ("when", "phone", "why"),
    [
        ("busy", Phone("busy"), "busy"),
        ("busy", Phone("reject"), "busy"),
        ("no-answer", Phone("ring"), "no-answer"),
        ("unreachable", Phone("unreachable"), "unreachable"),
        ("no-answer", Phone("unreachable"), "unreachable"),
    ],
)
def test_a_call_that_is_not_taken_goes_on(when: When, phone: Phone, why: str) -> None:
    world, caller = called({"anna": forwards(when, BO)}, {"anna": phone, "bo": Phone(talks=5)})
    assert rung(world) == ["anna", "bo"]
    assert [diversion.why for diversion in caller.diversions] == [why]


@pytest.mark.parametrize(
    ("when", "phone", "status"),
    [
        ("busy", Phone("ring"), 480),
        ("no-answer", Phone("busy"), 486),
        ("unreachable", Phone("ring"), 480),
    ],
)
def test_a_call_that_the_forwarding_is_not_for_ends_as_without_it(when: When, phone: Phone, status: int) -> None:
    world, caller = called({"anna": forwards(when, BO)}, {"anna": phone})
    assert (rung(world), caller.final_status) == (["anna"], status)


@pytest.mark.parametrize(("seconds", "after"), [(0.0, 20.0), (7.0, 7.0)])
def test_phones_ring_as_long_as_the_person_or_the_company_says(seconds: float, after: float) -> None:
    wishes = {"anna": forwards("no-answer", BO, seconds=seconds)}
    world, _ = called(wishes, {"anna": Phone("ring"), "bo": Phone(talks=5)})
    assert world.rung == [(0, "anna"), (after, "bo")]


def test_who_is_not_to_be_disturbed_is_busy_without_ringing() -> None:
    world, caller = called({"anna": Wishes(do_not_disturb=True)}, {})
    assert (rung(world), caller.final_status) == ([], 486)


def test_who_is_not_to_be_disturbed_has_calls_go_where_busy_ones_go() -> None:
    wishes = {"anna": msgspec.structs.replace(forwards("busy", BO), do_not_disturb=True)}
    world, caller = called(wishes, {"bo": Phone(talks=5)})
    assert rung(world) == ["bo"]
    assert [diversion.why for diversion in caller.diversions] == ["do-not-disturb"]
    people = NORDLYS.people | {"anna": msgspec.structs.replace(ANNA, on_busy=CARL)}
    house = msgspec.structs.replace(NORDLYS, people=people)
    world, caller = called({"anna": Wishes(do_not_disturb=True)}, {"carl": Phone(talks=5)}, house=house)
    assert rung(world) == ["carl"], "what the company's file says of busy"
    assert caller.diversions == [Diversion("anna", "do-not-disturb")]
    assert world.of(CallForwarded) == [], "the company wanted it so, not anna"


def test_what_a_person_sets_goes_before_what_the_company_says() -> None:
    people = NORDLYS.people | {"anna": msgspec.structs.replace(ANNA, on_no_answer=CARL)}
    house = msgspec.structs.replace(NORDLYS, people=people)
    wishes = {"anna": forwards("no-answer", BO)}
    assert rung(called(wishes, {"anna": Phone("ring"), "bo": Phone(talks=5)}, house=house)[0]) == ["anna", "bo"]
    off = {"anna": forwards("no-answer", BO, on=False)}
    assert rung(called(off, {"anna": Phone("ring"), "carl": Phone(talks=5)}, house=house)[0]) == ["anna", "carl"]


def test_queues_offer_nobody_callers_who_does_not_want_to_be_disturbed() -> None:
    async def scenario() -> World:
        world, caller = World(NORDLYS), FakeCaller()
        world.activity.member_undisturbed("anna", True)
        call = world.call(caller, "300", "phone")
        await call
        assert "do-not-disturb" in world.queues["sales"].state.members["anna"].obstacles
        return world

    assert rung(run(scenario())) == ["bo"]


def test_two_who_forward_to_each_other_end_the_call() -> None:
    world, caller = called(
        {"anna": forwards("always", BO), "bo": forwards("always", Destination("person", "anna"))}, {}
    )
    assert (rung(world), caller.final_status) == ([], 482)
    wishes = {"anna": forwards("no-answer", BO), "bo": forwards("no-answer", Destination("person", "anna"))}
    world, caller = called(wishes, {"anna": Phone("ring"), "bo": Phone("ring")})
    assert rung(world) == ["anna", "bo", "anna"]
    assert caller.final_status == 482


def test_a_chain_is_followed_for_as_long_as_the_company_allows() -> None:
    wishes = {"anna": forwards("always", BO), "bo": forwards("always", CARL), "carl": forwards("always", MOBILE)}
    world, caller = called(wishes, {MOBILE.name: Phone(talks=5)})
    assert rung(world) == [MOBILE.name]
    assert [diversion.person for diversion in caller.diversions] == ["anna", "bo", "carl"]
    house = msgspec.structs.replace(NORDLYS, calls=Calls(most_forwardings=2))
    world, caller = called(wishes, {}, house=house)
    assert (rung(world), caller.final_status) == ([], 482)


def test_forwardings_before_the_call_came_count_too() -> None:
    world, caller = called({"anna": forwards("always", BO)}, {}, earlier=5)
    assert (rung(world), caller.final_status) == ([], 482)


def test_a_caller_who_was_answered_hears_that_nobody_is_reached() -> None:
    wishes = {"anna": Wishes(do_not_disturb=True)}

    async def scenario() -> FakeCaller:
        world, caller = World(NORDLYS), FakeCaller()
        shared = House(NORDLYS, world.queues, world.note, now, wishes=Book(wishes))
        call = asyncio.create_task(CallFlow(shared, caller, world, Arrival("trunk", "33221100")).run())
        await asyncio.sleep(3)
        caller.press("2")
        await call
        return caller

    assert "busy" in run(scenario()).sounds


# Where calls may be forwarded


@pytest.mark.parametrize(
    ("dialled", "to"),
    [
        ("202", BO),
        ("bo", BO),
        ("300", Destination("queue", "sales")),
        ("400", Destination("menu", "main")),
        ("20304050", MOBILE),
        ("+4520304050", MOBILE),
        ("33221104", Destination("person", "dora")),
        ("*98", Destination("voicemail", "anna")),
    ],
)
def test_a_target_is_what_phones_dial(dialled: str, to: Destination) -> None:
    assert target(NORDLYS, ANNA, dialled) == to


@pytest.mark.parametrize(
    ("dialled", "expected"),
    [
        ("", "an extension, an outside number"),
        ("299", "an extension, an outside number"),
        ("*51", "an extension, an outside number"),
        ("33221100", "an extension, an outside number"),
        ("201", "somebody else"),
        ("112", "neither an emergency, a short nor a premium"),
        ("90112233", "neither an emergency, a short nor a premium"),
        ("118", "neither an emergency, a short nor a premium"),
    ],
)
def test_what_calls_cannot_be_forwarded_to_is_told(dialled: str, expected: str) -> None:
    with pytest.raises(Refused, match=expected):
        target(NORDLYS, ANNA, dialled)


def test_who_has_no_right_to_it_forwards_within_the_house_only() -> None:
    indoors = msgspec.structs.replace(ANNA, forwards_outside=False)
    assert target(NORDLYS, indoors, "202") == BO
    with pytest.raises(Refused) as refused:
        target(NORDLYS, indoors, "20304050")
    assert not refused.value.allowed


def test_who_has_no_box_forwards_to_no_voicemail() -> None:
    with pytest.raises(Refused, match="bo has no voicemail box"):
        target(NORDLYS, NORDLYS.people["bo"], "*98")


@pytest.mark.parametrize("to", ["202", "300", "400", "+4520304050", "*98"])
def test_phones_show_a_target_as_it_is_dialled(to: str) -> None:
    assert dialled_form(NORDLYS, target(NORDLYS, ANNA, to)) == to


@pytest.mark.parametrize("to", [Destination("person", "gone"), Destination("hangup"), Destination("queue", "x")])
def test_what_is_not_there_is_no_target(to: Destination) -> None:
    with pytest.raises(Refused):
        refuse(NORDLYS, ANNA, to)


# Properties

targets = st.sampled_from([BO, CARL, MOBILE, Destination("queue", "sales"), Destination("voicemail", "anna")])
forwardings = st.builds(Forwarding, targets, st.booleans(), st.sampled_from([0.0, 12.0]))
wishes = st.builds(Wishes, st.booleans(), st.dictionaries(st.sampled_from(WHEN), forwardings))


@given(wishes, st.sampled_from(WHEN), st.booleans())
def test_turning_a_forwarding_keeps_its_target_and_leaves_others_alone(before: Wishes, when: When, on: bool) -> None:
    after = before.turned(when, on)
    assert {key: each.to for key, each in after.forwardings.items()} == {
        key: each.to for key, each in before.forwardings.items()
    }
    assert (after.forwarding(when) is not None) == (on and when in before.forwardings)
    others = [other for other in WHEN if other != when]
    assert [after.forwarding(other) for other in others] == [before.forwarding(other) for other in others]


@given(wishes, st.sampled_from(["busy", "rejected", "no-answer", "unreachable"]))
def test_a_forwarding_that_is_off_moves_no_call(each: Wishes, outcome: Any) -> None:
    on = [forwarding.to for forwarding in each.forwardings.values() if forwarding.on]
    for unwanted in (before_ringing(each), after_ringing(each, outcome)):
        assert unwanted is None or unwanted.to is None or unwanted.to in on
