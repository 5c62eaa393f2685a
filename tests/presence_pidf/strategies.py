"""Random states of people, with the nasty names that peers send."""

from typing import get_args

from hypothesis import strategies as st

from presence_pidf.dialog_state import DialogState
from presence_pidf.status_report import Activity, StatusReport

NASTY_TEXT = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            'Bo "the" <Builder> & Søn',
            "]]>",
            "<!-- -->",
            "&amp;",
            "line\r\nbreak\ttab",
            "nul\x00 bell\x07 escape\x1b",
            "lone \ud800 surrogate",
            "not a character \ufffe \uffff",
            "\u202eright to left",
            "😀" * 5,
        ]
    ),
)
"""Display names, notes, tags: anything at all."""

URIS = st.one_of(
    st.sampled_from(
        [
            "",
            "sip:anna@nordlys.example",
            "sip:+4533221100@trunk.example;user=phone",
            "tel:+45-33-22-11-00",
            "sip:%zz@x.example",
            "sip:a#b@x.example",
            "sip:æøå@nordlys.example",
            'sip:"<&>"@x.example',
            "sip:a b@x.example",
        ]
    ),
    NASTY_TEXT.map(lambda text: f"sip:{text.replace('[', '').replace(']', '')}@x.example"),
)
"""What came as a URI. IPv6 references are tried apart: a SIP URI with one is no xs:anyURI to a validator."""

DIALOGS = st.builds(
    DialogState,
    id=NASTY_TEXT.filter(bool),
    direction=st.sampled_from(["initiator", "recipient"]),
    phase=st.sampled_from(["trying", "proceeding", "early", "confirmed", "terminated"]),
    call_id=NASTY_TEXT,
    local_tag=NASTY_TEXT,
    remote_tag=NASTY_TEXT,
    local_identity=URIS,
    remote_identity=URIS,
    remote_display=NASTY_TEXT,
    remote_target=URIS,
    held=st.booleans(),
    started=st.floats(0, 4e9),
)

REPORTS = st.builds(
    StatusReport,
    presentity=st.just("sip:anna@nordlys.example"),
    source=NASTY_TEXT | st.sampled_from(["calendar", "mobile:telenor", "phone-key", "computer", "pbx:other"]),
    activity=st.sampled_from(get_args(Activity)),
    reachable=st.none() | st.booleans(),
    at=st.floats(0, 4e9),
    expires_at=st.none() | st.floats(0, 4e9),
    note=NASTY_TEXT,
)

PEOPLE = st.tuples(st.lists(REPORTS, max_size=3), st.lists(DIALOGS, max_size=4), st.integers(0, 3), st.floats(0, 4e9))
"""Reports, dialogs, number of registered phones, and now."""
