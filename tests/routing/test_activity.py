"""What queues know of people."""

import pytest

from routing.activity import Activity
from routing.queue.events import Obstacle


class Queue:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def member_blocked(self, person: str, obstacle: Obstacle) -> None:
        self.told.append((person, obstacle))

    def member_cleared(self, person: str, obstacle: Obstacle, idle_since: float | None) -> None:
        self.told.append((person, f"not {obstacle}", idle_since))

    def news(self) -> list[object]:
        told, self.told = self.told, []
        return told


@pytest.fixture
def activity() -> Activity:
    return Activity(lambda: 1000.0)


def listening(activity: Activity, *people: str) -> Queue:
    queue = Queue()
    for person in people:
        activity.listen(person, queue)
    return queue


def test_queues_are_told_of_their_members_only(activity: Activity) -> None:
    sales, support = listening(activity, "anna"), listening(activity, "bo")
    activity.member_reachable("anna")
    assert sales.news() == [("anna", "not gone", None)]
    assert support.news() == []


def test_what_is_told_twice_changes_nothing(activity: Activity) -> None:
    sales = listening(activity, "anna")
    for _ in range(2):
        activity.member_reachable("anna")
        activity.member_busy("anna")
    assert sales.news() == [("anna", "not gone", None), ("anna", "busy")]
    for _ in range(2):
        activity.member_free("anna", 990.0)
        activity.member_unreachable("anna")
    assert sales.news() == [("anna", "not busy", 990.0), ("anna", "gone")]


def test_a_call_that_only_rang_does_not_count_as_a_call(activity: Activity) -> None:
    sales = listening(activity, "anna")
    activity.member_busy("anna")
    activity.member_free("anna", 990.0, talked=False)
    assert sales.news() == [("anna", "busy"), ("anna", "not busy", None)]


def test_a_claim_is_told_to_the_other_queues(activity: Activity) -> None:
    sales, support = listening(activity, "anna"), listening(activity, "anna")
    activity.claim("anna", sales)
    activity.release("anna", sales, 995.0)
    assert sales.news() == []
    assert support.news() == [("anna", "elsewhere"), ("anna", "not elsewhere", 995.0)]


def test_only_the_queue_with_the_claim_releases_it(activity: Activity) -> None:
    sales, support = listening(activity, "anna"), listening(activity, "anna")
    activity.claim("anna", sales)
    activity.release("anna", support, None)
    assert support.news() == [("anna", "elsewhere")]


def test_two_claims_on_one_person_are_a_bug(activity: Activity) -> None:
    sales, support = listening(activity, "anna"), listening(activity, "anna")
    activity.claim("anna", sales)
    with pytest.raises(AssertionError, match="anna is claimed by two queues"):
        activity.claim("anna", support)


def test_who_comes_later_is_told_how_things_stand(activity: Activity) -> None:
    sales = listening(activity, "anna")
    activity.member_reachable("anna")
    activity.member_busy("anna")
    activity.member_free("anna", 990.0)
    activity.claim("anna", sales)
    assert listening(activity, "anna").news() == [("anna", "elsewhere"), ("anna", "not gone", 990.0)]


def test_who_does_not_want_to_be_disturbed_is_no_member_to_offer_until_it_is_over(activity: Activity) -> None:
    sales = listening(activity, "anna")
    for undisturbed in (True, True, False, False):
        activity.member_undisturbed("anna", undisturbed)
    assert sales.news() == [("anna", "do-not-disturb"), ("anna", "not do-not-disturb", None)]
    activity.member_undisturbed("anna", True)
    assert ("anna", "do-not-disturb") in listening(activity, "anna").news(), "who listens later is told as well"
