"""Why a lamp shows what it shows, told in plain words."""

import msgspec

from lampfield.presence.lamp import Published
from lampfield.presence.person_why import PersonWhy, explain, report_in_words
from presence_pidf.dialog_state import DialogState
from presence_pidf.status_report import Forwarding, Roaming, StatusReport
from routing.model import StatusRules
from tests.lampfield.presence.test_lamps import ANNA, House, company, ringing


def report(source: str, activity: str, **more: object) -> StatusReport:
    return StatusReport(presentity=ANNA, source=source, activity=activity, at=900.0, **more)  # type: ignore[arg-type]


def told(house: House) -> PersonWhy:
    lamp = house.lamps.lamp(ANNA)
    assert lamp is not None
    return explain(lamp, house.now, 2)


def standings(house: House) -> list[tuple[str, str]]:
    return [(source.name, source.standing) for source in told(house).sources]


def test_each_source_is_told_with_what_it_says_its_age_and_what_became_of_it() -> None:
    house = House()
    house.lamps.bindings_changed(ANNA, 1, 800.0)
    house.lamps.reported(report("calendar", "meeting", note="board", back_at=2000.0), house.now)
    house.lamps.reported(report("computer:graph", "available"), house.now)
    house.lamps.reported(report("mobile:op", "unknown", forwarding=Forwarding("busy", "+4533221100")), house.now)
    why = told(house)
    assert (why.person, why.condition, why.is_so, why.reason) == (
        ANNA,
        "meeting",
        "is in a meeting",
        "calendar says meeting",
    )
    assert (why.note, why.back_at, why.forwarding) == ("board", 2000.0, "forwarded when busy to +4533221100")
    assert [(source.name, source.says, source.age, source.standing) for source in why.sources] == [
        ("calendar", 'meeting, "board"', 100.0, "wins"),
        ("computer:graph", "available", 100.0, "objects to nothing"),
        ("mobile:op", "forwarded when busy to +4533221100", 100.0, "does not say what the person does"),
        ("registrations", "1 registered", 200.0, "comes after calendar"),
    ]


def test_calls_here_and_elsewhere_are_told_one_by_one() -> None:
    house = House()
    house.lamps.dialog_changed(ANNA, ringing("confirmed", held=True), house.now)
    elsewhere = DialogState("x", "initiator", "early", "c2", remote_identity="sip:ole@pbx.example", started=990.0)
    house.lamps.published(ANNA, "key", Published(house.now, None, dialogs=(elsewhere,)), house.now)
    calls = told(house).sources[0]
    assert calls.name == "calls"
    assert calls.says == 'calls sip:ole@pbx.example, ringing; called by Bo "the" <Builder> & Søn, talking, on hold'


def test_a_source_that_has_fallen_silent_is_told_as_such_and_counts_again_when_it_is_heard() -> None:
    house = House()
    house.lamps.bindings_changed(ANNA, 1, house.now)
    house.lamps.reported(report("mobile:op", "on-the-phone"), house.now)
    house.now += 901.0
    house.lamps.advance(house.now)
    assert standings(house) == [
        ("registrations", "wins"),
        ("mobile:op", "does not count: nothing was heard of this source for too long"),
    ]
    house.lamps.source_heard("mobile:op", house.now)
    house.lamps.advance(house.now)
    assert standings(house)[0] == ("mobile:op", "wins")


def test_a_company_may_let_its_sources_be_silent_for_ever() -> None:
    house = House()
    patient = msgspec.structs.replace(company(), statuses=StatusRules(stale_seconds={"mobile": 0.0}))
    house.lamps.configure([patient], house.now)
    house.lamps.reported(report("mobile:op", "on-the-phone"), house.now)
    house.now += 99999.0
    house.lamps.advance(house.now)
    assert standings(house)[0] == ("mobile:op", "wins")


def test_all_that_a_report_can_say_is_in_words_but_for_the_place() -> None:
    everything = report(
        "mobile:op",
        "away",
        reachable=False,
        forwarding=Forwarding("none"),
        roaming=Roaming(True, "NO", "24201"),
        private_number=True,
        data_attached=False,
    )
    words = "away, not reachable, not forwarded, abroad NO, number withheld, no data"
    assert report_in_words(everything) == words
    assert report_in_words(report("x", "unknown")) == "nothing"
