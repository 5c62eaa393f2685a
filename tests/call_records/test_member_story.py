"""What happened to members, in plain words."""

from typing import Any, get_args

import pytest

from call_records.member_story import member_story
from routing.queue.events import (
    AnyMemberEvent,
    Author,
    LastMemberPassive,
    MemberActivated,
    MemberBlocked,
    MemberCleared,
    MemberDeactivated,
    MemberPaused,
    MemberResumed,
    TalkEnded,
    Way,
)

ANNA: dict[str, Any] = {"queue": "sales", "member": "anna", "at": 1.0}
EVENTS: list[tuple[AnyMemberEvent, str]] = [
    (MemberActivated(**ANNA, by=Author("api", "desk")), "active, by the API, token desk"),
    (MemberActivated(**ANNA), "active"),
    (MemberDeactivated(**ANNA, by=Author("text", "+4540404040")), "passive, by a text from +4540404040"),
    (LastMemberPassive(**ANNA), "was the last active member"),
    (MemberPaused(**ANNA, reason="lunch", by=Author("code", "anna")), "paused: lunch, by code of Anna Holm"),
    (MemberPaused(**ANNA, reason="", by=Author("command", "root")), "paused, by command of root"),
    (
        MemberPaused(**ANNA, reason="missed", by=Author("queue")),
        "paused: too many offers missed in a row, by the queue itself",
    ),
    (MemberResumed(**ANNA, by=Author("code", "bo")), "the pause is over, by code of bo"),
    (TalkEnded(**ANNA), "has done talking; time for notes begins"),
    (MemberBlocked(**ANNA, obstacle="gone"), "has no phone"),
    (MemberCleared(**ANNA, obstacle="gone"), "has a phone"),
    (MemberCleared(**ANNA, obstacle="wrap-up"), "has done the notes"),
    (MemberCleared(**ANNA, obstacle="resting"), "resting is over"),
]


@pytest.mark.parametrize(("event", "text"), EVENTS)
def test_each_event_is_told_with_who_decided_it(event: AnyMemberEvent, text: str) -> None:
    (line,) = member_story([event], {"anna": "Anna Holm"})
    assert (line.queue, line.member, line.text) == ("sales", "anna", text)


def test_every_event_and_every_way_has_its_words() -> None:
    assert {type(event) for event, _ in EVENTS} == set(get_args(AnyMemberEvent))
    assert {event.by.way for event, _ in EVENTS if getattr(event, "by", None)} == set(get_args(Way))  # type: ignore[union-attr]
