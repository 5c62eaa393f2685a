"""Being told when somebody is free: once, in turn, and not for ever."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.activity import Activity
from routing.call_flow import CallFlow
from routing.calling_back import Reached
from routing.completion import SETTLE_SECONDS, TURN_SECONDS, CompletionDesk, Wanted
from routing.completion_codes import AskWhenFree
from routing.events import CallBridged, CallEnded, ToldWhenFree
from routing.house import Arrival, House
from routing.ports import RingOutcome
from routing.recalling import Recalling
from tests.routing.nordlys import company
from tests.routing.world import FakeCaller, FakeOutlet, Phone, World
from tests.support.virtual_time import START, now, run

PEOPLE = ("anna", "bo", "carl", "dora")
NORDLYS = company()


class Office:
    """People with phones; whoever is called back talks for a while, unless `absent`."""

    def __init__(self, talks: float = 10.0) -> None:
        self.activity = Activity(now)
        self.talks = talks
        self.absent: set[str] = set()
        self.recalled: list[tuple[float, str, str]] = []
        self.told_phones: list[tuple[float, str, str]] = []
        self.busy: set[str] = set()
        self.wrong: list[str] = []
        for person in PEOPLE:
            self.activity.member_reachable(person)
        self.desk = CompletionDesk(self, now)
        self.desk.attach(self.activity)

    # What happens

    def begin_call(self, *people: str) -> None:
        for person in people:
            self.busy.add(person)
            self.activity.member_busy(person)

    def end_call(self, *people: str) -> None:
        for person in people:
            self.busy.discard(person)
            self.activity.member_free(person, now())

    def ask(self, asker: str, target: str, seconds: float = 3600.0, *, by_phone: bool = False) -> None:
        self.desk.ask(Wanted(asker, target, now() + seconds, by_phone))

    # The port

    async def recall(self, asker: str, target: str) -> None:
        if self.busy & {asker, target}:
            self.wrong.append(f"{asker} is called for {target} while one of them is busy")
        self.recalled.append((round(now() - START, 1), asker, target))
        if asker in self.absent:
            await asyncio.sleep(20)
            return
        self.begin_call(asker, target)
        await asyncio.sleep(self.talks)
        self.end_call(asker, target)

    def told(self, asker: str, target: str) -> None:
        self.told_phones.append((round(now() - START, 1), asker, target))

    def changed(self, asker: str, target: str) -> None:
        """Nothing is kept."""


def played(story: Callable[[Office], Coroutine[Any, Any, None]], **settings: float) -> Office:
    async def scenario() -> Office:
        office = Office(**settings)
        await story(office)
        await asyncio.sleep(5000)
        assert office.wrong == []
        return office

    return run(scenario())


def test_who_asked_is_called_when_the_colleague_has_hung_up_and_only_once() -> None:
    async def story(office: Office) -> None:
        office.begin_call("bo")
        office.ask("anna", "bo")
        await asyncio.sleep(100)
        office.end_call("bo")
        await asyncio.sleep(60)
        office.begin_call("bo")
        office.end_call("bo")

    assert played(story).recalled == [(100 + SETTLE_SECONDS, "anna", "bo")]


def test_those_who_wait_for_the_same_person_are_called_in_the_order_in_which_they_asked() -> None:
    async def story(office: Office) -> None:
        office.begin_call("bo")
        for asker in ("dora", "anna", "carl"):
            office.ask(asker, "bo")
        office.end_call("bo")

    assert [asker for _, asker, _ in played(story).recalled] == ["dora", "anna", "carl"]


def test_whoever_asks_again_keeps_the_place() -> None:
    async def story(office: Office) -> None:
        office.begin_call("bo")
        for asker in ("dora", "anna", "dora"):
            office.ask(asker, "bo")
        office.end_call("bo")

    assert [asker for _, asker, _ in played(story).recalled] == ["dora", "anna"]


def test_whoever_is_on_the_phone_is_passed_over_and_keeps_the_place() -> None:
    async def story(office: Office) -> None:
        office.begin_call("bo", "dora")
        office.ask("dora", "bo")
        office.ask("anna", "bo")
        office.end_call("bo")
        await asyncio.sleep(60)
        office.end_call("dora")

    assert [asker for _, asker, _ in played(story).recalled] == ["anna", "dora"]


def test_somebody_who_is_there_and_did_not_answer_is_waited_for_until_after_their_next_call() -> None:
    async def story(office: Office) -> None:
        office.ask("anna", "bo")
        await asyncio.sleep(100)
        office.begin_call("bo")
        await asyncio.sleep(10)
        office.end_call("bo")

    assert played(story).recalled == [(110 + SETTLE_SECONDS, "anna", "bo")]


@pytest.mark.parametrize("away", ["gone", "undisturbed"])
def test_somebody_who_is_away_is_waited_for_too(away: str) -> None:
    async def story(office: Office) -> None:
        if away == "gone":
            office.activity.member_unreachable("bo")
        else:
            office.activity.member_undisturbed("bo", True)
        office.ask("anna", "bo")
        await asyncio.sleep(50)
        office.activity.member_reachable("bo")
        office.activity.member_undisturbed("bo", False)

    assert played(story).recalled == [(50 + SETTLE_SECONDS, "anna", "bo")]


def test_nobody_is_waited_for_longer_than_the_company_says() -> None:
    async def story(office: Office) -> None:
        office.begin_call("bo")
        office.ask("anna", "bo", 60)
        await asyncio.sleep(61)
        assert not office.desk.waits("anna", "bo")
        office.end_call("bo")

    assert played(story).recalled == []


def test_who_waits_no_more_is_not_called() -> None:
    async def story(office: Office) -> None:
        office.begin_call("bo", "carl")
        office.ask("anna", "bo")
        office.ask("anna", "carl")
        office.ask("dora", "bo")
        assert office.desk.cancel("anna") == 2
        assert office.desk.cancel("anna") == 0
        office.end_call("bo", "carl")

    assert [asker for _, asker, _ in played(story).recalled] == ["dora"]


def test_who_waits_for_two_who_become_free_at_once_is_called_for_one_after_the_other() -> None:
    async def story(office: Office) -> None:
        office.begin_call("bo", "carl")
        office.ask("anna", "bo")
        office.ask("anna", "carl")
        office.ask("dora", "anna")
        office.end_call("bo", "carl")

    office = played(story)
    assert [(asker, target) for _, asker, target in office.recalled] == [
        ("anna", "bo"),
        ("anna", "carl"),
        ("dora", "anna"),
    ]
    assert [at for at, _, _ in office.recalled] == sorted({at for at, _, _ in office.recalled})


def test_who_is_called_by_others_in_the_moment_of_the_turn_is_waited_for_still() -> None:
    async def story(office: Office) -> None:
        async def others_call() -> None:
            await asyncio.sleep(SETTLE_SECONDS)
            office.begin_call("bo")

        office.begin_call("bo")
        office.ask("anna", "bo")
        await asyncio.sleep(10)
        calling = asyncio.create_task(others_call())
        await asyncio.sleep(0)
        office.end_call("bo")
        await calling
        await asyncio.sleep(60)
        assert office.desk.waits("anna", "bo")
        office.end_call("bo")

    ((at, asker, _),) = played(story).recalled
    assert (at, asker) == (70 + 2 * SETTLE_SECONDS, "anna")


def test_who_does_not_answer_has_had_the_turn() -> None:
    async def story(office: Office) -> None:
        office.absent.add("anna")
        office.begin_call("bo")
        office.ask("anna", "bo")
        office.ask("dora", "bo")
        office.end_call("bo")

    assert [asker for _, asker, _ in played(story).recalled] == ["anna", "dora"]


def test_a_phone_that_watches_is_told_and_the_others_wait_while_it_may_call() -> None:
    async def story(office: Office) -> None:
        office.begin_call("bo")
        office.ask("anna", "bo", by_phone=True)
        office.ask("dora", "bo")
        office.end_call("bo")

    office = played(story)
    assert office.told_phones == [(SETTLE_SECONDS, "anna", "bo")]
    ((at, asker, _),) = office.recalled
    assert asker == "dora"
    assert at >= SETTLE_SECONDS + TURN_SECONDS


people = st.sampled_from(PEOPLE)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), people, people),
        st.tuples(st.just("cancel"), people, people),
        st.tuples(st.sampled_from(["begin", "end", "gone", "back"]), people, st.just("")),
        st.tuples(st.just("wait"), st.sampled_from(["1", "3", "40"]), st.just("")),
    ),
    max_size=30,
)


@settings(max_examples=150)
@given(steps)
def test_whatever_happens_everybody_is_called_at_most_once_for_each_wish(history: list[tuple[str, str, str]]) -> None:
    async def story(office: Office) -> None:
        asked = 0
        for what, one, other in history:
            match what:
                case "ask" if one != other:
                    asked += not office.desk.waits(one, other)
                    office.ask(one, other, 1000)
                case "cancel":
                    office.desk.cancel(one, other)
                case "begin":
                    office.begin_call(one)
                case "end":
                    office.end_call(one)
                case "gone":
                    office.activity.member_unreachable(one)
                case "back":
                    office.activity.member_reachable(one)
                case "wait":
                    await asyncio.sleep(float(one))
        await asyncio.sleep(3000)
        assert office.desk.all() == [], "nobody waits for ever"
        assert len(office.recalled) <= asked

    played(story)


# The call


def recalled(phones: dict[str, Phone]) -> World:
    async def scenario() -> World:
        world = World(NORDLYS, {**phones})
        house = House(NORDLYS, world.queues, world.note, now)
        anna, bo = NORDLYS.people["anna"], NORDLYS.people["bo"]
        caller = FakeCaller("back-1", anna.extension)
        await Recalling(house, anna, bo, ByExtension(world, caller)).run()
        assert [event for event in world.events if isinstance(event, CallEnded)] == world.events[-1:]
        return world

    return run(scenario())


class ByExtension(FakeOutlet):
    """Knows people by their extension, as the true one does."""

    async def reach(self, number: str, *, timeout: float) -> Reached | RingOutcome:
        person = next(person.id for person in NORDLYS.people.values() if person.extension == number)
        return await super().reach(person, timeout=timeout)


def test_who_asked_is_called_and_connected_and_the_record_tells_why() -> None:
    world = recalled({"anna": Phone(after=2, presses=""), "bo": Phone(after=3, talks=10)})
    assert [who for _, who in world.rung] == ["anna", "bo"]
    (told,) = world.of(ToldWhenFree)
    assert isinstance(told, ToldWhenFree)
    assert (told.person, told.target) == ("anna", "bo")
    (bridged,) = world.of(CallBridged)
    assert isinstance(bridged, CallBridged)
    assert bridged.person == "bo"


def test_who_asked_and_is_not_there_ends_it() -> None:
    world = recalled({"anna": Phone("ring")})
    assert [who for _, who in world.rung] == ["anna"]
    last = world.events[-1]
    assert isinstance(last, CallEnded)
    assert (last.cause, last.status) == ("no-answer", 480)


# The code


class Lines:
    """Of Nordlys, where carl is hidden from anna."""

    def __init__(self, desk: CompletionDesk) -> None:
        self.desk = desk
        self.missed = {"anna": "bo"}

    def may_know(self, asker: str, target: str) -> bool:
        return (asker, target) != ("anna", "carl")


def dialled(*codes: str) -> tuple[Office, list[str]]:
    async def scenario() -> tuple[Office, list[str]]:
        office, said = Office(), []
        office.begin_call("bo", "carl")
        world = World(NORDLYS)
        action = AskWhenFree(NORDLYS, Lines(office.desk), now)
        for code in codes:
            caller = FakeCaller()
            house = House(NORDLYS, world.queues, world.note, now, features={"tell-when-free": action})
            await CallFlow(house, caller, world, Arrival("phone", code, "anna")).run()
            said += caller.sounds[1:]
        return office, said

    return run(scenario())


def test_the_code_with_an_extension_waits_and_dialled_again_waits_no_more() -> None:
    office, said = dialled("*37202")
    assert said == ["when-free/ordered"]
    assert office.desk.waits("anna", "bo")
    office, said = dialled("*37202", "*37202")
    assert said == ["when-free/ordered", "when-free/cancelled"]
    assert office.desk.all() == []


def test_the_code_alone_waits_for_whom_one_has_called_in_vain() -> None:
    office, said = dialled("*37")
    assert office.desk.waits("anna", "bo")
    assert said == ["when-free/ordered"]


def test_with_0_one_waits_for_nobody() -> None:
    office, said = dialled("*37202", "*370")
    assert said == ["when-free/ordered", "when-free/cancelled"]
    assert office.desk.all() == []


@pytest.mark.parametrize(("code", "said"), [("*37299", "invalid-choice"), ("*37201", "when-free/not-possible")])
def test_what_cannot_be_waited_for_is_told(code: str, said: str) -> None:
    assert dialled(code)[1] == [said]


def test_for_whoever_is_hidden_one_waits_in_vain_without_being_told() -> None:
    office, said = dialled("*37203")
    assert said == ["when-free/ordered"]
    assert office.desk.all() == []
