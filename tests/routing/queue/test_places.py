"""Places in the line: priorities, places kept while the caller is away, and places of who is to be called back."""

from typing import Any

import pytest

from routing.events import CallbackMissed, QueueJoined, QueueLeft
from routing.queue.view import WaitingView
from tests.routing.queue.table import Table

NUMBER = "+4540123456"


def line(table: Table) -> list[str]:
    """Everybody by position."""
    return [waiting.call for waiting in table.view().waiting]


# Priorities


def test_a_higher_priority_is_served_before_and_among_equals_who_came_first() -> None:
    table = Table("anna")
    table.busy("anna")
    for call, priority in (("a", 0), ("b", 5), ("c", 0), ("d", 5), ("e", -1), ("f", 0)):
        table.machine.join(call, table.now, priority=priority)
    joined = [event for event in table.events() if isinstance(event, QueueJoined)]
    assert [event.position for event in joined] == [1, 1, 3, 2, 5, 5]
    assert line(table) == ["b", "d", "a", "c", "f", "e"]
    assert [table.machine.state.position(call) for call in line(table)] == [1, 2, 3, 4, 5, 6]
    table.free("anna")
    assert table.news() == ["b offered to anna"]


# Stepping out


def test_a_place_is_kept_while_the_caller_is_away_and_offered_to_nobody() -> None:
    table = Table("anna")
    table.busy("anna")
    table.join("a", "b")
    assert table.machine.hold("a", table.now)
    table.at(30).free("anna")
    assert table.news()[-2:] == ["a is away", "b offered to anna"]
    assert line(table) == ["a", "b"]
    assert table.machine.resume("a", table.now)
    table.answers("anna")
    table.machine.talk_ended("b", table.now)
    assert table.news()[-1] == "a offered to anna"
    table.answers("anna")
    left = [event for event in table.events() if isinstance(event, QueueLeft)]
    assert left[-1].waited == 30, "waiting time went on"


def test_stepping_out_stops_the_ringing_and_costs_the_member_nothing() -> None:
    table = Table("anna")
    table.join("a", "b")
    table.news()
    table.machine.hold("a", table.now)
    assert table.news() == ["a at anna: withdrawn", "a is away", "b offered to anna"]


def test_nobody_steps_out_twice_or_after_leaving() -> None:
    table = Table("anna")
    table.join("a")
    assert table.machine.hold("a", table.now)
    assert not table.machine.hold("a", table.now)
    table.machine.leave("a", table.now)
    assert not table.machine.hold("a", table.now)
    assert not table.machine.resume("a", table.now)


def test_the_longest_wait_does_not_end_while_the_caller_is_away_and_ends_on_return() -> None:
    table = Table("anna", max_wait_seconds=60.0)
    table.busy("anna")
    table.join("a")
    table.machine.hold("a", table.now)
    assert table.machine.next_timeout() is None
    table.at(90).news()
    table.machine.resume("a", table.now)
    assert table.news() == ["a is on the line", "a leaves: timeout"]


def test_when_everybody_has_gone_a_place_is_kept_until_the_caller_is_back() -> None:
    table = Table("anna")
    table.busy("anna")
    table.join("a")
    table.machine.hold("a", table.now)
    table.machine.block("anna", "gone", table.now)
    table.at(60).news()
    table.machine.resume("a", table.now)
    assert table.news() == ["a is on the line", "a leaves: no-members"]


# Calling back


def waiting_for_a_call(**changes: Any) -> Table:
    """Two in line; the first has hung up to be called back; anna talks."""
    table = Table("anna", **changes)
    table.busy("anna")
    table.join("a", "b")
    assert table.machine.call_back("a", NUMBER, table.now, table.now + 3)
    table.news()
    return table


def test_when_the_turn_comes_a_member_is_claimed_and_then_the_caller_is_called() -> None:
    table = waiting_for_a_call()
    table.at(10).free("anna")
    assert table.news() == ["a offered to anna", "a is called back, attempt 1"]
    assert table.member("anna").state == "claimed"
    table.machine.resume("a", table.now)
    assert table.answers("anna")
    assert table.news() == ["a is on the line", "a at anna: answered", "a leaves: called-back"]


