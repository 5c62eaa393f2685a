"""A queue after a restart, and under changed settings."""

from typing import Any

import msgspec

from routing.events import QueueJoined, QueueLeft
from routing.queue.events import MemberDeactivated, MemberPaused, MemberRecalled, MembershipEvent
from routing.queue.machine import QueueMachine
from routing.queue.state import fold
from tests.routing.nordlys import queue
from tests.routing.queue.table import Table


def restarted(table: Table, *talks: str, seconds: float, **changes: Any) -> Table:
    """The queue taken up from its log by another process, `seconds` after the test began."""
    table.events()
    settings = msgspec.structs.replace(table.queue, **changes)
    table.now = 1000.0 + seconds
    table.machine = QueueMachine(settings, fold(settings, table.log))
    table.machine.restore(talks, table.now)
    return table


def present(table: Table, *members: str) -> None:
    for member in members:
        table.machine.clear(member, "gone", table.now)


# After a restart


def test_callers_come_back_in_order_with_their_true_waiting_time() -> None:
    table = Table("anna")
    table.busy("anna")
    for call, priority in (("a", 0), ("b", 0), ("vip", 5)):
        table.machine.join(call, table.now, priority=priority)
    restarted(table, seconds=20)
    present(table, "anna")
    assert table.news() == ["vip is away", "a is away", "b is away"], "nobody is offered who is not taken up"
    for call in ("b", "a", "vip"):
        assert table.machine.resume(call, table.now)
    assert [waiting.call for waiting in table.view().waiting] == ["vip", "a", "b"]
    assert table.news()[1] == "b offered to anna", "the first to be taken up while anna was free"
    table.answers("anna")
    assert [event.waited for event in table.events() if isinstance(event, QueueLeft)] == [20.0]


def test_claims_end_with_the_process_and_conversations_that_survive_go_on() -> None:
    table = Table("anna", "bo", "carl", wrap_up_seconds=10.0)
    table.join("a", "b", "c")
    table.answers("anna")
    table.answers("bo")
    restarted(table, "a", seconds=20)
    present(table, "anna", "bo", "carl")
    assert [member.state for member in table.view().members] == ["talking", "wrap-up", "free"]
    table.at(60).machine.talk_ended("a", table.now)
    assert table.member("anna").state == "wrap-up"


def test_wrap_up_ends_when_it_would_have_ended() -> None:
    table = Table("anna", wrap_up_seconds=30.0)
    table.join("a")
    table.answers("anna")
    table.at(60).machine.talk_ended("a", table.now)
    restarted(table, seconds=70)
    present(table, "anna")
    assert table.member("anna").state == "wrap-up"
    assert table.machine.next_timeout() == 1090
    assert table.at(90).member("anna").state == "free"


def test_a_longest_wait_that_passed_meanwhile_ends_when_the_caller_is_taken_up() -> None:
    table = Table("anna", max_wait_seconds=60.0)
    table.busy("anna")
    table.join("a")
    restarted(table, seconds=70).news()
    table.machine.resume("a", table.now)
    assert table.news() == ["a is on the line", "a leaves: timeout"]


def test_members_whose_phones_went_with_the_process_have_their_time_to_come_back() -> None:
    """What is kept of a place says nothing of phones, and those on connections have to register anew."""
    table = Table()
    table.log.append(QueueJoined(call="a", at=1000.0, queue="sales", position=1))
    restarted(table, seconds=60).machine.resume("a", table.now)
    assert table.news() == ["a is away", "a is on the line"]
    assert table.at(75).news() == []
    present(table, "anna")
    assert table.news() == ["a offered to anna"]
    assert table.at(120).news() == []


def test_callers_whom_no_member_comes_back_for_after_a_restart_are_let_go() -> None:
    table = Table()
    table.log.append(QueueJoined(call="a", at=1000.0, queue="sales", position=1))
    restarted(table, seconds=60).machine.resume("a", table.now)
    assert table.at(89).news() == ["a is away", "a is on the line"]
    assert table.at(90).news() == ["a leaves: no-members"]


def test_who_is_to_be_called_back_needs_not_be_taken_up() -> None:
    table = Table("anna")
    table.join("a")
    table.machine.call_back("a", "+4540123456", table.now, table.now)
    restarted(table, seconds=20)
    present(table, "anna")
    assert table.news()[-1] == "a is called back, attempt 1", "the attempt that was cut off does not count"


