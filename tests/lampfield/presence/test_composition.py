"""A state that is composed of what has changed alone is the one that is composed of everything."""

from collections.abc import Sequence
from typing import NamedTuple, get_args

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from lampfield.presence.composition import Composition
from lampfield.presence.lamp import PLAIN_RULES, Lamp, Published
from lampfield.presence.publish_packages import as_published
from presence_pidf.dialog_state import DialogState
from presence_pidf.person_state import shows_the_same
from presence_pidf.publication import PublishedPresence, PublishedTuple
from presence_pidf.status_report import Activity, StatusReport

ANNA = "sip:anna@nordlys.example"
NOTES = st.sampled_from(["", "lunch", "out", "back at 14"])
TUPLES = st.builds(PublishedTuple, id=st.sampled_from("ab"), open=st.booleans(), note=NOTES)
PRESENCES = st.builds(
    PublishedPresence,
    tuples=st.lists(TUPLES, max_size=2).map(tuple),
    notes=st.lists(NOTES, max_size=2, unique=True).map(tuple),
    activity=st.sampled_from(["busy", "busy", *get_args(Activity)]),
    since=st.none() | st.sampled_from([50.0, 60.0]),
)
CALLS = st.just((DialogState("d1", "initiator", "confirmed", call_id="c1"),))
REPORTS = st.builds(
    StatusReport,
    presentity=st.just(ANNA),
    source=st.sampled_from(["calendar", "phone-key", "phone:other"]),
    activity=st.sampled_from(get_args(Activity)),
    at=st.just(100.0),
    expires_at=st.none() | st.just(2.5),
    note=NOTES,
)


class Saying(NamedTuple):
    """What is published under a key."""

    key: str
    publisher: str
    document: PublishedPresence | tuple[DialogState, ...]

    def to(self, lamp: Lamp, now: float) -> Published:
        before = lamp.published.get(self.key) if lamp.published else None
        return as_published(self.document, ANNA, f"{self.publisher}/{self.key}", before, now)


KEYS = st.sampled_from(["k1", "k2"])
Event = Saying | StatusReport | str
"""A publication, a report, or the key of a publication that ends."""
EVENTS: st.SearchStrategy[list[Event]] = st.lists(
    st.builds(Saying, KEYS, st.sampled_from(["phone", "pbx:b"]), PRESENCES | CALLS) | REPORTS | KEYS, max_size=12
)


def take(composition: Composition, lamp: Lamp, event: Event, now: float) -> bool:
    """Whether lamps show something else."""
    if isinstance(event, StatusReport):
        if event.expires_at is not None:
            event = msgspec.structs.replace(event, expires_at=now + event.expires_at)
        return composition.report(lamp, event, now) == "shown"
    if isinstance(event, str):
        return composition.unpublish(lamp, event, now)
    return composition.publish(lamp, event.key, event.to(lamp, now), now)


@given(EVENTS)
def test_a_state_is_the_same_whether_or_not_what_has_not_changed_is_looked_at_again(events: Sequence[Event]) -> None:
    composition = Composition()
    lamp = Lamp("anna", "nordlys.example", (ANNA,), PLAIN_RULES)
    for second, event in enumerate(events):
        now = 100.0 + second
        composition.advance(now, [lamp])
        before = lamp.state
        shown = take(composition, lamp, event, now)
        state = lamp.state
        assert shown is not shows_the_same(state, before)
        Composition().compose(lamp, now)
        assert state == lamp.state
