"""Asking the company's own server, as callers meet it."""

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from routing.events import CallRouted, LookupEnded
from routing.lookups import Answer, NoAnswer, Question
from routing.model import Destination, Lookup
from tests.routing.nordlys import company, menu
from tests.routing.world import FakeCaller, World
from tests.support.virtual_time import START, run

ANNA, BO, LOOKUP = Destination("person", "anna"), Destination("person", "bo"), Destination("lookup", "customers")
CUSTOMERS = Lookup("customers", "http://127.0.0.1/", {"gold": ANNA, "sales": Destination("queue", "sales")}, BO)


class Server:
    """Answers after a while, or not."""

    def __init__(self, answer: Answer | NoAnswer, after: float = 0.0) -> None:
        self.asked: list[Question] = []
        self._answer = answer
        self._after = after

    async def ask(self, lookup: Lookup, question: Question) -> Answer:
        self.asked.append(question)
        await asyncio.sleep(self._after)
        if isinstance(self._answer, NoAnswer):
            raise self._answer
        return self._answer


def called(
    server: Server, presses: Sequence[tuple[float, str]] = ((0.5, "4711#"),), lookup: Lookup = CUSTOMERS
) -> tuple[World, FakeCaller]:
    """A caller types a customer number in the main menu and the server is asked."""
    main = menu(customer_numbers=LOOKUP, keys={"8": LOOKUP})

    async def scenario() -> tuple[World, FakeCaller]:
        world = World(company(menus={"main": main}, lookups={"customers": lookup}), house={"inquiry": server})
        caller = FakeCaller(name="Unknown")
        for after, keys in presses:
            asyncio.get_running_loop().call_later(after, caller.press, *keys)
        await world.call(caller, "400", "phone")
        return world, caller

    return run(scenario())


def ended(world: World) -> LookupEnded:
    (event,) = world.of(LookupEnded)
    assert isinstance(event, LookupEnded)
    return event


def test_the_server_is_told_who_calls_and_its_word_is_followed() -> None:
    server = Server(Answer("gold", name="Hansen, gold customer"))
    world, caller = called(server)
    assert server.asked == [Question("call-1", "+4540404040", "400", "4711")]
    assert caller.sounds[-1] == "talks with anna"
    assert caller.name == "Hansen, gold customer"
    assert ended(world).answer == "gold"


@pytest.mark.parametrize(
    ("answer", "fault"), [(NoAnswer("status 500"), "status 500"), (Answer("silver"), "unknown word 'silver'")]
)
def test_without_a_word_that_is_known_the_call_goes_otherwise(answer: Answer | NoAnswer, fault: str) -> None:
    world, caller = called(Server(answer))
    assert caller.sounds[-1] == "talks with bo"
    assert ended(world).fault == fault
    assert [event.destination for event in world.of(CallRouted) if isinstance(event, CallRouted)][-1] == "person:bo"


def test_who_waits_longer_than_half_a_second_hears_why() -> None:
    _, caller = called(Server(Answer("gold"), after=1.5))
    assert [each for each in caller.heard if "hold" in each[1]] == [(1.0, "please-hold"), (2.0, "please-hold cut")]
    _, caller = called(Server(Answer("gold"), after=0.4))
    assert "please-hold" not in caller.sounds


def test_music_may_be_played_instead() -> None:
    lookup = msgspec.structs.replace(CUSTOMERS, wait_prompt="", wait_music="default")
    _, caller = called(Server(Answer("gold"), after=1.5), lookup=lookup)
    assert [what for what in caller.heard if "music" in what[1]][:2] == [(1.0, "music default"), (2.0, "music off")]


def test_who_is_not_answered_yet_is_not_answered_for_it() -> None:
    async def scenario() -> FakeCaller:
        numbers = {
            "+4533221100": msgspec.structs.replace(company().main_numbers["+4533221100"], open=LOOKUP, greeting=None)
        }
        house = company(main_numbers=numbers, lookups={"customers": CUSTOMERS})
        world, caller = World(house, house={"inquiry": Server(Answer("gold"), after=1.5)}), FakeCaller()
        await world.call(caller, "33221100")
        return caller

    assert run(scenario()).sounds == ["talks with anna"]


def test_hanging_up_ends_the_asking() -> None:
    async def scenario() -> World:
        world = World(company(menus={"main": menu(keys={"8": LOOKUP})}, lookups={"customers": CUSTOMERS}))
        world.house["inquiry"] = Server(Answer("gold"), after=60)
        caller = FakeCaller()
        call = world.call(caller, "400", "phone")
        caller.press("8")
        asyncio.get_running_loop().call_later(3, caller.hang_up_now)
        await call
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return world

    world = run(scenario())
    assert world.events[-1].at == START + 3
    assert not world.of(LookupEnded)


def test_a_flow_without_servers_goes_otherwise() -> None:
    async def scenario() -> FakeCaller:
        world, caller = (
            World(company(menus={"main": menu(keys={"8": LOOKUP})}, lookups={"customers": CUSTOMERS})),
            FakeCaller(),
        )
        caller.press("8")
        await world.call(caller, "400", "phone")
        return caller

    assert run(scenario()).sounds[-1] == "talks with bo"
