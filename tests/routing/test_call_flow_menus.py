"""Calls through greetings, menus, calendars and back."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from routing.events import CallEnded, CallRouted, QueueJoined
from routing.hours import Changes, ClosedTime
from routing.model import CalendarPeriod, Destination, OpenPeriod, WeekCalendar
from routing.places import Places
from tests.routing.nordlys import OFFICE, company, menu
from tests.routing.world import FakeCaller, World
from tests.support.virtual_time import START, run

ANNA, BACK, HOURS = Destination("person", "anna"), Destination("back"), Destination("hours", "office")
MAIN, SUB, CLOSED = Destination("menu", "main"), Destination("menu", "sub"), Destination("message", "closed")


def called(
    presses: Sequence[tuple[float, str]] = (), dialled: str = "400", start: float = START, **changes: Any
) -> tuple[World, FakeCaller]:
    house = changes.pop("house", {})

    async def scenario() -> tuple[World, FakeCaller]:
        world, caller = World(company(**changes), house=house), FakeCaller()
        for after, keys in presses:
            asyncio.get_running_loop().call_later(after, caller.press, *keys)
        await world.call(caller, dialled, "phone")
        assert asyncio.all_tasks() == {asyncio.current_task()}, "nothing is left running"
        return world, caller

    return run(scenario(), start=start)


def way(world: World) -> list[str]:
    return [event.destination for event in world.of(CallRouted) if isinstance(event, CallRouted)]


# Greetings


GREETINGS = msgspec.structs.replace(
    company().main_numbers["+4533221100"],
    open=CLOSED,
    greeting="own/open",
    closed_greeting="own/closed",
    special_greeting="own/special",
    special_closed_greeting="own/special-closed",
)
YULE = msgspec.structs.replace(OFFICE, special_days={"2024-12-23": (OpenPeriod(8 * 60, 12 * 60),)}, holidays="DK")


@pytest.mark.parametrize(
    ("day", "hour", "greeting"),
    [(20, 10, "own/open"), (20, 20, "own/closed"), (23, 10, "own/special"), (25, 10, "own/special-closed")],
)
def test_each_of_the_four_greetings_has_its_time(day: int, hour: int, greeting: str) -> None:
    at = datetime(2024, 12, day, hour, tzinfo=ZoneInfo("Europe/Copenhagen")).timestamp()
    numbers = {"+4533221100": GREETINGS}
    _, caller = called(dialled="33221100", start=at, main_numbers=numbers, hours={"office": YULE})
    assert caller.sounds == ["answered", greeting, "closed"]


@pytest.mark.parametrize(("day", "hour", "greeting"), [(23, 10, "own/open"), (25, 10, "own/closed")])
def test_a_special_day_without_its_own_is_greeted_as_any_other(day: int, hour: int, greeting: str) -> None:
    at = datetime(2024, 12, day, hour, tzinfo=ZoneInfo("Europe/Copenhagen")).timestamp()
    plain = msgspec.structs.replace(GREETINGS, special_greeting=None, special_closed_greeting=None)
    _, caller = called(dialled="33221100", start=at, main_numbers={"+4533221100": plain}, hours={"office": YULE})
    assert caller.sounds == ["answered", greeting, "closed"]


def test_the_closed_greeting_of_a_menu_is_cut_by_a_key() -> None:
    number = msgspec.structs.replace(GREETINGS, closed=MAIN)
    numbers, closed = {"+4533221100": number}, Changes("closed")
    _, caller = called(
        [(1, "2")], "33221100", main_numbers=numbers, house={"changes": lambda hours: closed}, menus={"main": menu()}
    )
    assert caller.sounds[1:3] == ["own/closed", "own/closed cut"]
    assert caller.sounds[-1] == "talks with anna"


def test_a_feed_of_closing_days_closes() -> None:
    changes = Changes(closed=(ClosedTime(START - 10, START + 10, "party"),))
    world, caller = called(
        dialled="33221100", main_numbers={"+4533221100": GREETINGS}, house={"changes": lambda hours: changes}
    )
    assert caller.sounds == ["answered", "own/special-closed", "closed"]
    (routed,) = world.of(CallRouted)
    assert isinstance(routed, CallRouted)
    assert routed.why == "closed: closing days: party"


# Back


def test_back_leads_to_the_menu_that_the_caller_came_from() -> None:
    menus = {"main": menu(keys={"1": SUB, "2": ANNA}), "sub": menu(name="sub", prompt="sub", keys={"9": BACK})}
    world, caller = called([(1, "1"), (2, "9"), (3, "2")], menus=menus)
    assert way(world) == ["menu:main", "menu:sub", "menu:main", "person:anna"]
    assert [what for what in caller.sounds if "cut" not in what][1:4] == ["menu", "sub", "menu"]


def test_back_in_the_first_menu_tells_it_again() -> None:
    world, _ = called([(1, "9"), (2, "2")], menus={"main": menu(keys={"9": BACK, "2": ANNA})})
    assert way(world) == ["menu:main", "menu:main", "person:anna"]


def test_the_hours_are_told_and_then_the_menu_again() -> None:
    world, caller = called([(1, "3"), (15, "2")], menus={"main": menu(keys={"3": HOURS, "2": ANNA})})
    assert way(world) == ["menu:main", "hours:office", "menu:main", "person:anna"]
    assert caller.sounds[3:6] == ["hours/weekly", "weekday/1", "word/to"]


def test_a_key_cuts_the_hours_and_counts_in_the_menu() -> None:
    _, caller = called([(1, "3"), (4, "2")], menus={"main": menu(keys={"3": HOURS, "2": ANNA})})
    assert caller.heard[-1] == (7.0, "talks with anna")


def test_back_from_nowhere_is_goodbye() -> None:
    numbers = {"+4533221100": msgspec.structs.replace(GREETINGS, open=HOURS, greeting=None)}
    _, caller = called(dialled="33221100", main_numbers=numbers)
    assert caller.sounds[-1] == "goodbye"


def test_a_menu_that_silence_leads_back_to_for_ever_is_a_circle() -> None:
    world, _ = called(menus={"main": menu(attempts=1, timeout_destination=HOURS)})
    last = world.events[-1]
    assert isinstance(last, CallEnded)
    assert (last.cause, last.status) == ("unreachable", 482)


def test_places_are_gone_back_to_in_their_order() -> None:
    places, third = Places(), Destination("menu", "third")
    assert places.back() is None
    for place in (MAIN, SUB, third):
        places.came_to(place)
    assert (places.back(), places.before(third), places.before(SUB), places.before(MAIN)) == (third, SUB, MAIN, MAIN)
    places.came_to(SUB)
    assert (places.back(), places.before(SUB)) == (SUB, MAIN)


# Others


def test_somebody_is_dialled_by_name() -> None:
    menus = {"main": menu(keys={"5": Destination("names")})}
    world, caller = called([(1, "5"), (2, "2662#"), (3, "1")], menus=menus)
    assert way(world) == ["menu:main", "names", "person:anna"]
    assert caller.sounds[-1] == "talks with anna"


def test_who_finds_nobody_by_name_is_back_in_the_menu() -> None:
    menus = {"main": menu(keys={"5": Destination("names"), "2": ANNA})}
    world, _ = called([(1, "5"), (30, "2")], menus=menus)
    assert way(world) == ["menu:main", "names", "menu:main", "person:anna"]


def test_a_week_calendar_leads_where_it_says_at_that_moment() -> None:
    day = (CalendarPeriod(OpenPeriod(0, 1440), ANNA),)
    calendar = WeekCalendar("days", "Europe/Copenhagen", (day,) * 7)
    menus = {"main": menu(keys={"1": Destination("calendar", "days")})}
    world, _ = called([(1, "1")], menus=menus, calendars={"days": calendar})
    assert way(world) == ["menu:main", "calendar:days", "person:anna"]


def test_an_extension_is_dialled_in_a_menu() -> None:
    world, _ = called([(1, "202")], menus={"main": menu(keys={}, operator=None, extensions=True)})
    assert way(world) == ["menu:main", "person:bo"]


SALES = Destination("queue", "sales")


@pytest.mark.parametrize(
    ("number", "vip", "key", "priority"),
    [
        (0, {}, {}, 0),
        (2, {}, {}, 2),
        (2, {"+4540404040": 5}, {}, 5),
        (2, {"+4540404040": 5}, {"1": 7}, 7),
        (0, {"+4540404040": -3}, {}, -3),
        (0, {"+4540404040": -3}, {"1": 1}, 1),
        (0, {"+4599999999": 5}, {}, 0),
    ],
)
def test_the_highest_priority_that_was_given_counts_in_the_queue(
    number: int, vip: dict[str, int], key: dict[str, int], priority: int
) -> None:
    main_number = msgspec.structs.replace(GREETINGS, open=MAIN, greeting=None, priority=number)
    menus = {"main": menu(keys={"1": SALES}, priorities=key)}
    world, _ = called([(1, "1")], "33221100", main_numbers={"+4533221100": main_number}, vip=vip, menus=menus)
    (joined,) = world.of(QueueJoined)
    assert isinstance(joined, QueueJoined)
    assert joined.priority == priority
