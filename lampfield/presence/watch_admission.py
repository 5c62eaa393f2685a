"""What a SUBSCRIBE is for, and how much of it who asks may see."""

from collections.abc import Callable, Mapping, Sequence

from lampfield.presence.addresses import Addresses, aor_of, parts_of
from lampfield.presence.lamp import Lamp
from lampfield.presence.lists import PACKAGES, Lists, sent_along
from lampfield.presence.member_lamps import for_member
from lampfield.presence.packages.catalogue import OF_ONESELF
from lampfield.presence.privacy import Privacy
from presence_pidf.seen import EVERYTHING
from routing.model import Company
from sipcore.errors import ProtocolViolation
from sipcore.message import Request
from sipcore.notify_admission import Refused
from sipcore.structs import Value
from sipcore.text import as_text


def asks_when_free(request: Request) -> bool:
    """Whether a phone wants to be told when somebody is free, as Snom does, rather than what they do."""
    event = request.event
    return event is not None and event.package == "dialog" and event.params.get("purpose") == "call-completion"


class Watched(Value, frozen=True):
    """What somebody is let in to watch."""

    resource: str
    """The AOR of a lamp, or of a list."""
    detail: str
    """How much is seen of it, as `presence_pidf.seen` reads it."""
    eventlist: bool = False


class WatchAdmission:
    """Decides by addresses, lists and privacy. `make` makes the lamp of a thing that has none until it is watched."""

    def __init__(
        self,
        lamps: Mapping[str, Lamp],
        addresses: Addresses,
        lists: Lists,
        privacy: Privacy,
        make: Callable[[str], bool],
    ) -> None:
        self._lamps = lamps
        self._addresses = addresses
        self._lists = lists
        self._privacy = privacy
        self._make = make
        self._mailboxes: set[str] = set()
        """AORs of the codes by which people listen to their messages."""

    def configure(self, companies: Sequence[Company]) -> None:
        """Take over the companies as they are now."""
        self._mailboxes = {aor_of(company.feature_codes.mailbox, company.domain) for company in companies}

    def admit(self, request: Request, who: str, domain: str, recipients: tuple[str, ...] | None) -> Watched:
        """What a request is for that opens a subscription; `recipients` is the list that it brings along.

        Raises ProtocolViolation with 404 for nobody's AOR, with 403 for another company's, whether or not it has such a
        person, and for what only people may know of themselves; Refused with 489 for what lists cannot tell.
        """
        event = request.first_of("event") or ""
        package = event.partition(";")[0].strip()
        if recipients is not None:
            aor, listed = sent_along(as_text(request.uri.partition(";")[0])), True
        else:
            aor = self._addresses.aor(request.request_uri, domain)
            listed = aor in self._lists
        if listed:
            if package not in PACKAGES:
                raise Refused(489, "Lists Have No Such Event", ("Allow-Events", ", ".join(sorted(PACKAGES))))
            return Watched(aor, EVERYTHING, True)
        if package == "message-summary" and aor in self._mailboxes:
            # Some phones ask the number that they dial for messages how many there are.
            aor = who
        resource = self._addresses.resource(aor, who)
        detail = self._privacy.detail(who, resource)
        if detail is not None and ";" in event and asks_when_free(request):
            own = for_member(aor, parts_of(who)[0])
            if not self._make(own):
                raise ProtocolViolation("Not Found", 404)
            return Watched(own, EVERYTHING)
        if detail is None or (package in OF_ONESELF and who not in self._lamps[resource].aors):
            raise ProtocolViolation("Forbidden", 403)
        return Watched(resource, detail)
