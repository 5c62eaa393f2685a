"""A menu, as its caller meets it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.events import CallEvent, CustomerNumberGiven, KeyPressed, MenuEntered, MenuSilence, PromptPlayed
from routing.menu import Choice, choose
from routing.menu.typed import Offered
from routing.menu.visit import NO_EXTENSIONS
from routing.model import Destination
from routing.ports import CallerGone
from tests.routing.nordlys import menu
from tests.routing.world import FakeCaller
from tests.support.virtual_time import START, now, run

SALES = Destination("queue", "sales")


class Visit:
    """A caller in a menu who presses keys at given seconds, one or several, or hangs up: `#gone`."""

    def __init__(
        self,
        presses: Sequence[tuple[float, str]] = (),
        greeting: Sequence[str] = (),
        extensions_of: Mapping[str, Destination] = NO_EXTENSIONS,
        **changes: Any,
    ) -> None:
        self._extensions = extensions_of
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
            return await choose(
                menu(**changes), self.caller, self.events.append, now, greeting=greeting, extensions=self._extensions
            )
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


# Numbers of several digits

PEOPLE = {number: Destination("person", name) for number, name in {"201": "anna", "202": "bo", "2011": "eve"}.items()}
CUSTOMERS = Destination("lookup", "customers")


def test_an_extension_is_dialled_and_chosen_at_once_when_nothing_longer_begins_so() -> None:
    visit = Visit([(0.5, "2"), (1, "0"), (1.5, "2")], extensions_of=PEOPLE, extensions=True, keys={"1": SALES})
    assert visit.choice == Choice(Destination("person", "bo"), "202")
    assert visit.ended == 1.5


def test_what_may_still_grow_waits_for_the_next_digit() -> None:
    visit = Visit([(0.5, "201")], extensions_of=PEOPLE, extensions=True, keys={"1": SALES})
    assert visit.choice == Choice(Destination("person", "anna"), "201")
    assert visit.ended == 3.5


def test_a_hash_ends_a_number_at_once() -> None:
    visit = Visit([(0.5, "201#")], extensions_of=PEOPLE, extensions=True, keys={"1": SALES})
    assert visit.choice == Choice(Destination("person", "anna"), "201")
    assert visit.ended == 0.5


def test_the_longer_number_is_meant_when_it_is_typed_on() -> None:
    visit = Visit([(0.5, "201"), (3, "1")], extensions_of=PEOPLE, extensions=True, keys={"1": SALES})
    assert visit.choice == Choice(Destination("person", "eve"), "2011")


def test_a_key_that_also_begins_an_extension_counts_after_the_pause() -> None:
    visit = Visit([(0.5, "2")], extensions_of=PEOPLE, extensions=True, keys={"2": SALES}, digit_seconds=1.0)
    assert visit.choice == Choice(SALES, "2")
    assert visit.ended == 1.5


def test_a_number_that_nothing_begins_with_is_wrong_at_once() -> None:
    visit = Visit([(0.5, "29"), (6, "1")], extensions_of=PEOPLE, extensions=True, keys={"1": SALES})
    assert visit.caller.heard[:3] == [(0, "menu"), (0.5, "menu cut"), (0.5, "invalid-choice")]
    assert visit.choice == Choice(SALES, "1")


def test_extensions_are_not_taken_where_the_menu_does_not_say_so() -> None:
    visit = Visit([(0.5, "201")], extensions_of=PEOPLE, keys={"1": SALES})
    assert "invalid-choice" in visit.caller.sounds


def test_a_menus_own_number_goes_before_an_extension() -> None:
    visit = Visit([(0.5, "202")], extensions_of=PEOPLE, extensions=True, keys={"202": SALES})
    assert visit.choice == Choice(SALES, "202")


def test_keys_of_several_digits_can_hold_stars_and_hashes() -> None:
    visit = Visit([(0.5, "*1#")], keys={"*1#": SALES, "*1": Destination("person", "bo")})
    assert visit.choice == Choice(SALES, "*1#")


def test_a_customers_number_is_noted_and_leads_where_the_menu_says() -> None:
    visit = Visit([(0.5, "4711#")], keys={"1": SALES}, customer_numbers=CUSTOMERS)
    assert visit.choice == Choice(CUSTOMERS, "4711", customer_number="4711")
    assert CustomerNumberGiven(call="call-1", at=START + 0.5, menu="main", number="4711") in visit.events


def test_a_key_goes_before_a_customers_number() -> None:
    visit = Visit([(0.5, "1#")], keys={"1": SALES}, customer_numbers=CUSTOMERS)
    assert visit.choice == Choice(SALES, "1")


def test_a_customers_number_has_at_most_twenty_digits() -> None:
    visit = Visit([(0.5, "9" * 25)], customer_numbers=CUSTOMERS)
    assert visit.choice == Choice(CUSTOMERS, "9" * 20, customer_number="9" * 20)


# Silence and wrong keys, each with its own count and way

BO, EVE = Destination("person", "bo"), Destination("person", "eve")


def test_silence_has_its_own_count_and_way() -> None:
    visit = Visit(attempts=9, silence_attempts=2, silence_destination=BO)
    assert visit.choice == Choice(BO, None)
    assert visit.caller.sounds == ["menu", "please-choose", "menu"]


def test_wrong_keys_have_their_own_count_and_way() -> None:
    visit = Visit([(1, "9"), (6, "9")], attempts=9, invalid_attempts=2, invalid_destination=EVE)
    assert visit.choice == Choice(EVE, None)
    assert visit.ended == 6


def test_a_silence_does_not_count_as_a_wrong_key() -> None:
    visit = Visit([(1, "9"), (16, "1")], attempts=9, invalid_attempts=2, silence_attempts=2)
    assert visit.choice == Choice(SALES, "1")


@pytest.mark.parametrize(("presses", "leads"), [([], BO), ([(1, "9")], EVE)])
def test_the_last_attempt_leads_where_its_failure_does(presses: list[tuple[float, str]], leads: Destination) -> None:
    visit = Visit(presses, attempts=1, silence_destination=BO, invalid_destination=EVE)
    assert visit.choice == Choice(leads, None)


# Barge-in, language, priority


def test_without_barge_in_the_prompt_is_heard_and_then_the_key_counts() -> None:
    visit = Visit([(0.5, "1")], barge_in=False)
    assert visit.choice == Choice(SALES, "1")
    assert visit.caller.heard == [(0, "menu")]
    assert visit.ended == 2


def test_a_menus_language_is_spoken_from_its_greeting_on() -> None:
    visit = Visit([(0.5, "1")], language="sv", greeting=["greeting"])
    assert visit.caller.heard[:2] == [(0, "from here on sv"), (0, "greeting")]
    assert visit.caller.language == "sv"


def test_a_choice_gives_its_priority() -> None:
    assert Visit([(0.5, "1")], priorities={"1": 5}).choice == Choice(SALES, "1", priority=5)
    assert Visit([(0.5, "2")], priorities={"1": 5}).choice == Choice(Destination("person", "anna"), "2")


keypad = st.text("0123456789*#", min_size=1, max_size=5)


@given(st.sets(keypad, max_size=6), keypad)
def test_what_is_typed_is_never_waited_on_when_it_can_mean_nothing_more(numbers: set[str], typed: str) -> None:
    offered = Offered(menu(keys=dict.fromkeys(numbers, SALES), operator=None), {})
    assert offered.may_grow(typed) == any(number.startswith(typed) and number != typed for number in numbers)
    assert (offered.meaning(typed) is not None) == (typed in numbers)
