"""Which members are offered which caller: strategies, thresholds, rounds, the preferred member."""

from typing import Any

import pytest

from routing.model import MemberDetails
from routing.queue.state import fold
from tests.routing.queue.table import Table

MOBILE = "+4520202020"
FIFTEEN = tuple(f"m{number}" for number in range(1, 16))

ALL = {"strategy": "all", "members": ("anna", "bo", "carl")}


def offered(table: Table) -> list[str]:
    """To whom, in order."""
    return [told.rsplit(" ", 1)[1] for told in table.news() if "offered to" in told]


# Members who call


@pytest.mark.parametrize("strategy", ["priority", "all"])
def test_a_member_who_calls_is_not_offered_themselves(strategy: str) -> None:
    table = Table(MOBILE, "anna", members=(MOBILE, "anna"), strategy=strategy)
    table.machine.join("a", table.now, who=MOBILE)
    table.join("b")
    assert offered(table) == ["anna", MOBILE]
    table.misses("anna")
    table.answers(MOBILE)
    assert table.at(5).news()[-1] == "a offered to anna"


def test_where_nobody_but_the_caller_is_there_nobody_is() -> None:
    table = Table(MOBILE, members=(MOBILE, "anna"))
    table.machine.join("a", table.now, who=MOBILE)
    assert table.news() == ["a leaves: no-members"]
    table.join("b")
    assert offered(table) == [MOBILE]


def test_where_nobody_else_is_free_and_nobody_may_wait_the_member_who_calls_goes_on() -> None:
    table = Table(MOBILE, "anna", members=(MOBILE, "anna"), waiting=False)
    table.busy("anna")
    table.machine.join("a", table.now, who=MOBILE)
    assert table.news() == ["a leaves: busy"]


def test_who_waits_behind_a_member_who_calls_is_offered_that_member_at_once() -> None:
    table = Table(MOBILE, "anna", members=(MOBILE, "anna"))
    table.busy("anna")
    table.machine.join("a", table.now, who=MOBILE)
    table.join("b")
    assert table.news() == ["a joins as 1", "b joins as 2", f"b offered to {MOBILE}"]


def test_a_member_who_calls_and_waits_is_known_after_a_restart() -> None:
    table = Table(MOBILE, "anna", members=(MOBILE, "anna"))
    table.busy("anna")
    table.machine.join("a", table.now, who=MOBILE)
    table.events()
    assert fold(table.queue, table.log).callers["a"].member == MOBILE


# All at once


def test_of_fifteen_active_members_the_first_ten_free_ones_ring() -> None:
    table = Table(*FIFTEEN, strategy="all", members=FIFTEEN)
    table.busy("m1", "m2")
    table.join("a")
    assert offered(table) == [f"m{number}" for number in range(3, 13)]


def test_the_first_to_answer_wins_and_the_others_are_told_elsewhere() -> None:
    table = Table("anna", "bo", "carl", **ALL)
    table.join("a")
    late = table.rings_at("carl")
    table.news()
    assert table.answers("bo")
    assert not table.machine.offer_answered(late, table.now)
    assert table.news() == ["a at bo: answered", "a at anna: elsewhere", "a at carl: elsewhere", "a leaves: answered"]
    assert [member.state for member in table.view().members] == ["free", "talking", "free"]


def test_whom_the_winner_sets_free_ring_for_the_next_caller_at_once() -> None:
    table = Table("anna", "bo", "carl", **ALL)
    table.join("a", "b")
    assert offered(table) == ["anna", "bo", "carl"]
    table.answers("bo")
    assert table.news()[-2:] == ["b offered to anna", "b offered to carl"]


def test_a_member_who_comes_free_joins_the_ringing() -> None:
    table = Table("anna", "bo", **ALL)
    table.busy("bo")
    table.join("a")
    assert offered(table) == ["anna"]
    table.free("bo")
    assert offered(table) == ["bo"]


def test_one_who_misses_ends_nothing_for_the_others() -> None:
    table = Table("anna", "bo", **ALL)
    table.join("a")
    table.news()
    table.misses("anna", "rejected")
    assert table.news() == ["a at anna: rejected"]
    assert table.answers("bo")


