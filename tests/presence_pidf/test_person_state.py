"""A person's state: what wins, and why."""

from hypothesis import given
from hypothesis import strategies as st

from presence_pidf.dialog_state import DialogState
from presence_pidf.person_state import DIALOG_PRIORITY, compose
from presence_pidf.status_report import StatusReport
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


def test_a_mobiles_call_shows_though_no_phone_is_registered() -> None:
    assert compose([report("on-the-phone", source="mobile")], [], 0, 100.0).condition == "talking"
    assert compose([report("meeting")], [], 0, 100.0).condition == "unregistered"


def test_the_strongest_report_wins_and_says_since_when() -> None:
    state = compose([report("away", at=5.0), report("do-not-disturb", source="key", at=7.0)], [], 1, 100.0)
    assert (state.condition, state.reason, state.since) == ("do-not-disturb", "key says do-not-disturb", 7.0)
    assert state.sources[0].age(17.0) == 10.0


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
