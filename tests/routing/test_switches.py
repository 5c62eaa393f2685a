"""Turning the hours' switch by its code."""

import msgspec
import pytest

from routing.feature_codes import FeatureCall, FeatureCode
from routing.hours import Position
from routing.model import Company
from routing.switches import TurnSwitch
from tests.routing.nordlys import company
from tests.routing.world import FakeCaller
from tests.support.virtual_time import run


class Wall:
    """A switch on the wall."""

    def __init__(self, stands: Position = "calendar") -> None:
        self.stands: Position = stands

    def position(self, hours: str) -> Position:
        return self.stands

    def turn(self, hours: str, to: Position) -> None:
        self.stands = to


def dialled(wall: Wall, digits: str = "", person: str = "anna", house: Company | None = None) -> list[str]:
    house = house or company()
    call = FeatureCall(FeatureCode("switch", digits, "office"), house.people[person], FakeCaller())
    return list(run(TurnSwitch(house, wall)(call)))


def test_the_code_alone_turns_it_round() -> None:
    wall = Wall()
    assert [dialled(wall) for _ in range(4)] == [
        ["switch/open"],
        ["switch/closed"],
        ["switch/calendar"],
        ["switch/open"],
    ]


@pytest.mark.parametrize(("digit", "position"), [("1", "open"), ("2", "closed"), ("0", "calendar")])
def test_a_digit_turns_it_there(digit: str, position: Position) -> None:
    wall = Wall("closed" if digit != "2" else "calendar")
    assert dialled(wall, digit) == [f"switch/{position}"]
    assert wall.stands == position


@pytest.mark.parametrize("digits", ["3", "11"])
def test_another_digit_turns_nothing(digits: str) -> None:
    wall = Wall()
    assert dialled(wall, digits) == ["invalid-choice"]
    assert wall.stands == "calendar"


def test_where_there_are_administrators_nobody_else_may() -> None:
    people = dict(company().people)
    people["dora"] = msgspec.structs.replace(people["dora"], administrator=True)
    house, wall = company(people=people), Wall()
    assert dialled(wall, "1", "anna", house) == ["not-allowed"]
    assert wall.stands == "calendar"
    assert dialled(wall, "1", "dora", house) == ["switch/open"]