def test_passive_and_paused_outlast_a_restart_with_nothing_else_known() -> None:
    known: list[MembershipEvent] = [
        MemberDeactivated(queue="sales", member="anna", at=900.0),
        MemberPaused(queue="sales", member="bo", at=950.0, reason="lunch"),
    ]
    table = Table()
    table.machine = QueueMachine(table.queue, fold(table.queue, known))
    table.machine.restore((), table.now)
    present(table, "anna", "bo", "carl")
    assert [member.state for member in table.view().members] == ["passive", "paused", "free"]
    assert (table.member("bo").pause_reason, table.member("bo").paused_since) == ("lunch", 950.0)


def test_a_log_from_before_a_member_was_taken_off_the_list_is_understood() -> None:
    table = Table("anna", "bo")
    table.join("a", "b")
    table.answers("anna")
    restarted(table, "a", seconds=20, members=("bo", "carl"))
    assert [member.person for member in table.view().members] == ["bo", "carl", "anna"]
    table.machine.talk_ended("a", table.now)
    assert [member.person for member in table.view().members] == ["bo", "carl"]


def test_two_callers_answered_in_one_second_are_forgotten_a_day_later() -> None:
    settings = queue(strategy="fewest_calls")
    stood = MemberRecalled(
        queue="sales", member="anna", at=1001.0, idle_since=1001.0, turn=2, misses=0, answers=(1000, 1000)
    )
    table = Table()
    table.machine = QueueMachine(settings, fold(settings, [stood]))
    table.machine.restore((), 1010.0)
    present(table, "anna")
    table.at(90_000).join("a")
    assert table.machine.state.members["anna"].answered == 0


# Under changed settings


def changed(table: Table, **changes: Any) -> Table:
    table.machine.reconfigure(queue(**changes), table.now)
    return table


def test_callers_keep_their_places_and_members_what_they_do() -> None:
    table = Table("anna", "bo")
    table.join("a", "b", "c")
    table.answers("anna")
    table.machine.pause("bo", "lunch", table.now)
    table.news()
    changed(table, ring_seconds=25.0)
    assert table.news() == []
    assert [waiting.call for waiting in table.view().waiting] == ["b", "c"]
    assert [member.state for member in table.view().members] == ["talking", "claimed", "gone"]
    assert table.member("bo").pause_reason == "lunch"


def test_a_member_who_was_taken_off_the_list_finishes_and_is_offered_nobody() -> None:
    table = Table("anna", "bo")
    table.join("a", "b")
    changed(table, members=("bo",))
    assert table.answers("anna")
    assert table.member("anna").state == "talking"
    table.machine.talk_ended("a", table.now)
    table.news()
    table.join("c")
    assert table.news() == ["c joins as 2"]
    assert [member.person for member in table.view().members] == ["bo"]


def test_a_new_member_is_offered_who_waits() -> None:
    table = Table("anna", members=("anna",))
    table.join("a", "b")
    changed(table, members=("anna", "dora"))
    present(table, "dora")
    assert table.news()[-1] == "b offered to dora"


def test_who_was_passive_when_taken_off_the_list_is_so_when_back_on_it() -> None:
    table = Table("anna")
    table.machine.deactivate("anna", table.now)
    changed(changed(table, members=("bo",)), members=("anna", "bo"))
    assert table.member("anna").state == "passive"


def test_another_strategy_orders_who_is_free_anew() -> None:
    table = Table("anna", "bo", "carl")
    table.busy("anna")
    table.at(10).free("anna")
    changed(table, strategy="priority")
    table.join("a")
    assert table.news()[-1] == "a offered to anna"


def test_a_shorter_longest_wait_holds_for_who_waits_already() -> None:
    table = Table("anna")
    table.busy("anna")
    table.join("a")
    changed(table, max_wait_seconds=60.0).news()
    assert table.at(60).news() == ["a leaves: timeout"]


def test_with_all_from_now_on_the_others_ring_too() -> None:
    table = Table("anna", "bo")
    table.join("a")
    changed(table, strategy="all")
    assert table.news()[-2:] == ["a offered to anna", "a offered to bo"]
