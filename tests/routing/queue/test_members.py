"""What members decide: active, passive, paused; and what the queue decides for who does not answer."""

from routing.queue.events import LastMemberPassive, MemberActivated, MemberDeactivated, MemberPaused, MemberResumed
from tests.routing.queue.table import Table


def test_a_passive_member_is_offered_nobody_until_active_again() -> None:
    table = Table("anna")
    table.busy("anna")
    table.join("a")
    assert table.machine.deactivate("anna", table.now)
    table.free("anna")
    table.news()
    assert table.member("anna").state == "passive"
    assert table.machine.activate("anna", table.now)
    assert table.news() == ["a offered to anna"]


def test_what_is_so_already_changes_nothing_and_is_not_told() -> None:
    table = Table("anna", "bo")
    table.events()
    assert not table.machine.activate("anna", table.now)
    assert not table.machine.resume_member("anna", table.now)
    assert table.machine.deactivate("anna", table.now)
    assert not table.machine.deactivate("anna", table.now)
    assert table.machine.pause("anna", "lunch", table.now)
    assert not table.machine.pause("anna", "lunch", table.now)
    assert [type(event) for event in table.events()] == [MemberDeactivated, MemberPaused]


def test_who_is_no_member_cannot_decide() -> None:
    table = Table("anna")
    assert not table.machine.deactivate("dora", table.now)
    assert not table.machine.pause("dora", "lunch", table.now)


def test_the_last_member_to_go_passive_is_told() -> None:
    table = Table("anna", members=("anna", "bo"))
    table.machine.deactivate("bo", table.now)
    assert not [event for event in table.events() if isinstance(event, LastMemberPassive)]
    table.machine.deactivate("anna", table.now)
    assert table.events()[-1] == LastMemberPassive(queue="sales", member="anna", at=1000.0)


def test_a_queue_whose_members_are_all_passive_takes_nobody_in() -> None:
    table = Table("anna", members=("anna",))
    table.machine.deactivate("anna", table.now)
    table.join("a")
    assert table.news() == ["a leaves: no-members"]


def test_passive_outlasts_a_phone_that_was_off() -> None:
    table = Table("anna", members=("anna",))
    table.machine.deactivate("anna", table.now)
    table.machine.block("anna", "gone", table.now)
    table.machine.clear("anna", "gone", table.now)
    table.join("a")
    assert table.news() == ["a leaves: no-members"]
    table.machine.activate("anna", table.now)
    table.join("b")
    assert table.news()[-1] == "b offered to anna"


def test_a_paused_member_is_waited_for() -> None:
    table = Table("anna", members=("anna",))
    table.machine.pause("anna", "lunch", table.now)
    table.join("a")
    assert table.at(600).news() == ["a joins as 1"]
    assert table.machine.resume_member("anna", table.now)
    assert table.news() == ["a offered to anna"]


def test_a_pause_is_seen_with_its_reason_and_since_when() -> None:
    table = Table("anna")
    table.machine.pause("anna", "lunch", table.now)
    table.at(60).machine.pause("anna", "meeting", table.now)
    seen = table.member("anna")
    assert (seen.state, seen.pause_reason, seen.paused_since) == ("paused", "meeting", 1060.0)


def test_what_a_member_decides_while_talking_holds_afterwards() -> None:
    table = Table("anna", members=("anna",), wrap_up_seconds=10.0)
    table.join("a", "b")
    table.answers("anna")
    table.machine.pause("anna", "lunch", table.now)
    assert table.member("anna").state == "talking"
    table.at(60).machine.talk_ended("a", table.now)
    assert table.member("anna").state == "wrap-up"
    assert table.at(70).member("anna").state == "paused"


def test_an_offer_that_rings_goes_on_when_the_member_goes_passive() -> None:
    table = Table("anna")
    table.join("a")
    table.news()
    table.machine.deactivate("anna", table.now)
    assert table.news() == []
    assert table.answers("anna")


# Missed offers


def missed_in_a_row(table: Table, times: int) -> Table:
    for _ in range(times):
        table.misses("anna")
        table.at(table.now - 1000 + 5)
    return table


def test_who_misses_so_many_offers_in_a_row_is_paused() -> None:
    table = Table("anna", auto_pause_misses=3)
    table.join("a")
    assert missed_in_a_row(table, 2).member("anna").state == "claimed"
    table.misses("anna")
    assert table.member("anna").pause_reason == "missed"
    assert table.machine.resume_member("anna", table.now)
    table.at(20)
    assert missed_in_a_row(table, 2).member("anna").state == "claimed", "counted anew"


def test_an_answer_between_them_starts_the_count_anew() -> None:
    table = Table("anna", auto_pause_misses=2)
    table.join("a", "b")
    missed_in_a_row(table, 1)
    table.answers("anna")
    table.machine.talk_ended("a", table.now)
    table.misses("anna")
    assert table.member("anna").pause_reason == ""


def test_one_missed_offer_alone_pauses_nobody() -> None:
    table = Table("anna", auto_pause_misses=1)
    table.join("a")
    table.misses("anna")
    assert table.member("anna").pause_reason == ""
    table.at(5)
    table.misses("anna")
    assert table.member("anna").pause_reason == "missed"


def test_who_pauses_while_it_rings_keeps_the_reason_where_that_offer_is_one_too_many() -> None:
    table = Table("anna", auto_pause_misses=2)
    table.join("a")
    missed_in_a_row(table, 1)
    table.machine.pause("anna", "lunch", table.now)
    table.misses("anna")
    assert table.member("anna").pause_reason == "lunch"


# Handing on


def test_wrap_up_begins_when_the_member_hands_the_caller_on_and_only_once() -> None:
    table = Table("anna", wrap_up_seconds=10.0)
    table.join("a", "b")
    table.answers("anna")
    table.at(60).machine.talk_ended("a", table.now)  # the caller talks to somebody else from here on
    table.at(70)
    table.answers("anna")
    table.at(90).machine.talk_ended("a", table.now)  # and hangs up: anna talks with b
    assert table.member("anna").state == "talking"


def test_activation_and_resumption_are_told() -> None:
    table = Table("anna")
    table.machine.deactivate("anna", table.now)
    table.machine.pause("anna", "lunch", table.now)
    table.events()
    table.machine.activate("anna", table.now)
    table.machine.resume_member("anna", table.now)
    assert [type(event) for event in table.events()] == [MemberActivated, MemberResumed]
