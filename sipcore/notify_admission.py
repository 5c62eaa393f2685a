"""What a SUBSCRIBE asks for, or why it is refused (RFC 6665 §4.2.1.1)."""

from collections.abc import Mapping, Sequence
from typing import Final

from sipcore.content_encoding import chosen, weighed
from sipcore.errors import ProtocolViolation
from sipcore.message import Request
from sipcore.notify_package import EventPackage
from sipcore.structs import Value
from sipcore.subscription import CODING

AN_HOUR: Final = 3600
"""A duration of an hour or more is never too brief (RFC 6665 §4.2.1.1)."""


MOST_KNOWN: Final = 1000
"""Ways of asking that are remembered."""


class Refused(ProtocolViolation):
    """A SUBSCRIBE that is answered with `status` and these fields."""

    def __init__(self, status: int, reason: str, *fields: tuple[str, str]) -> None:
        super().__init__(reason, status)
        self.fields = fields


class Durations(Value, frozen=True):
    """Allowed durations of a subscription, seconds."""

    least: int = 60
    most: int = 3600
    usual: int = 3600
    """When the SUBSCRIBE does not say."""


class Wanted(Value, frozen=True):
    """A SUBSCRIBE that can be fulfilled."""

    package: EventPackage
    event_id: str
    form: str
    expires: int
    """Seconds; 0 fetches the state once, or ends the subscription."""


LIST_TYPES = ("multipart/related", "application/rlmi+xml")
"""What who can watch lists says to take besides the documents in them (RFC 4662 §4.3)."""


def acceptable(ranges: Sequence[str], content_types: Sequence[str]) -> list[str]:
    """The content types that a watcher takes who sent these values of Accept, the most welcome first.

    The most specific range decides on each type (RFC 3261 §20.1); what is named comes before what a range covers, and
    what is alike stays in the order given.
    """
    welcome = dict([weighed(value) for value in ranges])
    found: list[tuple[float, int, int, str]] = []
    for place, content_type in enumerate(content_types):
        major = content_type.partition("/")[0]
        for breadth, media in enumerate((content_type, f"{major}/*", "*/*")):
            if media in welcome:
                if welcome[media] > 0.0:
                    found.append((-welcome[media], breadth, place, content_type))
                break
    return [content_type for _, _, _, content_type in sorted(found)]


class Admission:
    """Judges SUBSCRIBEs by the packages there are and the durations they may have."""

    def __init__(self, packages: Mapping[str, EventPackage], durations: Durations) -> None:
        self._packages = packages
        self._durations = durations
        # Phones of one kind ask in the same words. Forgotten when full, which no house with real phones reaches.
        self._known: dict[tuple[str | None, ...], tuple[EventPackage, str, str]] = {}

    @property
    def remembered(self) -> int:
        """How many ways of asking are remembered."""
        return len(self._known)

    def admit(self, request: Request) -> Wanted:
        """Read Event, Accept and Expires. Raises Refused with 489, 406 or 423 and what the watcher may ask instead."""
        accepted = request.headers("Accept")
        coded = request.headers("Accept-Encoding")
        asked = (request.first_of("event"), request.first_of("user-agent"), *accepted, None, *coded)
        answer = self._known.get(asked)
        if answer is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            answer = self._known[asked] = self._choose(request, accepted, coded)
        package, event_id, form = answer
        durations = self._durations
        expires = request.expires
        if expires is None:
            expires = durations.usual
        elif 0 < expires < durations.least and expires < AN_HOUR:
            raise Refused(423, "Interval Too Brief", ("Min-Expires", str(durations.least)))
        return Wanted(package, event_id, form, min(expires, durations.most))

    def _choose(self, request: Request, accepted: Sequence[str], coded: Sequence[str]) -> tuple[EventPackage, str, str]:
        """The package, the event's id and the form."""
        event = request.event
        package = self._packages.get(event.package) if event else None
        if event is None or package is None:
            raise Refused(489, "Bad Event", ("Allow-Events", ", ".join(self._packages)))
        documents = [value for value in accepted if weighed(value)[0] not in LIST_TYPES]
        content_types = acceptable(documents or package.content_types[:1], package.content_types)
        if not content_types:
            raise Refused(406, "Not Acceptable", ("Accept", ", ".join(package.content_types)))
        form = package.form(content_types, request.header("User-Agent") or "")
        coding = chosen(coded)
        return package, event.params.get("id") or "", f"{form}{CODING}{coding}" if coding else form
