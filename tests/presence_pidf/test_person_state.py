"""A person's state: what wins, and why."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from presence_pidf.dialog_state import DialogState
from presence_pidf.merge_rules import MergeRules
from presence_pidf.person_state import DIALOG_PRIORITY, compose
from presence_pidf.status_report import Forwarding, StatusReport
from tests.presence_pidf.strategies import PEOPLE

ANNA = "sip:anna@nordlys.example"


def dialog(id: str, phase: str, direction: str = "recipient", *, held: bool = False) -> DialogState:
    return DialogState(id=id, direction=direction, phase=phase, held=held, remote_display=f"peer {id}")  # type: ignore[arg-type]


def report(activity: str, *, source: str = "calendar", at: float = 10.0, until: float | None = None) -> StatusReport:
    return StatusReport(presentity=ANNA, source=source, activity=activity, at=at, expires_at=until)  # type: ignore[arg-type]


def condition(*dialogs: DialogState, registered: int = 1) -> str:
    return compose((), dialogs, registered, 100.0).condition


def test_idle_and_unregistered_differ() -> None:
    assert condition() == "idle"
    assert condition(registered=0) == "unregistered"


def test_being_called_wins_over_talking_wins_over_holding_wins_over_calling() -> None:
    called = dialog("a", "early")
    talking = dialog("b", "confirmed")
    held = dialog("c", "confirmed", held=True)
    calling = dialog("d", "proceeding", "initiator")
    assert condition(calling, held, talking, called) == "ringing"
    assert condition(calling, held, talking) == "talking"
    assert condition(calling, held) == "hold"
    assert condition(calling) == "calling"
    assert condition(dialog("e", "early", "initiator")) == "calling"
    assert condition(dialog("f", "trying")) == "ringing"


def test_the_direction_is_that_of_the_dialog_shown_first() -> None:
    state = compose((), [dialog("a", "confirmed", "initiator"), dialog("b", "early")], 1, 0.0)
    assert state.direction == "recipient"
    assert compose((), [], 1, 0.0).direction is None


def test_a_call_in_progress_is_shown_though_no_phone_is_registered() -> None:
    assert condition(dialog("a", "confirmed"), registered=0) == "talking"


def test_a_live_dialog_wins_over_every_report() -> None:
    state = compose([report("do-not-disturb")], [dialog("a", "early")], 1, 100.0)
    assert state.condition == "ringing"
    assert state.reason == "is called by peer a"
    assert [(source.name, source.says) for source in state.sources] == [
        ("calls", "ringing"),
        ("calendar", "do-not-disturb"),
        ("registrations", "1 registered"),
    ]


def test_what_is_known_of_somebody_shows_though_no_phone_is_registered() -> None:
    assert compose([report("on-the-phone", source="mobile")], [], 0, 100.0).condition == "talking"
    state = compose([report("meeting")], [], 0, 100.0)
    assert (state.condition, state.reachable) == ("meeting", False)
    assert compose([report("available")], [], 0, 100.0).condition == "unregistered"
    assert compose([report("available", source="manual")], [], 0, 100.0).condition == "unregistered"


def test_who_is_known_by_a_mobile_alone_is_idle_while_it_is_on() -> None:
    on = compose([report("available", source="mobile:telenor")], [], 0, 100.0)
    assert (on.condition, on.reachable, on.reason) == ("idle", True, "mobile:telenor says available")
    off = msgspec.structs.replace(report("unknown", source="mobile:telenor"), reachable=False)
    assert compose([off], [], 0, 100.0).condition == "unregistered"


def test_by_default_calls_win_then_mobile_calls_then_what_people_set_then_calendar_then_computer() -> None:
    told = [
        report("away", source="computer:graph"),
        report("meeting", source="calendar"),
        report("busy", source="phone:softphone"),
        report("vacation", source="phone-key"),
        report("on-the-phone", source="mobile:telenor"),
    ]
    seen = [compose(told[: end + 1], [], 1, 100.0).condition for end in range(len(told))]
    assert seen == ["away", "meeting", "busy", "vacation", "talking"]
    assert compose(told, [dialog("a", "early")], 1, 100.0).condition == "ringing"


def test_who_says_to_be_available_is_so_whatever_the_calendar_says() -> None:
    told = [report("meeting"), report("available", source="manual")]
    assert compose(told, [], 1, 100.0).condition == "idle"
    told = [report("meeting"), report("available", source="mobile")]
    assert compose(told, [], 1, 100.0).condition == "meeting"


def test_a_companys_rules_say_which_source_wins() -> None:
    told = [report("meeting"), report("away", source="computer"), report("busy", source="door")]
    assert compose(told, [], 1, 100.0, rules=MergeRules(["computer", "calendar"])).condition == "away"
    assert compose(told, [], 1, 100.0, rules=MergeRules(["door"])).condition == "busy"
    assert compose(told, [], 1, 100.0, rules=MergeRules(["door/away", "calendar"])).condition == "meeting"
    assert compose(told, [], 0, 100.0, rules=MergeRules(["registrations", "calendar"])).condition == "unregistered"
    key = [report("do-not-disturb", source="phone-key")]
    assert compose(key, [dialog("a", "confirmed")], 1, 0.0, rules=MergeRules(["manual", "calls"])).condition == (
        "do-not-disturb"
    )


def test_kinds_that_the_rules_leave_out_come_last_but_before_registrations() -> None:
    told = [report("busy", source="door")]
    assert compose(told, [], 0, 100.0, rules=MergeRules(["calendar", "registrations"])).condition == "busy"
    assert compose(told, [], 0, 100.0, rules=MergeRules(["registrations", "calendar"])).condition == "unregistered"


def test_notes_and_forwarding_have_rules_of_their_own() -> None:
    lunch = msgspec.structs.replace(report("away", source="manual"), note="lunch", back_at=200.0)
    board = msgspec.structs.replace(report("meeting"), note="board")
    mobile = msgspec.structs.replace(report("unknown", source="mobile"), forwarding=Forwarding("busy", "+4533221100"))
    state = compose([lunch, board, mobile], [], 1, 100.0)
    assert (state.condition, state.note, state.back_at) == ("away", "lunch", 200.0)
    assert state.forwarding == Forwarding("busy", "+4533221100")
    rules = MergeRules(["manual", "calendar"], notes=["calendar"], forwarding=["pbx"])
    assert compose([lunch, board, mobile], [], 1, 100.0, rules=rules).note == "board"


def test_a_stale_source_is_shown_as_such_and_counts_no_more() -> None:
    state = compose([report("meeting"), report("on-the-phone", source="mobile")], [], 1, 100.0, stale={"mobile"})
    assert state.condition == "meeting"
    assert [(source.name, source.stale) for source in state.sources] == [
        ("calendar", False),
        ("registrations", False),
        ("mobile", True),
    ]


def test_the_stronger_report_of_a_kind_wins_and_says_since_when() -> None:
    told = [report("away", source="computer:a", at=5.0), report("do-not-disturb", source="computer:b", at=7.0)]
    state = compose(told, [], 1, 100.0)
    assert (state.condition, state.reason, state.since) == ("do-not-disturb", "computer:b says do-not-disturb", 7.0)
    assert state.sources[0].age(17.0) == 10.0


def test_a_report_is_older_by_its_sources_time_and_then_by_its_number() -> None:
    first = report("away", at=5.0)
    later = msgspec.structs.replace(first, at=6.0)
    numbered = msgspec.structs.replace(first, sequence=1)
    assert first.is_older_than(later)
    assert first.is_older_than(numbered)
    assert numbered.is_older_than(later)
    assert not first.is_older_than(first)


def test_a_report_that_has_expired_does_not_count() -> None:
    assert compose([report("meeting", until=100.0)], [], 1, 99.9).condition == "meeting"
    assert compose([report("meeting", until=100.0)], [], 1, 100.0).condition == "idle"


@given(PEOPLE)
def test_only_the_end_of_the_last_live_dialog_clears_the_lamp(person: tuple) -> None:  # type: ignore[type-arg]
    reports, dialogs, registered, now = person
    state = compose(reports, dialogs, registered, now)
    live = [one for one in dialogs if one.phase != "terminated"]
    assert sorted(map(repr, state.dialogs)) == sorted(map(repr, live))
    assert (state.condition in ("ringing", "calling", "hold")) <= bool(live)
    assert state.reason
    assert state.sources


@given(PEOPLE, st.randoms())
def test_the_order_in_which_facts_came_makes_no_difference(person: tuple, dice: object) -> None:  # type: ignore[type-arg]
    reports, dialogs, registered, now = person
    unique = list({one.id: one for one in dialogs}.values())
    told = list({one.source: one for one in reports}.values())
    state = compose(told, unique, registered, now)
    dice.shuffle(unique)  # type: ignore[attr-defined]
    dice.shuffle(told)  # type: ignore[attr-defined]
    assert compose(told, unique, registered, now) == state


@given(PEOPLE)
def test_dialogs_are_ordered_by_what_counts_most(person: tuple) -> None:  # type: ignore[type-arg]
    phases = [DIALOG_PRIORITY[one.phase] for one in compose(*person).dialogs]
    assert phases == sorted(phases)
