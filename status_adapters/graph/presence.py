"""Presence as Graph tells of it, and what it means here."""

import asyncio
from collections.abc import Sequence

import msgspec

from presence_pidf.status_report import Activity
from status_adapters.graph.api import GraphApi

BATCH = 650
"""Users in one request, by Graph's own limit."""

ACTIVITIES: dict[str, Activity] = {
    "InACall": "on-the-phone",
    "InAConferenceCall": "on-the-phone",
    "InAMeeting": "meeting",
    "Presenting": "do-not-disturb",
    "UrgentInterruptionsOnly": "do-not-disturb",
    "Focusing": "do-not-disturb",
    "DoNotDisturb": "do-not-disturb",
    "OutOfOffice": "away",
    "OffWork": "away",
    "BeRightBack": "away",
    "Away": "away",
    "Busy": "busy",
}
"""What `activity` means; it says more than `availability`."""
AVAILABILITIES: dict[str, Activity] = {
    "Available": "available",
    "AvailableIdle": "available",
    "Away": "away",
    "BeRightBack": "away",
    "Busy": "busy",
    "BusyIdle": "busy",
    "DoNotDisturb": "do-not-disturb",
    "Offline": "unknown",
    "PresenceUnknown": "unknown",
}
"""What `availability` means where `activity` says no more. Who is offline may sit beside a phone."""


class _Text(msgspec.Struct, frozen=True):
    content: str | None = None


class _StatusMessage(msgspec.Struct, frozen=True):
    message: _Text | None = None


class Presence(msgspec.Struct, frozen=True, rename="camel"):
    """One user's."""

    id: str
    availability: str = "PresenceUnknown"
    activity: str = "PresenceUnknown"
    status_message: _StatusMessage | None = None

    @property
    def means(self) -> Activity:
        """What it means here; words that Microsoft has added since are `unknown`."""
        return ACTIVITIES.get(self.activity) or AVAILABILITIES.get(self.availability, "unknown")

    @property
    def note(self) -> str:
        """What the user has written for others."""
        message = self.status_message and self.status_message.message
        return " ".join((message.content or "").split())[:200] if message else ""


class _Presences(msgspec.Struct, frozen=True):
    value: list[Presence]


async def presences(api: GraphApi, ids: Sequence[str]) -> list[Presence]:
    """The presence of these users, asked for in batches at the same time. Raises SourceFault."""
    batches = [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
    pages = await asyncio.gather(
        *(api.ask("POST", "/communications/getPresencesByUserId", {"ids": batch}, _Presences) for batch in batches)
    )
    return [presence for page in pages for presence in page.value]