def test_the_place_in_line_is_seen_with_its_number() -> None:
    table = waiting_for_a_call()
    assert table.view().waiting[0] == WaitingView("a", 1, 1000.0, standing="callback", number=NUMBER, earliest=1003.0)


def test_nobody_is_called_back_before_the_phone_can_be_hung_up() -> None:
    table = waiting_for_a_call()
    table.at(1).free("anna")
    assert table.news() == ["b offered to anna"]
    table.misses("anna")
    assert table.machine.next_timeout() == 1006, "anna's rest"
    assert table.at(6).news()[-1] == "a is called back, attempt 1"


def test_a_callback_alone_wakes_the_machine_when_it_may_be_made() -> None:
    table = Table("anna")
    table.join("a")
    table.machine.call_back("a", NUMBER, table.now, table.now + 3)
    table.news()
    assert table.machine.next_timeout() == 1003
    assert table.at(3).news() == ["a offered to anna", "a is called back, attempt 1"]


def test_who_is_not_reached_is_tried_again_later_before_all_others() -> None:
    table = waiting_for_a_call(callback_retry_seconds=300.0)
    table.at(10).free("anna")
    table.machine.callback_missed(table.offer(), "busy", table.now)
    assert table.news()[2:] == ["a at anna: withdrawn", "a called back: busy", "b offered to anna"]
    table.answers("anna")
    table.join("c")
    table.at(309).machine.talk_ended("b", table.now)
    assert table.news()[-1] == "c offered to anna"
    table.answers("anna")
    table.join("d")
    table.at(310).machine.talk_ended("c", table.now)
    assert table.news()[-2:] == ["a offered to anna", "a is called back, attempt 2"]


def test_after_the_last_attempt_the_place_is_given_up() -> None:
    table = waiting_for_a_call(callback_attempts=1)
    table.at(10).free("anna")
    table.machine.callback_missed(table.offer(), "no-answer", table.now)
    events = table.events()
    assert [event.retry_at for event in events if isinstance(event, CallbackMissed)] == [None]
    assert [event.outcome for event in events if isinstance(event, QueueLeft)] == ["not-reached"]


def test_a_member_who_misses_the_caller_called_back_leaves_the_caller_first_in_line() -> None:
    table = waiting_for_a_call()
    table.at(10).free("anna")
    table.machine.resume("a", table.now)
    table.misses("anna")
    table.news()
    assert table.at(15).news() == ["a offered to anna"]


@pytest.mark.parametrize("what", ["offer", "callback"])
def test_a_place_given_up_while_the_caller_is_called_releases_the_member(what: str) -> None:
    table = waiting_for_a_call()
    table.at(10).free("anna")
    offer = table.offer()
    table.machine.leave("a", table.now)
    assert table.news()[-3:] == ["a at anna: withdrawn", "a leaves: abandoned", "b offered to anna"]
    if what == "offer":
        assert not table.machine.offer_answered(offer, table.now)
    else:
        table.machine.callback_missed(offer, "no-answer", table.now)
    assert table.news() == []


def test_the_longest_wait_counts_for_callers_on_the_line_alone() -> None:
    table = waiting_for_a_call(max_wait_seconds=60.0)
    assert table.at(60).news() == ["b leaves: timeout"]
    table.at(100).free("anna")
    table.machine.resume("a", table.now)
    assert table.machine.next_timeout() is None


def test_a_callback_waits_for_members_who_have_all_gone_and_outlives_closing() -> None:
    table = waiting_for_a_call()
    table.machine.block("anna", "gone", table.now)
    assert table.at(60).news() == ["b leaves: no-members"]
    table.machine.close(table.now)
    assert line(table) == ["a"]


def test_with_all_one_member_is_claimed_to_call_back() -> None:
    table = Table("anna", "bo", strategy="all")
    table.busy("anna", "bo")
    table.join("a")
    table.machine.call_back("a", NUMBER, table.now, table.now)
    table.at(5).free("bo", "anna")
    assert table.news()[-2:] == ["a offered to bo", "a is called back, attempt 1"]
    table.machine.resume("a", table.now)
    assert table.news() == ["a is on the line", "a offered to anna"], "the caller being there, all ring"
