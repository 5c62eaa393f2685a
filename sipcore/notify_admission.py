"""What a SUBSCRIBE asks for, or why it is refused (RFC 6665 §4.2.1.1)."""

from collections.abc import Mapping

from sipcore.errors import ProtocolViolation
from sipcore.message import Request
from sipcore.notify_package import EventPackage
from sipcore.structs import Value

AN_HOUR = 3600
"""A duration of an hour or more is never too brief (RFC 6665 §4.2.1.1)."""


MOST_KNOWN = 1000
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


def _accepts(ranges: list[str], content_type: str) -> bool:
    """True if a media range of Accept takes the type (RFC 3261 §20.1); `q=0` is a no."""
    major = content_type.partition("/")[0]
    for text in ranges:
        media, *parameters = (part.strip().lower() for part in text.split(";"))
        if media in (content_type, f"{major}/*", "*/*"):
            quality = next((p.partition("=")[2].strip() for p in parameters if p.startswith("q")), "1")
            return quality.rstrip("0").rstrip(".") not in ("0", "")
    return False


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
        asked = (request.header("Event"), request.header("User-Agent"), *request.headers("Accept"))
        answer = self._known.get(asked)
        if answer is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            answer = self._known[asked] = self._choose(request)
        package, event_id, form = answer
        durations = self._durations
        expires = request.expires
        if expires is None:
            expires = durations.usual
        elif 0 < expires < durations.least and expires < AN_HOUR:
            raise Refused(423, "Interval Too Brief", ("Min-Expires", str(durations.least)))
        return Wanted(package, event_id, form, min(expires, durations.most))

    def _choose(self, request: Request) -> tuple[EventPackage, str, str]:
        """The package, the event's id and the form."""
        event = request.event
        package = self._packages.get(event.package) if event else None
        if event is None or package is None:
            raise Refused(489, "Bad Event", ("Allow-Events", ", ".join(self._packages)))
        ranges = request.headers("Accept") or [package.content_types[0]]
        for content_type in package.content_types:
            if _accepts(ranges, content_type):
                form = package.form(content_type, request.header("User-Agent") or "")
                return package, event.params.get("id") or "", form
        raise Refused(406, "Not Acceptable", ("Accept", ", ".join(package.content_types)))
