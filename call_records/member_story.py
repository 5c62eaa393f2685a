"""What happened to members of queues, in plain words, with who decided it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from routing.queue.events import (
    MISSED_TOO_OFTEN,
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
)


class MemberLine(msgspec.Struct, frozen=True):
    """One thing that happened: `at` UTC epoch seconds."""

    at: float
    queue: str
    member: str
    """The person's id, or an outside number."""
    text: str


def member_story(events: Iterable[AnyMemberEvent], names: Mapping[str, str]) -> list[MemberLine]:
    """A line for each event; `names` are those of people, by id."""
    return [MemberLine(event.at, event.queue, event.member, _SENTENCES[type(event)](event, names)) for event in events]


def _decided(event: Any, names: Mapping[str, str], what: str) -> str:
    by: Author | None = event.by
    if by is None:
        return what
    ways = {
        "code": f"by code of {names.get(by.name, by.name)}",
        "text": f"by a text from {by.name}",
        "api": f"by the API, token {by.name}",
        "command": f"by command of {by.name}",
        "queue": "by the queue itself",
    }
    return f"{what}, {ways[by.way]}"


def _paused(event: MemberPaused, names: Mapping[str, str]) -> str:
    reason = "too many offers missed in a row" if event.reason == MISSED_TOO_OFTEN else event.reason
    return _decided(event, names, f"paused: {reason}" if reason else "paused")


def _around(event: MemberBlocked | MemberCleared, _: Mapping[str, str]) -> str:
    """Of what keeps members away, the log has phones that come and go, and what ends by itself."""
    over = isinstance(event, MemberCleared)
    match event.obstacle:
        case "gone":
            return "has a phone" if over else "has no phone"
        case "wrap-up" if over:
            return "has done the notes"
        case _:
            return f"{event.obstacle} is over" if over else event.obstacle


_SENTENCES: dict[type[AnyMemberEvent], Callable[[Any, Mapping[str, str]], str]] = {
    MemberBlocked: _around,
    MemberCleared: _around,
    TalkEnded: lambda event, names: "has done talking; time for notes begins",
    MemberActivated: lambda event, names: _decided(event, names, "active"),
    MemberDeactivated: lambda event, names: _decided(event, names, "passive"),
    MemberPaused: _paused,
    MemberResumed: lambda event, names: _decided(event, names, "the pause is over"),
    LastMemberPassive: lambda event, names: "was the last active member",
}
