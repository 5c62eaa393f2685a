"""What a feed says of somebody, by our names for it: read strictly, then made a status report of the person meant."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from presence_pidf.status_report import Activity, Forwarding, ForwardingKind, Location, Roaming, StatusReport
from status_adapters.adapter import Watched
from status_adapters.matching import People

Text = Annotated[str, msgspec.Meta(max_length=200)]
Number = Annotated[str, msgspec.Meta(max_length=40)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e11)]
Moment = Seconds | Annotated[datetime, msgspec.Meta(tz=True)]
"""UTC epoch seconds, or RFC 3339 with its zone."""


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One report of a feed. Who is meant is told by one of `person`, `number` and `mail`."""

    person: Text = ""
    """`anna@nordlys.example`, with or without `sip:`."""
    number: Number = ""
    """With the country (`+47...`, `0047...`), or its last eight digits and what may stand before."""
    mail: Text = ""
    at: Moment | None = None
    """The source's own time of the report; without one it is when the report came."""
    sequence: Annotated[int, msgspec.Meta(ge=0, le=2**62)] = 0
    activity: Activity = "unknown"
    started: Moment | None = None
    expires_at: Moment | None = None
    back_at: Moment | None = None
    note: Text = ""
    reachable: bool | None = None
    private_number: bool | None = None
    data_attached: bool | None = None
    forwarding: ForwardingKind | bool | None = None
    """How calls are forwarded; true means all of them."""
    forwarding_target: Number = ""
    abroad: bool | None = None
    country: Annotated[str, msgspec.Meta(pattern="^([A-Z]{2})?$")] = ""
    plmn: Annotated[str, msgspec.Meta(pattern="^([0-9]{5,6})?$")] = ""
    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    accuracy: Annotated[float, msgspec.Meta(ge=0, le=1e7)] = 0.0
    """Metres."""

    def report(self, person: Watched, source: str, came: float) -> StatusReport:
        """What is reported of that person; `came` is when it was received, UTC epoch seconds."""
        return StatusReport(
            presentity=person.presentity,
            source=source,
            activity=self.activity,
            at=came if self.at is None else seconds(self.at),
            sequence=self.sequence,
            started=None if self.started is None else seconds(self.started),
            received=came,
            expires_at=None if self.expires_at is None else seconds(self.expires_at),
            note=" ".join(self.note.split()),
            back_at=None if self.back_at is None else seconds(self.back_at),
            reachable=self.reachable,
            forwarding=self._forwarding(),
            roaming=None if self.abroad is None else Roaming(self.abroad, self.country, self.plmn),
            private_number=self.private_number,
            location=self._location(),
            data_attached=self.data_attached,
        )

    def _forwarding(self) -> Forwarding | None:
        kind = self.forwarding
        if kind is None:
            return None
        if isinstance(kind, bool):
            kind = "unconditional" if kind else "none"
        return Forwarding(kind, self.forwarding_target)

    def _location(self) -> Location | None:
        if self.latitude is None or self.longitude is None:
            return None
        return Location(self.latitude, self.longitude, self.accuracy)


class NobodyMeant(Exception):
    """No watched person is meant; `what` sorts the reason for counting."""

    def __init__(self, what: Literal["unknown person", "no person named"], said: str) -> None:
        super().__init__(said)
        self.what = what


def whom(facts: Facts, people: People) -> Watched:
    """The person that is meant. Raises NobodyMeant, and Ambiguous where it could be several."""
    if facts.person:
        found = people.by_presentity(facts.person if facts.person.startswith("sip:") else f"sip:{facts.person}")
    elif facts.number:
        found = people.by_number(facts.number)
    elif facts.mail:
        found = people.by_mail(facts.mail)
    else:
        raise NobodyMeant("no person named", "expected one of person, number and mail")
    if found is None:
        raise NobodyMeant("unknown person", f"nobody is known by {facts.person or facts.number or facts.mail}")
    return found


def seconds(moment: float | datetime) -> float:
    """UTC epoch seconds."""
    return moment.timestamp() if isinstance(moment, datetime) else moment
