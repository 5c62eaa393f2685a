"""A queue's decisions, rule by rule."""

from typing import Any

import pytest

from routing.events import OfferMade, QueueLeft
from routing.queue.events import MemberEvent
from routing.queue.machine import QueueMachine
from routing.queue.state import fold
from routing.queue.view import MemberView, WaitingView, view
from tests.routing.queue.table import Table, short


def test_a_caller_is_offered_to_a_free_member_at_once() -> None:
    table = Table("anna")
    table.join("a")
    assert table.news() == ["a joins as 1", "a offered to anna"]


def test_callers_wait_in_the_order_they_came() -> None:
    table = Table("anna")
    table.join("a", "b", "c")
    table.machine.offer_answered(table.offer(), table.now)
    table.machine.talk_ended("a", table.now)
    assert table.news() == [
        "a joins as 1",
        "a offered to anna",
        "b joins as 2",
        "c joins as 3",
        "a at anna: answered",
        "a leaves: answered",
        "b offered to anna",
    ]


def test_several_free_members_ring_for_several_callers() -> None:
    table = Table("anna", "bo", "carl")
    table.join("a", "b")
    assert table.news()[1::2] == ["a offered to anna", "b offered to bo"]


def test_longest_idle_member_is_offered_first() -> None:
    table = Table("anna", "bo", "carl")
    for person, ended in (("anna", 999.0), ("bo", 900.0), ("carl", 950.0)):
        table.machine.block(person, "busy", 990.0)
        table.machine.clear(person, "busy", 1000.0, ended)
    table.join("a", "b", "c")
    assert [event.member for event in table.events() if isinstance(event, OfferMade)] == ["bo", "carl", "anna"]


def test_priority_offers_in_the_queues_order_however_long_others_idle() -> None:
    table = Table("anna", "bo", strategy="priority")
    table.machine.block("anna", "busy", 990.0)
    table.machine.clear("anna", "busy", 1000.0, 999.0)
    table.join("a")
    assert table.news()[-1] == "a offered to anna"


@pytest.mark.parametrize("strategy", ["longest_idle", "priority"])
@pytest.mark.parametrize("outcome", ["no-answer", "busy", "rejected", "unreachable"])
def test_after_a_missed_offer_the_next_member_is_tried(strategy: Any, outcome: Any) -> None:
    table = Table("anna", "bo", strategy=strategy)
    table.join("a")
    table.news()
    table.machine.offer_failed(table.offer(), outcome, table.now)
    assert table.news() == [f"a at anna: {outcome}", "a offered to bo"]


def test_after_a_missed_offer_the_member_is_left_in_peace_for_a_while() -> None:
    table = Table("anna")
    table.join("a")
    table.machine.offer_failed(table.offer(), "rejected", table.now)
    table.news()
    assert table.machine.next_timeout() == 1005
    assert table.at(4.9).news() == []
    assert table.at(5).news() == ["a offered to anna"]


def test_with_priority_too_all_members_have_been_tried_before_one_is_tried_again() -> None:
    table = Table("anna", "bo", strategy="priority", retry_seconds=5.0)
    table.join("a")
    table.machine.offer_failed(table.offer(), "rejected", table.now)  # anna
    table.at(6)  # anna has rested while bo rings
    table.machine.block("carl", "busy", table.now)
    table.machine.clear("carl", "gone", table.now)
    table.machine.clear("carl", "busy", table.now)
    table.news()
    table.machine.offer_failed(table.offer(), "no-answer", table.now)
    assert table.news() == ["a at bo: no-answer", "a offered to carl"]


def test_a_caller_who_leaves_releases_the_member_who_rings() -> None:
    table = Table("anna")
    table.join("a", "b")
    table.news()
    table.machine.leave("a", table.now)
    assert table.news() == ["a at anna: withdrawn", "a leaves: abandoned", "b offered to anna"]


def test_a_withdrawn_offer_costs_the_member_neither_rest_nor_turn() -> None:
    table = Table("anna", "bo")
    table.join("a")
    table.machine.leave("a", table.now)
    table.join("b")
    assert table.news()[-1] == "b offered to anna"


def test_an_answer_after_the_caller_left_is_not_accepted() -> None:
    table = Table("anna")
    table.join("a")
    offer = table.offer()
    table.machine.leave("a", table.now)
    assert not table.machine.offer_answered(offer, table.now)
    assert view(table.machine.state, table.now).members[0].state == "free"


def test_leaving_twice_counts_once() -> None:
    table = Table("anna")
    table.join("a")
    table.machine.leave("a", table.now)
    table.news()
    table.machine.leave("a", table.now)
    assert table.news() == []


def test_wrap_up_keeps_the_next_caller_away_until_it_is_over() -> None:
    table = Table("anna", wrap_up_seconds=10.0)
    table.join("a", "b")
    table.machine.offer_answered(table.offer(), table.now)
    table.at(60).machine.talk_ended("a", table.now)
    table.news()
    assert table.machine.next_timeout() == 1070
    assert table.at(69.9).news() == []
    assert table.at(70).news() == ["b offered to anna"]


