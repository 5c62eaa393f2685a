"""Boards tell what has changed since when: each person's last state, whatever was overtaken."""

import msgspec
import pytest

from tests.web.told import told
from web.state_board import MOST_GONE, Free, StateBoard, TooOld


def test_what_is_the_same_is_no_change() -> None:
    board = StateBoard(1000)
    assert board.show([told("anna"), told("bo")]) == [told("anna"), told("bo")]
    before = board.sequence
    assert board.show([told("anna")]) == []
    assert board.sequence == before


def test_who_asks_is_told_the_last_state_of_each_in_the_order_of_changes() -> None:
    board = StateBoard(1000)
    board.show([told("anna"), told("bo"), told("carl")])
    known = board.sequence
    board.show([told("bo", "busy")])
    board.show([told("anna", "busy")])
    board.show([told("bo", "away")])
    assert [(each.key, each.state) for each in board.after(known, 10)] == [
        ("anna", told("anna", "busy")),
        ("bo", told("bo", "away")),
    ]
    assert [each.key for each in board.after(0, 10)] == ["carl", "anna", "bo"]


def test_nobody_is_found_by_an_extension_that_was_theirs_before() -> None:
    board = StateBoard(1000)
    anna = told("anna")
    board.show([anna])
    board.show([msgspec.structs.replace(anna, extension="299")])
    assert board.find(anna.extension) is None
    found = board.find("299")
    assert found is not None
    assert found is board.find("anna")


def test_parts_follow_each_other_without_a_gap() -> None:
    board = StateBoard(1000)
    board.show([told(f"p{number}") for number in range(10)])
    found, since = [], 0
    while part := board.after(since, 3):
        found += [each.key for each in part]
        since = part[-1].sequence
    assert found == [f"p{number}" for number in range(10)]


def test_twenty_thousand_changes_a_second_do_not_pile_up() -> None:
    board = StateBoard(1000)
    for turn in range(200):
        board.show([told(f"p{number}", f"turn {turn}") for number in range(100)])
    assert len(board.after(0, 1_000_000)) == 100
    assert len(board._log) <= 300


def test_who_is_gone_is_told_once_and_not_to_who_never_knew_them() -> None:
    board = StateBoard(1000)
    board.show([told("anna"), told("bo")])
    known = board.sequence
    assert board.keep(["anna"]) == ["bo"]
    assert board.keep(["anna"]) == []
    assert [(each.key, each.state) for each in board.after(known, 10)] == [("bo", None)]
    assert [each.key for each in board.after(0, 10)] == ["anna"]
    assert board.find("bo") is None


def test_who_comes_from_another_run_or_has_missed_too_much_begins_with_everybody() -> None:
    board = StateBoard(1000)
    board.show([told("anna")])
    for since in (1, 999, board.sequence + 1):
        with pytest.raises(TooOld):
            board.after(since, 10)
    known = board.sequence
    for turn in range(2):
        board.show([told(f"{turn} {number}") for number in range(MOST_GONE)])
        board.keep(["anna"])
    board.show([told("anna", str(turn)) for turn in range(2 * MOST_GONE + 1000)])
    with pytest.raises(TooOld):
        board.after(known, 10)
    assert [each.key for each in board.after(0, 10)] == ["anna"]


def test_people_are_found_by_id_and_by_extension() -> None:
    board = StateBoard(1000)
    board.show([told("anna")])
    assert board.find("anna") == board.find("x-anna")
    assert board.find("") is None
    assert board.find("free/1") is None


def test_a_client_is_told_of_its_wish_in_the_same_order() -> None:
    board = StateBoard(1000)
    board.show([told("anna", "busy")])
    known = board.sequence
    free = Free("1", "crm", "anna", 5.0)
    board.show([told("anna")])
    board.tell_free(free)
    assert [(each.person, each.free) for each in board.after(known, 10)] == [("anna", None), ("anna", free)]
