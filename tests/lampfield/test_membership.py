"""What members decided holds over restarts and reloads."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lampfield.journal import Journal
from lampfield.membership import Membership
from routing.activity import Activity
from routing.model import Company
from routing.queue.events import LastMemberPassive
from routing.queue.runner import QueueRunner
from routing.queue.view import view
from tests.routing.nordlys import company, queue


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def membership(folder: Path) -> Iterator[Membership]:
    yield from opened(folder)


def opened(folder: Path) -> Iterator[Membership]:
    journal = Journal(folder, batch_seconds=0.0)
    journal.open()
    kept = Membership(journal)
    kept.restore()
    yield kept
    journal.close()


def runner(membership: Membership, house: Company) -> QueueRunner:
    """The sales queue of a company, as a process that begins makes it; everybody has a phone."""
    activity = Activity(lambda: 1000.0)
    made = QueueRunner(
        house.queues["sales"],
        activity,
        lambda event: None,
        lambda: 1000.0,
        membership.sink(house),
        history=membership.history(house, "sales"),
    )
    for person in house.people:
        activity.member_reachable(person)
    return made


def states(queue: QueueRunner) -> list[str]:
    return [member.state for member in view(queue.state, 1000.0).members]


def test_passive_and_paused_members_are_so_after_a_restart(folder: Path) -> None:
    for before in opened(folder):
        sales = runner(before, company())
        sales.deactivate("anna")
        sales.pause("bo", "lunch")
        sales.pause("bo", "meeting")
    for after in opened(folder):
        sales = runner(after, company())
        assert states(sales) == ["passive", "paused", "free"]
        assert view(sales.state, 1000.0).members[1].pause_reason == "meeting"


def test_what_was_taken_back_is_forgotten(folder: Path) -> None:
    for before in opened(folder):
        sales = runner(before, company())
        sales.deactivate("anna")
        sales.pause("anna", "lunch")
        sales.activate("anna")
        sales.resume("anna")
        assert before.history(company(), "sales") == []
    for after in opened(folder):
        assert states(runner(after, company())) == ["free", "free", "free"]


def test_a_pause_that_the_queue_decided_on_is_kept_too(folder: Path) -> None:
    for before in opened(folder):
        sales = runner(before, company(queues={"sales": queue(members=("anna",))}))
        sales.pause("anna", "missed")
    for after in opened(folder):
        assert states(runner(after, company())) == ["paused", "free", "free"]


def test_companies_with_queues_and_people_of_the_same_name_are_kept_apart(membership: Membership) -> None:
    runner(membership, company()).deactivate("anna")
    assert membership.history(company(id="fjord"), "sales") == []
    assert membership.history(company(), "support") == []


def test_the_last_member_who_goes_passive_is_told_to_the_log(
    membership: Membership, caplog: pytest.LogCaptureFixture
) -> None:
    membership.sink(company())(LastMemberPassive(queue="sales", member="anna", at=1000.0))
    assert "nordlys: nobody is active in sales any more, anna was the last" in caplog.text
