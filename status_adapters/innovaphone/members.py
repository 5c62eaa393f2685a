"""The monitored users of a PBX: who they are here, their calls and presence, and what is shown of them there."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from presence_pidf.status_report import Activity
from status_adapters.innovaphone.soap import PbxCall, PbxUser, Presence
from status_adapters.matching import TAIL, People

CALLS, CALENDAR = "mob:", "mob-cal:"
"""The contacts at which we show people's calls, and what their calendars and they themselves say."""

_MEANS: dict[str, Activity] = {
    "on-the-phone": "on-the-phone",
    "dnd": "do-not-disturb",
    "busy": "busy",
    "working": "busy",
    "meeting": "meeting",
    "appointment": "meeting",
    "presentation": "meeting",
    "performance": "meeting",
    "vacation": "vacation",
    "holiday": "vacation",
    "away": "away",
    "breakfast": "away",
    "lunch": "away",
    "dinner": "away",
    "meal": "away",
    "in-transit": "away",
    "travel": "away",
    "steering": "away",
    "shopping": "away",
    "sleeping": "away",
    "permanent-absence": "away",
}
"""What the activities of RFC 4480 §3.2 mean here; others mean nothing against a call."""
_SHOWN: dict[str, str] = {
    "meeting": "meeting",
    "vacation": "vacation",
    "away": "away",
    "busy": "busy",
    "do-not-disturb": "dnd",
}
"""What a person's activity here is called there, at the contact of the calendar."""
_STRENGTH: tuple[Activity, ...] = ("on-the-phone", "do-not-disturb", "vacation", "busy", "meeting", "away", "unknown")


class Said(NamedTuple):
    """What a person does, by somebody's word, with a note."""

    activity: str
    note: str = ""


class Member:
    """One monitored user."""

    def __init__(self, user: PbxUser, forks: Iterable[str]) -> None:
        self.user = user
        self.forks = tuple(forks)
        """The numbers that its calls fork to."""
        self.presentity = ""
        """Who it is here, empty for nobody."""
        self.calls: dict[int, PbxCall] = {}
        # What we have shown there, by contact; an earlier session's stands until it is shown otherwise.
        self.shown = {one.contact: one for one in user.presence if one.contact in (CALLS, CALENDAR)}

    def who(self, people: People) -> str:
        """Whom a mail address means, or the last eight digits of the mobile; empty for nobody. Raises Ambiguous."""
        for mail in self.user.mails:
            if (person := people.by_mail(mail)) is not None:
                return person.presentity
        for fork in self.forks:
            # Without what the PBX dials before it: `00045...` and `0040...` end as the number does.
            if (person := people.by_number("".join(sign for sign in fork if sign.isdigit())[-TAIL:])) is not None:
                return person.presentity
        return ""

    def called(self, call: PbxCall) -> None:
        """A call has begun, changed or ended."""
        if call.over:
            self.calls.pop(call.call, None)
        else:
            self.calls[call.call] = call

    @property
    def talks(self) -> bool:
        return any(call.talks for call in self.calls.values())

    def says(self) -> tuple[Activity, str]:
        """What the PBX says of the user, and with which note. What we have shown there ourselves does not count."""
        if self.talks:
            return "on-the-phone", ""
        said = [(_activity(one), one.note) for one in self.user.presence if one.contact not in (CALLS, CALENDAR)]
        return min(said, key=lambda one: _STRENGTH.index(one[0]), default=("unknown", ""))

    def to_show(self, call: Said | None, rest: Said | None) -> list[Presence]:
        """What is to be shown there and is not yet: a call elsewhere than there, and what else the person does."""
        # What the PBX knows by itself need not be told it.
        in_call = (
            Presence(CALLS, activity="on-the-phone", note=call.note) if call and not self.talks else Presence(CALLS)
        )
        known = _SHOWN.get(rest.activity) if rest else None
        busy = Presence(CALENDAR, activity=known, note=rest.note) if rest and known else Presence(CALENDAR)
        return [one for one in (in_call, busy) if self.shown.get(one.contact, Presence(one.contact)) != one]


def _activity(presence: Presence) -> Activity:
    if presence.activity in _MEANS:
        return _MEANS[presence.activity]
    return "away" if presence.status == "closed" else "unknown"


class MonthCount(msgspec.Struct, frozen=True):
    """Who was monitored in a month, for billing."""

    guids: frozenset[str] = frozenset()

    def with_members(self, users: Iterable[PbxUser]) -> "MonthCount":
        return MonthCount(self.guids | {user.guid or user.cn for user in users})
