"""What people say of themselves by code and by text is shown, kept over a restart, and over when it is over."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from lampfield.journal import Journal
from lampfield.presence.own_statuses import OwnStatuses
from presence_pidf.status_report import StatusReport
from presence_pidf.status_text import NotUnderstood, meant, understood
from routing.feature_codes import UNKNOWN, FeatureCall, FeatureCode, find
from routing.member_texts import WORDS as MEMBER_WORDS
from routing.model import Company, Person
from routing.status_codes import UNTIL, WORDS, SayStatus

NOON = 1_715_767_200.0
"""12:00 in Copenhagen."""


def company(language: str = "da") -> Company:
    return Company(
        id="nordlys",
        name="Nordlys",
        domain="nordlys.example",
        country="DK",
        time_zone="Europe/Copenhagen",
        language=language,
        people={"anna": Person("anna", "Anna", "201")},
        main_numbers={},
        hours={},
        menus={},
        queues={},
    )


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "journal")
    opened.open()
    yield opened
    opened.close()


class Caller:
    """Nothing is asked of who dials a status."""


def dial(digits: str, statuses: OwnStatuses, at: Company) -> list[str]:
    code = find(at, f"*20{digits}")
    assert isinstance(code, FeatureCode)
    call = FeatureCall(code, at.people["anna"], Caller())  # type: ignore[arg-type]
    return list(asyncio.run(SayStatus(at, statuses.of(at))(call)))


def test_a_code_sets_a_status_until_a_time_and_takes_it_back(journal: Journal) -> None:
    reports: list[StatusReport] = []
    statuses = OwnStatuses(journal, lambda: NOON, reports.append)
    assert dial("11230", statuses, company()) == ["number/1", "hour/12", "minute/30"]
    assert (reports[-1].activity, reports[-1].note, reports[-1].back_at) == ("away", "frokost til 12:30", NOON + 1800)
    assert dial("0", statuses, company()) == ["number/0"]
    assert reports[-1].activity == "unknown"


@pytest.mark.parametrize("digits", ["", "7", "1250", "12460"])
def test_digits_that_mean_nothing_change_nothing(journal: Journal, digits: str) -> None:
    reports: list[StatusReport] = []
    assert dial(digits, OwnStatuses(journal, lambda: NOON, reports.append), company()) == [UNKNOWN]
    assert not reports


@pytest.mark.parametrize("language", WORDS)
def test_each_number_means_the_same_in_all_languages(language: str) -> None:
    wishes = [understood(f"{word} {UNTIL[language]} 13:00", "UTC", NOON).activity for word in WORDS[language]]
    assert wishes == ["unknown", "away", "meeting", "away", "vacation", "busy"]


def test_a_status_is_kept_over_a_restart_until_it_is_over(journal: Journal) -> None:
    OwnStatuses(journal, lambda: NOON, lambda report: None).say(company(), "anna", "møde til 13")
    for now, told in ((NOON + 60, ["meeting"]), (NOON + 3601, [])):
        reports: list[StatusReport] = []
        again = OwnStatuses(journal, lambda now=now: now, reports.append)
        again.restore()
        again.configure([company()])
        assert [report.activity for report in reports] == told


def test_what_is_not_understood_changes_nothing(journal: Journal) -> None:
    reports: list[StatusReport] = []
    with pytest.raises(NotUnderstood):
        OwnStatuses(journal, lambda: NOON, reports.append).say(company(), "anna", "banana")
    assert not reports


def test_no_word_means_both_a_status_and_something_of_queues() -> None:
    assert not [word for words in MEMBER_WORDS.values() for word in words if meant(word)]
