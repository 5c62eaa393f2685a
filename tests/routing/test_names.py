"""Dialling somebody by the letters of their name."""

import asyncio
from collections.abc import Sequence

import pytest

from routing.events import CallEvent, KeyPressed
from routing.menu.names import HasSound, candidates, dial, no_sounds, typed_as
from routing.model import Person
from tests.routing.world import FakeCaller
from tests.support.virtual_time import now, run

ANNA, ANNE = Person("anna", "Anna Holm", "201"), Person("anne", "Anne Sørensen", "202")
BO, LARS = Person("bo", "Bo Lind", "203"), Person("lars", "Lars-Åge Æbelø", "204")
PEOPLE = (ANNA, ANNE, BO, LARS)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Anna Holm", ["26624656", "4656"]),
        ("Anne Sørensen", ["266376736736", "76736736"]),
        ("Lars-Åge Æbelø", ["527724322356", "24322356", "22356"]),
        ("Müller ß", ["6855377", "7"]),
        ("李 Wei", ["934"]),
        ("", []),
    ],
)
def test_each_word_of_a_name_is_typed_on_the_keys_of_its_letters(name: str, typed: list[str]) -> None:
    assert typed_as(name) == typed


def test_first_and_last_names_are_found_by_their_beginning() -> None:
    assert candidates(PEOPLE, "266") == [ANNA, ANNE]
    assert candidates(PEOPLE, "46") == [ANNA]
    assert candidates(PEOPLE, "5") == [BO, LARS]
    assert candidates(PEOPLE, "99") == []


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Weiß", ["9347", "93477"]),
        ("Müller", ["685537", "6835537"]),
        ("Sørensen", ["76736736", "763736736"]),
        ("Åse", ["273", "2273"]),
        ("Bæk", ["225", "2235"]),
        ("Mu\u0308ller", ["685537", "6835537"]),
    ],
)
def test_letters_that_no_key_shows_are_found_by_their_key_and_spelled_out(name: str, typed: list[str]) -> None:
    person = Person("x", name, "205")
    for keys in typed:
        assert candidates([person, BO], keys) == [person]
    assert candidates([person], "1") == []


def visit(
    presses: Sequence[tuple[float, str]], has_sound: HasSound = no_sounds, people: Sequence[Person] = PEOPLE
) -> tuple[Person | None, FakeCaller, list[CallEvent]]:
    async def scenario() -> tuple[Person | None, FakeCaller, list[CallEvent]]:
        caller, events = FakeCaller(), list[CallEvent]()
        caller.answered = True
        for after, keys in presses:
            asyncio.get_running_loop().call_later(after, caller.press, *keys)
        return await dial(people, has_sound, caller, events.append, now), caller, events

    return run(scenario())


def test_those_who_may_be_meant_are_read_out_and_chosen_by_key() -> None:
    person, caller, events = visit([(1, "266#"), (3, "2")])
    assert person == ANNE
    assert caller.sounds[2] == "word/press"
    assert [event.key for event in events if isinstance(event, KeyPressed)] == ["266", "2"]


def test_a_name_is_told_in_its_own_recording_else_by_extension() -> None:
    _, caller, _ = visit([(1, "266#")], lambda name: name == "own/name-anna")
    extension = ["word/extension", "number/2", "number/0", "number/2"]
    told = ["word/press", "number/1", "word/for", "own/name-anna", "word/press", "number/2", "word/for", *extension]
    assert caller.sounds[2 : 2 + len(told) + 1] == [*told, "names/another"]


def test_the_only_one_who_can_be_meant_is_told_soon() -> None:
    person, caller, _ = visit([(1, "26"), (2, "6"), (3, "2"), (8, "1")])
    assert person == ANNA
    assert (4, "word/press") in caller.heard


def test_who_types_more_letters_than_are_needed_is_let_finish() -> None:
    person, _, events = visit([(1, "2"), (1.5, "6"), (2, "6"), (2.5, "2"), (3, "4"), (3.5, "6"), (6, "1")])
    assert person == ANNA
    assert [event.key for event in events if isinstance(event, KeyPressed)] == ["266246", "1"]


def test_a_pause_ends_the_letters() -> None:
    _, caller, _ = visit([(1, "266")])
    assert (4, "word/press") in caller.heard


def test_nobody_of_that_name_is_told_and_asked_again() -> None:
    person, caller, _ = visit([(1, "9"), (6, "46#"), (9, "1")])
    assert caller.heard[1:4] == [(1, "names/type cut"), (2, "names/none"), (4, "names/type")]
    assert person == ANNA


def test_star_after_the_names_begins_again() -> None:
    person, caller, _ = visit([(1, "266#"), (2, "*"), (3, "46"), (6, "1")])
    assert person == ANNA
    assert caller.sounds.count("names/type") == 2


def test_too_many_names_are_not_read_out() -> None:
    crowd = [Person(f"p{number}", f"Anna {number}", f"{number}") for number in range(300, 309)]
    person, caller, _ = visit([(1, "266#")], people=crowd)
    assert "names/many" in caller.sounds
    assert "word/press" not in caller.sounds
    assert person is None


def test_after_three_silences_nobody_is_dialled() -> None:
    person, caller, _ = visit([])
    assert person is None
    assert caller.sounds == ["names/type"] * 3


def test_who_has_neither_an_extension_nor_a_recording_cannot_be_told() -> None:
    _, caller, _ = visit([(1, "25")], people=[Person("al", "Al", "")])
    assert "names/none" in caller.sounds
