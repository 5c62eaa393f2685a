"""The lamps of keys by which members go passive and active."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from lampfield.journal import Journal
from lampfield.membership import Membership
from lampfield.presence.member_lamps import MemberLamps
from routing.model import Company
from routing.queue.events import AnyMemberEvent, MemberActivated, MemberDeactivated, MemberPaused, MemberResumed
from tests.routing.nordlys import company, queue

HOUSE = company(
    queues={
        "sales": queue(members=("anna", "bo")),
        "support": queue(name="support", members=("anna", "+4540404040")),
    },
    queue_extensions={"300": "sales"},
)


class Keys:
    """What the keys of the company show, as the lamps are told."""

    def __init__(self, journal: Journal, house: Company = HOUSE) -> None:
        self.lit: dict[str, bool] = {}
        self._house = house
        membership = Membership(journal)
        membership.restore()
        lamps = MemberLamps(membership, self.lit.__setitem__)
        membership.follow(lamps.changed)
        lamps.configure([house])
        self._tell = membership.sink(house)

    def happens(self, event: AnyMemberEvent) -> None:
        self._tell(event)

    def of(self, key: str, member: str) -> bool:
        return self.lit[f"sip:{key}@{self._house.domain};member={member}"]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "journal")
    journal.open()
    yield journal
    journal.close()


def test_the_key_of_a_queue_is_lit_while_its_member_is_passive_there(journal: Journal) -> None:
    keys = Keys(journal)
    assert not keys.of("*54300", "anna")
    keys.happens(MemberDeactivated(queue="sales", member="anna", at=1.0))
    assert keys.of("*54300", "anna")
    assert not keys.of("*54300", "bo")
    keys.happens(MemberActivated(queue="sales", member="anna", at=2.0))
    assert not keys.of("*54300", "anna")


def test_the_key_of_all_queues_is_lit_while_its_member_is_passive_in_every_one(journal: Journal) -> None:
    keys = Keys(journal)
    keys.happens(MemberDeactivated(queue="sales", member="anna", at=1.0))
    assert not keys.of("*54", "anna")
    keys.happens(MemberDeactivated(queue="support", member="anna", at=1.0))
    assert keys.of("*54", "anna")


def test_keys_show_after_a_restart_what_members_decided_before(journal: Journal) -> None:
    Keys(journal).happens(MemberDeactivated(queue="sales", member="bo", at=1.0))
    assert Keys(journal).of("*54", "bo")


def test_without_a_code_that_toggles_keys_watch_the_one_for_passive(journal: Journal) -> None:
    codes = msgspec.structs.replace(HOUSE.feature_codes, toggle="")
    keys = Keys(journal, msgspec.structs.replace(HOUSE, feature_codes=codes))
    keys.happens(MemberDeactivated(queue="sales", member="anna", at=1.0))
    assert keys.of("*51300", "anna")


def test_the_key_of_a_pause_is_lit_while_its_member_pauses(journal: Journal) -> None:
    keys = Keys(journal)
    keys.happens(MemberPaused(queue="sales", member="anna", at=1.0, reason="lunch"))
    assert keys.of("*52300", "anna")
    assert not keys.of("*52", "anna"), "not in support"
    assert not keys.of("*52300", "bo")
    keys.happens(MemberPaused(queue="support", member="anna", at=2.0, reason="lunch"))
    assert keys.of("*52", "anna")
    assert not keys.of("*54", "anna"), "who pauses is not passive"
    keys.happens(MemberResumed(queue="sales", member="anna", at=3.0))
    assert not keys.of("*52", "anna")
    assert not keys.of("*52300", "anna")


def test_the_key_of_a_reason_is_lit_while_its_member_pauses_for_it(journal: Journal) -> None:
    keys = Keys(journal)
    for queue_ in ("sales", "support"):
        keys.happens(MemberPaused(queue=queue_, member="anna", at=1.0, reason="lunch"))
    assert (keys.of("*521", "anna"), keys.of("*522", "anna")) == (False, True)
    for queue_ in ("sales", "support"):
        keys.happens(MemberPaused(queue=queue_, member="anna", at=2.0, reason="break"))
    assert (keys.of("*521", "anna"), keys.of("*522", "anna")) == (True, False)
    assert Keys(journal).of("*521", "anna"), "over a restart too"


def test_a_company_without_a_code_for_pauses_has_no_such_keys(journal: Journal) -> None:
    codes = msgspec.structs.replace(HOUSE.feature_codes, pause="")
    keys = Keys(journal, msgspec.structs.replace(HOUSE, feature_codes=codes))
    assert not any(key.startswith("sip:*52") for key in keys.lit)