def test_a_caller_who_goes_stops_all_the_ringing() -> None:
    table = Table("anna", "bo", **ALL)
    table.join("a")
    table.news()
    table.machine.leave("a", table.now)
    assert table.news() == ["a at anna: withdrawn", "a at bo: withdrawn", "a leaves: abandoned"]


def test_two_callers_share_the_members_when_more_are_free_than_ring_at_once() -> None:
    table = Table("anna", "bo", "carl", at_once=2, **ALL)
    table.join("a", "b")
    assert table.news()[1:] == ["a offered to anna", "a offered to bo", "b joins as 2", "b offered to carl"]


# Orders


def test_round_robin_gives_everybody_a_turn_however_long_they_idle() -> None:
    table = Table("anna", "bo", "carl", strategy="round_robin")
    for call in ("a", "b", "c", "d"):
        table.join(call)
        table.answers(table.machine.state.offers[table.offer()].member)
        table.at(10 * len(call)).machine.talk_ended(call, table.now)
    assert offered(table) == ["anna", "bo", "carl", "anna"]


def test_round_robin_who_was_passed_over_comes_first() -> None:
    table = Table("anna", "bo", "carl", strategy="round_robin")
    table.busy("anna")
    for call in ("a", "b"):
        table.join(call)
        table.answers(table.machine.state.offers[table.offer()].member)
        table.machine.talk_ended(call, table.now)
    table.free("anna")
    table.join("c")
    assert offered(table) == ["bo", "carl", "anna"]


def after_two_calls_of_anna() -> Table:
    table = Table("anna", "bo", strategy="fewest_calls", members=("anna", "bo"))
    table.busy("bo")
    for call in ("a", "b"):
        table.join(call)
        table.answers("anna")
        table.machine.talk_ended(call, table.now)
    assert offered(table) == ["anna", "anna"]
    return table


def after_one_call_of_bo(table: Table) -> Table:
    table.busy("anna")
    table.free("bo")
    table.join("c")
    table.answers("bo")
    table.machine.talk_ended("c", table.now)
    table.free("anna")
    assert offered(table) == ["bo"]
    return table


def test_who_has_answered_the_fewest_callers_is_offered_first() -> None:
    table = after_one_call_of_bo(after_two_calls_of_anna().at(60))
    table.join("d")
    assert offered(table) == ["bo"]


def test_whom_nobody_has_called_for_a_day_has_answered_nobody_lately() -> None:
    table = Table("anna", "bo", strategy="fewest_calls", members=("anna", "bo"))
    table.machine.pause("bo", "lunch", table.now)
    for call in ("a", "b"):
        table.join(call)
        table.answers("anna")
        table.machine.talk_ended(call, table.now)
    table.machine.resume_member("bo", table.now)
    table.at(60).join("c")
    table.answers("bo")
    table.machine.talk_ended("c", table.now)
    table.news()
    table.at(90_000).join("d")
    assert offered(table) == ["anna"], "nobody has answered anybody, and she is idle longest"


def test_callers_answered_more_than_a_day_ago_do_not_count() -> None:
    table = after_one_call_of_bo(after_two_calls_of_anna().at(86_400))
    table.join("d")
    assert offered(table) == ["anna"]


SKILLED = {
    "strategy": "skills",
    "skills": {"danish": 5},
    "details": {"bo": MemberDetails(skills={"danish": 5}), "carl": MemberDetails(skills={"danish": 3, "german": 9})},
}


def test_only_who_is_skilled_enough_is_offered_a_caller() -> None:
    table = Table("anna", "bo", "carl", **SKILLED)
    table.join("a", "b")
    assert offered(table) == ["bo"]
    assert table.machine.next_timeout() is None


def test_levels_asked_for_fall_while_a_caller_waits() -> None:
    table = Table("anna", "bo", "carl", skill_relax_seconds=10.0, **SKILLED)
    table.busy("bo")
    table.join("a", "b")
    assert offered(table) == []
    assert table.machine.next_timeout() == 1020
    assert offered(table.at(20)) == ["carl"], "level 3 is enough after two steps"
    assert table.machine.next_timeout() == 1050
    assert offered(table.at(50)) == ["anna"], "and none at all after five"


