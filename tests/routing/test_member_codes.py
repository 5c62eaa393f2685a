"""What members dial to take part in their queues."""

from typing import Any

import pytest

from routing.feature_codes import FeatureCall, FeatureCode
from routing.member_codes import ChangeMembership, Wish, understood
from routing.model import Company
from routing.queue.events import Author
from tests.routing.nordlys import company, queue
from tests.routing.world import FakeCaller
from tests.support.virtual_time import run

HOUSE = company(
    queues={
        "sales": queue(members=("anna", "bo")),
        "support": queue(name="support", members=("anna",)),
        "night": queue(name="night", members=("bo",)),
    },
    queue_extensions={"300": "sales", "301": "support", "302": "night"},
)


class Roll:
    """Writes down what a queue is told, which is always the member's own decision."""

    def __init__(self, *, active: bool = True) -> None:
        self.active = active
        self.told: list[tuple[str, ...]] = []

    def activate(self, member: str, by: Author) -> bool:
        assert by == Author("code", member)
        self.told.append(("active", member))
        return True

    def deactivate(self, member: str, by: Author) -> bool:
        assert by == Author("code", member)
        self.told.append(("passive", member))
        return True

    def pause(self, member: str, reason: str, by: Author) -> bool:
        assert by == Author("code", member)
        self.told.append(("pause", member, reason))
        return True

    def resume(self, member: str, by: Author) -> bool:
        assert by == Author("code", member)
        self.told.append(("resume", member))
        return True

    def takes_part(self, member: str) -> bool:
        return self.active


def dialled(feature: Any, digits: str = "", person: str = "anna", house: Company = HOUSE) -> tuple[Any, dict[str, Any]]:
    """The prompts that the caller hears, and what each queue was told."""
    rolls = {name: Roll() for name in house.queues}
    call = FeatureCall(FeatureCode(feature, digits), house.people[person], FakeCaller())
    prompts = run(ChangeMembership(house, rolls)(call))
    return list(prompts), {name: roll.told for name, roll in rolls.items() if roll.told}


def test_a_code_alone_is_for_all_queues_of_the_member() -> None:
    assert dialled("passive") == (
        ["members/passive"],
        {"sales": [("passive", "anna")], "support": [("passive", "anna")]},
    )


def test_with_an_extension_it_is_for_that_queue_alone() -> None:
    assert dialled("passive", "301") == (["members/passive"], {"support": [("passive", "anna")]})


def test_active_ends_a_pause_as_well() -> None:
    assert dialled("active", "300") == (["members/active"], {"sales": [("active", "anna"), ("resume", "anna")]})


def test_a_pause_has_the_reason_of_the_number_dialled() -> None:
    prompts, told = dialled("pause", "2")
    assert prompts == ["members/pause"]
    assert told == {"sales": [("pause", "anna", "lunch")], "support": [("pause", "anna", "lunch")]}


@pytest.mark.parametrize(
    ("digits", "wish"),
    [
        ("", Wish(("sales", "support"))),
        ("1", Wish(("sales", "support"), "break")),
        ("300", Wish(("sales",))),
        ("1300", Wish(("sales",), "break")),
        ("4301", Wish(("support",), "training")),
        ("9", None),
        ("9300", None),
        ("302", None),
        ("0", None),
    ],
)
def test_the_reason_comes_before_the_extension(digits: str, wish: Wish | None) -> None:
    assert understood(HOUSE, "anna", digits, reasons=True) == wish


@pytest.mark.parametrize(("digits", "person"), [("302", "anna"), ("1", "anna"), ("", "dora"), ("999", "bo")])
def test_what_means_nothing_is_told_and_changes_nothing(digits: str, person: str) -> None:
    assert dialled("passive", digits, person) == (["invalid-choice"], {})


def test_a_pause_is_over() -> None:
    assert dialled("resume", "300") == (["members/resume"], {"sales": [("resume", "anna")]})


@pytest.mark.parametrize(
    ("active", "prompt", "told"),
    [
        ({"sales", "support"}, "members/passive", [("passive", "anna")]),
        ({"support"}, "members/passive", [("passive", "anna")]),
        (set(), "members/active", [("active", "anna"), ("resume", "anna")]),
    ],
)
def test_the_code_that_toggles_makes_passive_who_is_active_anywhere_else_active_everywhere(
    active: set[str], prompt: str, told: list[tuple[str, ...]]
) -> None:
    rolls = {name: Roll(active=name in active) for name in HOUSE.queues}
    call = FeatureCall(FeatureCode("toggle"), HOUSE.people["anna"], FakeCaller())
    assert run(ChangeMembership(HOUSE, rolls)(call)) == [prompt]
    assert [roll.told for roll in rolls.values()] == [told, told, []]
