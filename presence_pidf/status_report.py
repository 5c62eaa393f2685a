"""What one source says about a person."""

from typing import Literal

import msgspec

Activity = Literal[
    "unknown", "available", "on-the-phone", "do-not-disturb", "forwarded", "busy", "meeting", "away", "vacation"
]
"""What a source can tell of a person; each after `available` stands against being called.

`unknown` is a source that does not know what the person does and tells only of something else.
"""

ForwardingKind = Literal["none", "unconditional", "busy", "no-answer", "not-reachable"]


class Forwarding(msgspec.Struct, frozen=True, gc=False):
    """Where calls to a person go, by the network or PBX that forwards them; kind `none` says that they are not."""

    kind: ForwardingKind
    target: str = ""
    """Number or URI; empty where the source does not tell."""


class Roaming(msgspec.Struct, frozen=True, gc=False):
    """Whether a mobile is in a foreign network; `country` is ISO 3166 alpha-2, `plmn` MCC and MNC in digits."""

    abroad: bool
    country: str = ""
    plmn: str = ""


class Location(msgspec.Struct, frozen=True, gc=False):
    """A point of WGS84 in degrees, with the radius in metres within which the device is."""

    latitude: float
    longitude: float
    accuracy: float = 0.0


class StatusReport(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One source's latest word on a presentity. A newer report of the same source replaces it; None is not told."""

    presentity: str
    """AOR of the person, e.g. `sip:anna@nordlys.example`."""
    source: str
    """Who says so, its kind first: `calendar`, `mobile:telenor`, `phone-key`. See `merge_rules`."""
    activity: Activity
    at: float
    """The source's own time of the report, UTC epoch seconds. An older report never replaces a newer one."""
    sequence: int = 0
    """The source's own number; decides between reports of the same time."""
    started: float | None = None
    """Since when the activity holds, UTC epoch seconds; None: since `at`."""
    received: float | None = None
    """When it came here by our clock; its difference to `at` is delay and difference of clocks."""
    expires_at: float | None = None
    """UTC epoch seconds after which the report no longer counts; None holds until replaced."""
    note: str = ""
    """Free text for people, e.g. `back at 14`."""
    back_at: float | None = None
    """When the person means to be back, UTC epoch seconds."""
    reachable: bool | None = None
    """Whether a call would reach the person by what this source knows: a mobile that is on, a phone of another PBX."""
    forwarding: Forwarding | None = None
    roaming: Roaming | None = None
    private_number: bool | None = None
    """The person's calls show no number."""
    location: Location | None = None
    data_attached: bool | None = None
    """The device is attached to the network for data."""

    @property
    def since(self) -> float:
        """Since when the activity holds, UTC epoch seconds."""
        return self.at if self.started is None else self.started

    @property
    def content(self) -> tuple[object, ...]:
        """What it says, apart from when: reports that are equal in this say the same."""
        return (
            self.activity,
            self.note,
            self.back_at,
            self.reachable,
            self.forwarding,
            self.roaming,
            self.private_number,
            self.location,
            self.data_attached,
        )

    def is_older_than(self, other: "StatusReport") -> bool:
        """True where the source itself had told `other` later."""
        if self.at != other.at:
            return self.at < other.at
        return self.sequence < other.sequence

    def live(self, now: float) -> bool:
        """True until the report expires."""
        return self.expires_at is None or now < self.expires_at


MOST_AHEAD = 5.0
"""Seconds that a source's clock may be ahead of ours."""


def not_ahead(report: StatusReport, now: float) -> StatusReport:
    """The report; one from further ahead is taken for one of now, else it would keep out all that comes after it."""
    return msgspec.structs.replace(report, at=now) if report.at > now + MOST_AHEAD else report
