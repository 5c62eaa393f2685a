"""What people want of calls: kept, told to lamps and queues, obeyed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lampfield.journal import Journal
from lampfield.presence.person_features import CompanyFeatures, PersonFeatures, report_of, summary
from presence_pidf.person_state import compose
from presence_pidf.status_report import Forwarding as Told
from presence_pidf.status_report import StatusReport
from routing.forwarding import CONTENT, WHEN, Forwarding, When, Wishes
from routing.model import Company, Destination
from tests.routing.nordlys import company

BO, MOBILE = Destination("person", "bo"), Destination("number", "+4520304050")
NORDLYS = company()
NOT_NOW = Wishes(do_not_disturb=True)


class Process:
    """One run of the server, for one company."""

    def __init__(self, path: Path, house: Company = NORDLYS) -> None:
        self.journal = Journal(path, batch_seconds=0.0)
        self.journal.open()
        self.reports: list[StatusReport] = []
        self.followed: list[tuple[str, Wishes]] = []
        self.now = 1000.0
        self.features = PersonFeatures(self.journal, lambda: self.now, self.reports.append)
        self.features.follow(lambda of, person, wishes: self.followed.append((person, wishes)))
        self.features.restore()
        self.features.configure([house])
        self.book: CompanyFeatures = self.features.of(house)


@contextmanager
def running(path: Path, house: Company = NORDLYS) -> Iterator[Process]:
    process = Process(path, house)
    yield process
    process.journal.close()


def forwards(when: When, to: Destination = BO, **more: bool) -> Wishes:
    return Wishes(forwardings={when: Forwarding(to, **more)})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def test_who_has_set_nothing_takes_every_call(path: Path) -> None:
    with running(path) as process:
        assert process.book.of("anna") == CONTENT
        assert (process.reports, process.followed) == ([], [])


def test_what_is_set_holds_at_once_and_is_told_to_all_who_follow(path: Path) -> None:
    with running(path) as process:
        process.book.change("anna", NOT_NOW)
        assert process.book.of("anna") == NOT_NOW
        assert process.followed == [("anna", NOT_NOW)]
        assert [report.activity for report in process.reports] == ["do-not-disturb"]


def test_what_is_so_already_is_told_to_nobody(path: Path) -> None:
    with running(path) as process:
        for _ in range(3):
            process.book.change("anna", NOT_NOW)
        assert len(process.reports) == len(process.followed) == 1


def test_what_was_set_holds_after_a_restart_and_lamps_show_it_since_when_it_was(path: Path) -> None:
    with running(path) as before:
        before.book.change("anna", NOT_NOW)
        before.book.change("bo", forwards("always", MOBILE))
        before.book.change("carl", NOT_NOW)
        before.book.change("carl", CONTENT)
    with running(path) as after:
        assert after.book.of("anna") == NOT_NOW
        assert after.book.of("bo") == forwards("always", MOBILE)
        assert dict(after.followed) == {"anna": NOT_NOW, "bo": forwards("always", MOBILE)}
        assert {report.at for report in after.reports} == {1000.0}


def test_a_forwarding_that_leads_nowhere_any_more_is_none_until_it_leads_somewhere_again(path: Path) -> None:
    without_bo = msgspec.structs.replace(
        NORDLYS,
        people={name: person for name, person in NORDLYS.people.items() if name != "bo"},
        queues={},
        queue_extensions={},
    )
    with running(path) as process:
        process.book.change("anna", forwards("always"))
    with running(path, without_bo) as process:
        assert process.book.of("anna") == CONTENT
        assert [report.activity for report in process.reports] == ["unknown"]
    with running(path) as process:
        assert process.book.of("anna") == forwards("always")


def test_who_may_no_longer_forward_outside_does_not(path: Path) -> None:
    with running(path) as process:
        process.book.change("anna", forwards("always", MOBILE))
    anna = msgspec.structs.replace(NORDLYS.people["anna"], forwards_outside=False)
    indoors = msgspec.structs.replace(NORDLYS, people=NORDLYS.people | {"anna": anna})
    with running(path, indoors) as process:
        assert process.book.of("anna") == CONTENT


def test_nothing_is_kept_of_somebody_whom_the_company_does_not_have(path: Path) -> None:
    with running(path) as process:
        process.book.change("eve", NOT_NOW)
        assert (process.book.of("eve"), process.reports) == (CONTENT, [])


# On lamps


def shown(wishes: Wishes, registered: int = 1) -> tuple[str, str, Told | None]:
    report = report_of(NORDLYS, "anna", wishes, 1000.0)
    state = compose([report], (), registered, 2000.0)
    return state.condition, state.note, state.forwarding


def test_lamps_show_do_not_disturb_and_where_calls_go() -> None:
    assert shown(NOT_NOW) == ("do-not-disturb", "", Told("none"))
    assert shown(forwards("always")) == ("forwarded", "→ 202", Told("unconditional", "202"))
    assert shown(forwards("no-answer", MOBILE)) == ("idle", "", Told("no-answer", "+4520304050"))
    assert shown(forwards("always", on=False)) == ("idle", "", Told("none"))


def test_who_takes_every_call_is_not_taken_to_say_so() -> None:
    meeting = StatusReport(presentity="sip:anna@nordlys.example", source="calendar", activity="meeting", at=900.0)
    report = report_of(NORDLYS, "anna", CONTENT, 1000.0)
    assert compose([report, meeting], (), 1, 2000.0).condition == "meeting"
    assert compose([report], (), 0, 2000.0).condition == "unregistered"


def test_a_summary_says_it_in_words() -> None:
    assert summary(CONTENT) == "every one"
    wishes = Wishes(True, {"busy": Forwarding(MOBILE), "always": Forwarding(BO)})
    assert summary(wishes) == "do not disturb, always to person:bo, busy to number:+4520304050"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(NORDLYS.people)),
            st.builds(
                Wishes,
                st.booleans(),
                st.dictionaries(st.sampled_from(WHEN), st.builds(Forwarding, st.sampled_from([MOBILE]), st.booleans())),
            ),
        ),
        max_size=12,
    )
)
def test_after_any_history_a_restart_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, Wishes]]
) -> None:
    path = tmp_path_factory.mktemp("any") / "journal"
    with running(path) as before:
        for person, wishes in changes:
            before.book.change(person, wishes)
        expected = {person: before.book.of(person) for person in NORDLYS.people}
        told: dict[str, Wishes] = dict.fromkeys(NORDLYS.people, CONTENT) | dict(before.followed)
        assert told == expected
    with running(path) as after:
        assert {person: after.book.of(person) for person in NORDLYS.people} == expected
