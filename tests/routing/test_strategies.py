"""In which order members are offered a caller."""

from routing.queue.member import Member
from routing.strategies import longest_idle, priority

ANNA = Member("anna", place=0, idle_since=300.0)
BO = Member("bo", place=1, idle_since=100.0)
CARL = Member("carl", place=2, idle_since=100.0)


def test_longest_idle_asks_whose_last_call_ended_first() -> None:
    assert sorted([ANNA, CARL, BO], key=longest_idle) == [BO, CARL, ANNA]


def test_equally_idle_members_are_asked_in_the_queues_order() -> None:
    assert sorted([CARL, BO], key=longest_idle) == [BO, CARL]


def test_priority_asks_in_the_queues_order_only() -> None:
    assert sorted([CARL, BO, ANNA], key=priority) == [ANNA, BO, CARL]
