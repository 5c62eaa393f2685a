"""A menu, as its caller meets it."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from routing.events import CallEvent, KeyPressed, MenuEntered, MenuSilence, PromptPlayed
from routing.menu import Choice, choose
from routing.model import Destination
from routing.ports import CallerGone
from tests.routing.nordlys import menu
from tests.routing.world import FakeCaller
from tests.support.virtual_time import START, now, run

SALES = Destination("queue", "sales")


class Visit:
    """A caller in a menu who presses keys at given seconds, one or several, or hangs up: `#gone`."""

    def __init__(self, presses: Sequence[tuple[float, str]] = (), greeting: Sequence[str] = (), **changes: Any) -> None:
        self.events: list[CallEvent] = []
        self.ended = 0.0
        self.choice = run(self._visit(presses, greeting, changes))

    async def _visit(
        self, presses: Sequence[tuple[float, str]], greeting: Sequence[str], changes: Any
    ) -> Choice | None:
        self.caller = FakeCaller()
        self.caller.answered = True
        loop = asyncio.get_running_loop()
        for after, key in presses:
            if key == "#gone":
                loop.call_later(after, self.caller.hang_up_now)
            else:
                loop.call_later(after, self.caller.press, *key)
        try:
            return await choose(menu(**changes), self.caller, self.events.append, now, greeting=greeting)
        except CallerGone:
            return None
        finally:
            self.ended = now() - START
            assert asyncio.all_tasks() == {asyncio.current_task()}, "nothing is left running"


def test_a_key_after_the_prompt_chooses() -> None:
    visit = Visit([(4, "1")])
    assert visit.choice == Choice(SALES, "1")
    assert visit.caller.heard == [(0, "menu")]


def test_a_key_cuts_the_prompt() -> None:
    visit = Visit([(0.5, "1")])
    assert visit.choice == Choice(SALES, "1")
    assert visit.caller.heard == [(0, "menu"), (0.5, "menu cut")]
    assert visit.ended == 0.5


def test_a_key_cuts_the_greeting_and_the_menu_is_not_told_any_more() -> None:
    visit = Visit([(0.5, "1")], greeting=["greeting"])
    assert visit.caller.heard == [(0, "greeting"), (0.5, "greeting cut")]


def test_a_key_pressed_before_the_menu_began_chooses_without_a_word() -> None:
    async def scenario() -> None:
        caller = FakeCaller()
        caller.answered = True
        caller.press("1")
        assert await choose(menu(), caller, lambda _: None, now) == Choice(SALES, "1")
        assert caller.heard == []

    run(scenario())


def test_the_greeting_is_said_once_only() -> None:
    visit = Visit([(14, "1")], greeting=["greeting"])
    assert visit.caller.sounds == ["greeting", "menu", "please-choose", "menu"]


def test_silence_has_its_own_answer_and_the_menu_is_told_again() -> None:
    visit = Visit([(12, "1")])
    assert visit.caller.heard == [(0, "menu"), (7, "please-choose"), (9, "menu")]
    assert visit.choice == Choice(SALES, "1")


def test_a_key_that_the_menu_does_not_offer_has_another_answer() -> None:
    visit = Visit([(3, "7"), (8, "1")])
    assert visit.caller.heard == [(0, "menu"), (3, "invalid-choice"), (5, "menu")]
    assert visit.choice == Choice(SALES, "1")


def test_keys_typed_on_after_an_invalid_one_are_forgotten() -> None:
    visit = Visit([(3, "71")], attempts=2)
    assert visit.choice == Choice(Destination("hangup"), None)


def test_the_last_attempts_silence_leads_to_the_timeout_destination() -> None:
    visit = Visit(attempts=2, timeout_destination=SALES)
    assert visit.choice == Choice(SALES, None)
    assert visit.caller.sounds == ["menu", "please-choose", "menu"]
    assert visit.ended == 2 + 5 + 2 + 2 + 5


def test_silence_and_invalid_keys_share_the_attempts() -> None:
    visit = Visit([(1, "9")], attempts=2)
    assert visit.choice == Choice(Destination("hangup"), None)
    assert visit.caller.sounds == ["menu", "menu cut", "invalid-choice", "menu"]


def test_zero_is_the_operator() -> None:
    assert Visit([(1, "0")]).choice == Choice(Destination("person", "dora"), "0")


def test_zero_is_what_the_menu_says_where_it_says_so() -> None:
    assert Visit([(1, "0")], keys={"0": SALES}).choice == Choice(SALES, "0")


def test_zero_without_an_operator_is_invalid() -> None:
    assert "invalid-choice" in Visit([(1, "0")], operator=None).caller.sounds


@pytest.mark.parametrize("key", ["*", "#", "9"])
def test_any_key_of_the_keypad_can_be_offered(key: str) -> None:
    assert Visit([(1, key)], keys={key: SALES}).choice == Choice(SALES, key)


def test_a_key_in_the_instant_the_prompt_ends_counts() -> None:
    assert Visit([(2, "1")]).choice == Choice(SALES, "1")


def test_a_key_in_the_instant_the_silence_ends_is_not_lost() -> None:
    assert Visit([(7, "1")]).choice == Choice(SALES, "1")


def test_the_callers_hanging_up_ends_the_menu_while_it_speaks() -> None:
    visit = Visit([(1, "#gone")])
    assert visit.choice is None
    assert visit.ended == 1


def test_the_callers_hanging_up_ends_the_menu_while_it_waits() -> None:
    visit = Visit([(4, "#gone")])
    assert visit.choice is None
    assert visit.ended == 4


def test_what_happened_is_on_record() -> None:
    visit = Visit([(8, "7"), (14, "1")], greeting=["greeting"])
    told = [event for event in visit.events if not isinstance(event, PromptPlayed)]
    assert told == [
        MenuEntered(call="call-1", at=START, menu="main"),
        KeyPressed(call="call-1", at=START + 8, menu="main", key="7", valid=False),
        KeyPressed(call="call-1", at=START + 14, menu="main", key="1", valid=True),
    ]
    silence = [event for event in Visit(attempts=1).events if isinstance(event, MenuSilence)]
    assert silence == [MenuSilence(call="call-1", at=START + 7, menu="main")]
