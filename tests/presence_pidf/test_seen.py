"""What of a state is left for who may not see all of it."""

from hypothesis import given
from hypothesis import strategies as st

from presence_pidf.dialog_info import render_dialog_info
from presence_pidf.dialog_state import DialogState
from presence_pidf.person_state import PersonState
from presence_pidf.pidf import render_pidf
from presence_pidf.profiles import PLAIN
from presence_pidf.seen import EVERYTHING, HIDDEN, seen
from presence_pidf.status_report import Forwarding

ANNA = "sip:anna@nordlys.example"
RINGS = DialogState(
    "leg-1", "recipient", "early", "call", "ours", "theirs", ANNA, "sip:+4520304050@x", "Bo Lind", "sip:bo@x"
)
CALLED = PersonState(
    "ringing", "is called by Bo Lind", 1, (RINGS,), "at the dentist", 900.0, reachable=True, back_at=9000.0
)
details = st.sampled_from([EVERYTHING, HIDDEN, "busy", "state", "state+notes", "state+callers", "state+callers+notes"])
states = st.sampled_from(
    [
        CALLED,
        PersonState("talking", "talks with Bo Lind", 1, (RINGS,), reachable=True),
        PersonState("do-not-disturb", "phone-key says do-not-disturb", 1, (), "+4520304050", reachable=True),
        PersonState("forwarded", "forwarded", 1, (), forwarding=Forwarding("unconditional", "+4520304050")),
        PersonState("vacation", "calendar says vacation", 0, (), "at the dentist"),
        PersonState("unregistered", "no phone is registered"),
    ]
)


def test_with_everything_the_state_is_as_it_is() -> None:
    assert seen(CALLED, EVERYTHING) is CALLED


def test_without_callers_a_ringing_lamp_rings_and_does_not_tell_who_calls() -> None:
    state = seen(CALLED, "state+notes")
    (dialog,) = state.dialogs
    assert (dialog.phase, dialog.direction, dialog.id) == ("early", "recipient", "leg-1")
    assert (dialog.remote_identity, dialog.remote_display, dialog.remote_target) == ("", "", "")
    assert state.note == "at the dentist"


def test_without_notes_nobody_reads_where_somebody_is_or_where_calls_go() -> None:
    state = seen(CALLED, "state+callers")
    assert (state.note, state.back_at) == ("", None)
    assert state.dialogs == CALLED.dialogs
    forwarded = PersonState("forwarded", "", forwarding=Forwarding("unconditional", "+4520304050"))
    assert seen(forwarded, "state").forwarding == Forwarding("unconditional")


def test_busy_or_free_tells_neither_ringing_nor_do_not_disturb() -> None:
    assert seen(CALLED, "busy").condition == "busy"
    assert [dialog.phase for dialog in seen(CALLED, "busy").dialogs] == ["confirmed"]
    assert seen(PersonState("do-not-disturb", "", 1, reachable=True), "busy").condition == "busy"
    assert seen(PersonState("away", "", 1, reachable=True), "busy").condition == "idle"
    assert seen(PersonState("away", ""), "busy").condition == "unregistered"


@given(states, details)
def test_no_document_tells_what_may_not_be_seen(state: PersonState, detail: str) -> None:
    shown = seen(state, detail)
    said = render_pidf(ANNA, shown).body(0) + render_dialog_info(ANNA, shown, PLAIN).body(0)
    words = detail.split("+")
    if detail != EVERYTHING and "callers" not in words:
        assert b"Bo Lind" not in said
        assert b"sip:bo" not in said
    if detail != EVERYTHING and "notes" not in words:
        assert b"dentist" not in said
        assert b"+4520304050" not in said or "callers" in words


@given(states)
def test_who_is_hidden_is_always_gone_and_never_changes(state: PersonState) -> None:
    assert seen(state, HIDDEN) == seen(PersonState("unregistered", ""), HIDDEN)


@given(states, details)
def test_a_lamp_is_dark_only_for_who_may_be_called_as_far_as_the_watcher_may_see(
    state: PersonState, detail: str
) -> None:
    shown = seen(state, detail)
    lit = b"<dialog " in render_dialog_info(ANNA, shown, PLAIN).body(0)
    assert lit == (bool(shown.dialogs) or shown.condition in ("talking", "busy", "do-not-disturb", "forwarded"))