def test_the_best_skilled_is_offered_first() -> None:
    table = Table("bo", "carl", **{**SKILLED, "skills": {"danish": 2}})
    table.join("a")
    assert offered(table) == ["bo"]


@pytest.mark.parametrize("strategy", ["longest_idle", "priority", "all", "round_robin", "fewest_calls", "skills"])
def test_a_member_with_a_penalty_is_offered_callers_who_have_waited_so_long(strategy: Any) -> None:
    table = Table("anna", "bo", strategy=strategy, details={"bo": MemberDetails(penalty_seconds=15.0)})
    table.busy("anna")
    table.join("a")
    assert table.machine.next_timeout() == 1015
    assert offered(table.at(14.9)) == []
    assert offered(table.at(15)) == ["bo"]


def test_a_caller_of_higher_priority_for_whom_it_is_too_early_holds_up_nobody() -> None:
    table = Table("anna", "bo", details={"bo": MemberDetails(penalty_seconds=15.0)})
    table.busy("anna", "bo")
    table.join("a")
    table.at(20).machine.join("vip", table.now, priority=5)
    table.free("bo")
    assert table.news()[-1] == "a offered to bo"
    assert table.machine.next_timeout() is None


# The member they spoke to last


def test_a_known_caller_is_offered_to_the_preferred_member_who_is_free() -> None:
    table = Table("anna", "bo")
    table.machine.join("a", table.now, prefers="bo")
    assert offered(table) == ["bo"]


def test_a_known_caller_does_not_wait_for_the_preferred_member() -> None:
    table = Table("anna", "bo")
    table.busy("bo")
    table.machine.join("a", table.now, prefers="bo")
    assert offered(table) == ["anna"]


def test_a_preferred_member_who_misses_the_offer_is_as_any_other() -> None:
    table = Table("anna", "bo")
    table.machine.join("a", table.now, prefers="bo")
    table.misses("bo")
    assert offered(table) == ["bo", "anna"]


# Rounds


def test_after_all_rounds_the_caller_goes_on() -> None:
    table = Table("anna", "bo", rounds=2)
    table.join("a")
    for seconds, member in enumerate(("anna", "bo", "anna", "bo"), start=1):
        table.at(seconds * 20).misses(member)
        table.at(seconds * 20 + 5)
    assert table.news()[-1] == "a leaves: unanswered"


def test_rounds_pass_over_who_talks_and_do_not_wait() -> None:
    table = Table("anna", "bo", rounds=1)
    table.busy("bo")
    table.join("a")
    table.misses("anna")
    assert table.news()[-1] == "a leaves: unanswered"


def test_rounds_wait_for_who_is_being_rung_for_somebody_else() -> None:
    table = Table("anna", "bo", rounds=1)
    table.join("a", "b")
    table.misses("anna")
    assert table.news()[-1] == "a at anna: no-answer", "bo rings for b"
    table.answers("bo")
    assert table.news()[-1] == "a leaves: unanswered"


def test_who_has_been_offered_to_nobody_waits_on_whatever_the_rounds() -> None:
    table = Table("anna", rounds=1)
    table.busy("anna")
    table.join("a")
    table.at(600)
    table.free("anna")
    assert table.news() == ["a joins as 1", "a offered to anna"]


# Without waiting


def test_without_waiting_a_caller_is_sent_on_when_nobody_is_free() -> None:
    table = Table("anna", waiting=False)
    table.join("a", "b")
    assert table.news() == ["a joins as 1", "a offered to anna", "b leaves: busy"]


def test_without_waiting_a_caller_is_offered_to_one_after_the_other_while_somebody_is_free() -> None:
    table = Table("anna", "bo", waiting=False)
    table.join("a")
    table.misses("anna")
    table.busy("anna")
    table.misses("bo")
    assert table.news()[-2:] == ["a offered to bo", "a at bo: no-answer"], "bo is asked again after a rest"
    table.busy("bo")
    assert table.news() == ["a leaves: busy"]


def test_a_full_queue_takes_in_whom_somebody_is_free_for() -> None:
    table = Table("anna", "bo", max_waiting=1)
    table.join("a", "b", "c")
    assert table.news()[-2:] == ["b offered to bo", "c leaves: full"]