def test_a_member_in_a_call_of_their_own_is_not_offered_callers() -> None:
    table = Table("anna")
    table.machine.block("anna", "busy", table.now)
    table.join("a")
    assert table.news() == ["a joins as 1"]
    table.machine.clear("anna", "busy", table.now, table.now)
    assert table.news() == ["a offered to anna"]


def test_every_obstacle_has_to_go() -> None:
    table = Table("anna")
    table.machine.block("anna", "busy", table.now)
    table.machine.block("anna", "elsewhere", table.now)
    table.join("a")
    table.machine.clear("anna", "busy", table.now)
    assert table.news() == ["a joins as 1"]
    table.machine.clear("anna", "elsewhere", table.now)
    assert table.news() == ["a offered to anna"]


def test_a_full_queue_takes_nobody_in() -> None:
    table = Table("anna", max_waiting=2)
    table.join("a", "b", "c")
    assert table.news()[-1] == "c leaves: full"


def test_a_queue_where_nobody_has_a_phone_takes_nobody_in() -> None:
    table = Table()
    table.join("a")
    assert table.news() == ["a leaves: no-members"]


def test_callers_wait_on_while_all_members_are_busy() -> None:
    table = Table("anna")
    table.machine.block("anna", "busy", table.now)
    table.join("a")
    assert table.machine.next_timeout() is None


def test_when_the_last_phone_goes_callers_wait_a_while_for_it_to_come_back() -> None:
    table = Table("anna")
    table.machine.block("anna", "busy", table.now)
    table.join("a")
    table.machine.block("anna", "gone", table.now)
    table.machine.clear("anna", "busy", table.now)
    table.news()
    assert table.machine.next_timeout() == 1030
    table.at(29)
    table.machine.clear("anna", "gone", table.now)
    assert table.news() == ["a offered to anna"]


def test_when_the_last_phone_stays_away_callers_are_let_go() -> None:
    table = Table("anna")
    table.machine.block("anna", "busy", table.now)
    table.join("a", "b")
    table.machine.block("anna", "gone", table.now)
    table.news()
    assert table.at(30).news() == ["a leaves: no-members", "b leaves: no-members"]


def test_who_is_being_rung_for_is_not_let_go_when_phones_unregister() -> None:
    table = Table("anna")
    table.join("a")
    table.machine.block("anna", "gone", table.now)
    table.news()
    assert table.machine.next_timeout() is None
    assert table.at(40).news() == []
    table.machine.offer_failed(table.offer(), "no-answer", table.now)
    table.at(40)
    assert table.news() == ["a at anna: no-answer", "a leaves: no-members"]


def test_a_wait_ends_after_the_longest_time() -> None:
    table = Table("anna", max_wait_seconds=60.0)
    table.machine.block("anna", "busy", table.now)
    table.join("a")
    table.news()
    left = table.at(60).events()
    assert left == [QueueLeft(call="a", at=1060, queue="sales", outcome="timeout", waited=60.0)]


def test_a_wait_that_ends_while_a_member_rings_releases_the_member() -> None:
    table = Table("anna", max_wait_seconds=10.0)
    table.join("a")
    table.news()
    assert table.at(10).news() == ["a at anna: withdrawn", "a leaves: timeout"]


def test_closing_lets_everybody_go_and_takes_nobody_in() -> None:
    table = Table("anna")
    table.join("a", "b")
    table.news()
    table.machine.close(table.now)
    table.join("c")
    assert table.news() == ["a at anna: withdrawn", "a leaves: shutdown", "b leaves: shutdown", "c leaves: shutdown"]


def test_positions_move_up_as_callers_leave() -> None:
    table = Table("anna")
    table.machine.block("anna", "busy", table.now)
    table.join("a", "b", "c")
    table.machine.leave("a", table.now)
    assert [table.machine.state.position(call) for call in ("b", "c")] == [1, 2]


def test_the_log_alone_brings_the_queue_back_with_its_order() -> None:
    table = Table("anna", "bo", wrap_up_seconds=10.0)
    table.join("a", "b", "c", "d")
    table.machine.offer_answered(1, table.now)
    table.machine.leave("c", table.now)
    table.at(30).machine.talk_ended("a", table.now)
    table.events()
    restored = fold(table.queue, table.log)
    assert view(restored, table.now) == view(table.machine.state, table.now)
    again = QueueMachine(table.queue, restored)
    again.advance(1040.0)
    assert [short(event) for event in again.take_events() if not isinstance(event, MemberEvent)] == [
        "d offered to anna"
    ]


def test_the_view_tells_who_waits_and_what_members_do() -> None:
    table = Table("anna", "bo")
    table.join("a", "b", "c")
    table.machine.offer_answered(1, table.now)
    seen = view(table.machine.state, table.now)
    assert seen.waiting == (WaitingView("b", 1, 1000.0, ("bo",)), WaitingView("c", 2, 1000.0))
    assert seen.members == (
        MemberView("anna", "talking", 1000.0, 0.0, "a"),
        MemberView("bo", "claimed", 1000.0, 0.0, "b"),
        MemberView("carl", "gone", 0.0, 0.0),
    )
