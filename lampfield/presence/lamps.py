"""The lamps: registrations, calls and voicemail of each person, and switches, told to all who watch them.

`Lamps` knows what is true now; three event packages render it; the notifier tells it. Nothing here keeps a document:
what a watcher is sent is made from the state of that moment, so the last state is always the one that arrives.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from ipaddress import ip_address

from lampfield.presence.lamp import LIT, Lamp, lamp_of_thing
from lampfield.presence.member_lamps import address, for_member, member_aors
from lampfield.presence.packages.catalogue import event_packages
from presence_pidf.dialog_state import DialogState
from presence_pidf.message_summary import MessageCounts
from presence_pidf.person_state import PersonState, compose
from presence_pidf.status_report import StatusReport
from routing.model import Company
from sipcore.errors import ProtocolViolation
from sipcore.flow import Flow
from sipcore.message import Request, Response, response_to
from sipcore.notifier import Notifier, NotifierConfig
from sipcore.structs import Value
from sipcore.subscription import SubscriptionRecord
from sipcore.uri import SipUri

_log = logging.getLogger(__name__)

_STATE_PACKAGES = ("dialog", "presence")


def _is_ip_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class Mended(Value, frozen=True):
    """A lamp that showed a call which did not exist; `dialog` is what was taken away."""

    person: str
    dialog: DialogState


def _things(company: Company) -> Iterator[tuple[str, ...]]:
    """The AORs of each thing of a company: the switches by their codes, and what members dial, for each of them."""
    for hours in company.hours.values():
        if hours.switch_code:
            yield (f"sip:{hours.switch_code}@{company.domain.lower()}",)
    yield from member_aors(company).values()


class Lamps:
    """Joins what happens to people with those who watch them.

    A person is named by any of their AORs, `sip:<id>@<domain>` or `sip:<extension>@<domain>`; one that no company has
    is passed over, for the phone of somebody just removed may still be in a call.
    """

    def __init__(self, token: Callable[[], str], companies: Iterable[Company], config: NotifierConfig) -> None:
        self._token = token
        self._lamps: dict[str, Lamp] = {}
        self._domains: set[str] = set()
        self._expiring: set[str] = set()
        self.notifier = Notifier(token, event_packages(self._lamps), config)
        """Give it to the endpoint: it sends the NOTIFYs and takes their responses."""
        self.configure(companies, 0.0)

    # --- who there is

    def configure(self, companies: Iterable[Company], now: float) -> None:
        """Take over the companies as they are now; who is gone has no lamp any more and its watchers are told."""
        found: dict[str, Lamp] = {}
        domains: set[str] = set()
        for company in companies:
            domain = company.domain.lower()
            domains.add(domain)
            for person in company.people.values():
                aors = tuple(dict.fromkeys(f"sip:{name}@{domain}" for name in (person.id, person.extension) if name))
                lamp = self._lamps.get(aors[0])
                if lamp is None:
                    lamp = Lamp(person.id, domain, aors)
                lamp.aors = aors
                found.update(dict.fromkeys(aors, lamp))
            for aors in _things(company):
                thing = self._lamps.get(aors[0]) or lamp_of_thing(domain, now)
                thing.aors = aors
                found.update(dict.fromkeys(aors, thing))
        gone = [aor for aor in self._lamps if aor not in found]
        self._domains = domains
        for aor in gone:
            self.notifier.terminate(aor, "noresource", now)
            del self._lamps[aor]
        self._lamps.update(found)

    # --- who watches

    def subscribe(
        self, request: Request, flow: Flow, now: float, *, watcher_domain: str, watcher: str = ""
    ) -> Response:
        """Answer a SUBSCRIBE of somebody who was authenticated in `watcher_domain`; `watcher` is the person's id.

        404 for nobody's AOR, 403 for another company's, whether or not it has such a person; else as the notifier does.
        """
        try:
            if request.to.tag is not None:
                return self.notifier.subscribe(request, flow, now, resource="")
            resource = self._resolve(request, watcher_domain.lower(), watcher)
        except ProtocolViolation as violation:
            return response_to(request, violation.status, violation.reason, to_tag=self._token())
        return self.notifier.subscribe(request, flow, now, resource=resource)

    def _resolve(self, request: Request, watcher_domain: str, watcher: str) -> str:
        uri = request.request_uri
        if not isinstance(uri, SipUri):
            raise ProtocolViolation("Not Found", 404)
        domain = uri.host.lower()
        if domain not in self._domains and _is_ip_address(uri.address):
            # Phones that know their server by its address ask for people there; they mean their own company.
            domain = watcher_domain
        if domain in self._domains and domain != watcher_domain:
            raise ProtocolViolation("Another company's people cannot be watched", 403)
        resource = f"sip:{uri.unescaped_user}@{domain}"
        # What members dial shows each of them something else.
        for found in (resource, for_member(resource, watcher)):
            if found in self._lamps:
                return found
        raise ProtocolViolation("Not Found", 404)

    def restore(self, records: Iterable[SubscriptionRecord], now: float) -> None:
        """Take subscriptions from disk; after registrations and calls are known, for each is told the state."""
        records = list(records)
        self.notifier.restore(records, now)
        for resource in {record.resource for record in records} - self._lamps.keys():
            self.notifier.terminate(resource, "noresource", now)

    # --- what happens

    def bindings_changed(self, aor: str, count: int, now: float) -> None:
        """The person's phones have `count` contact bindings."""
        lamp = self._lamps.get(aor)
        if lamp is None or lamp.registered == count:
            return
        if not lamp.registered or not count:
            lamp.registered_since = now
        lamp.registered = count
        self._update(lamp, now)

    def dialog_changed(self, aor: str, dialog: DialogState, now: float) -> None:
        """One of the person's dialogs is new, another, or (phase `terminated`) over."""
        lamp = self._lamps.get(aor)
        if lamp is None:
            return
        if dialog.phase == "terminated":
            if lamp.dialogs.pop(dialog.id, None) is None:
                return
        else:
            lamp.dialogs[dialog.id] = dialog
        self._update(lamp, now)

    def light(self, aor: str, lit: bool, now: float) -> None:
        """A thing is on, or off: phones that watch it see a confirmed dialog, or none."""
        lamp = self._lamps.get(aor)
        if lamp is None or lamp.person is not None or (LIT in lamp.dialogs) == lit:
            return
        if lit:
            lamp.dialogs[LIT] = DialogState(
                LIT, "recipient", "confirmed", remote_identity=address(aor), remote_target=address(aor), started=now
            )
        else:
            del lamp.dialogs[LIT]
        self._update(lamp, now)

    def reported(self, report: StatusReport, now: float) -> None:
        """A source tells of a person; what it told later than this stands."""
        lamp = self._lamps.get(report.presentity)
        if lamp is None:
            return
        older = lamp.reports.get(report.source)
        if older is not None and older.at > report.at:
            return
        lamp.reports[report.source] = report
        if report.expires_at is not None:
            self._expiring.add(lamp.aors[0])
        self._update(lamp, now)

    def voicemail_changed(self, aor: str, counts: MessageCounts, now: float) -> None:
        """The person's voicemail box holds so many messages."""
        lamp = self._lamps.get(aor)
        if lamp is None or lamp.counts == counts:
            return
        lamp.counts = counts
        for name in lamp.aors:
            self.notifier.changed(name, "message-summary", now)

    def advance(self, now: float) -> None:
        """Let status reports expire. The notifier's timers are the endpoint's to advance."""
        for aor in list(self._expiring):
            lamp = self._lamps.get(aor)
            reports = lamp.reports if lamp else {}
            if lamp and any(not report.live(now) for report in reports.values()):
                lamp.reports = {source: report for source, report in reports.items() if report.live(now)}
                self._update(lamp, now)
            if not lamp or all(report.expires_at is None for report in lamp.reports.values()):
                self._expiring.discard(aor)

    def next_timeout(self) -> float | None:
        """When `advance` is to be called next, for a report that expires."""
        ends = (
            report.expires_at
            for aor in self._expiring
            if aor in self._lamps
            for report in self._lamps[aor].reports.values()
            if report.expires_at is not None
        )
        return min(ends, default=None)

    def sweep(self, live: Collection[str], now: float) -> list[Mended]:
        """Take away dialogs that are not among the ids of those that exist, so that no lamp stays lit; tells which."""
        mended: list[Mended] = []
        for aor, lamp in self._lamps.items():
            if aor != lamp.aors[0] or lamp.person is None:
                continue
            dead = [dialog for dialog in lamp.dialogs.values() if dialog.id not in live]
            for dialog in dead:
                _log.warning("%s: lamp showed a call that is over (%s), mended", dialog.call_id or dialog.id, aor)
                del lamp.dialogs[dialog.id]
                mended.append(Mended(aor, dialog))
            if dead:
                self._update(lamp, now)
        return mended

    # --- what is true

    def state(self, aor: str) -> PersonState | None:
        """The person's state and why it is so; None for nobody's AOR."""
        lamp = self._lamps.get(aor)
        return lamp.state if lamp else None

    def people(self, domain: str) -> dict[str, PersonState]:
        """The states of a company's people, by id."""
        domain = domain.lower()
        return {lamp.person: lamp.state for lamp in self._lamps.values() if lamp.person and lamp.domain == domain}

    def _update(self, lamp: Lamp, now: float) -> None:
        """Compose the state anew, and tell it if it is another."""
        state = compose(
            lamp.reports.values(), lamp.dialogs.values(), lamp.registered, now, registered_since=lamp.registered_since
        )
        older, lamp.state = lamp.state, state
        if state.shown == older.shown:
            return
        for aor in lamp.aors:
            for package in _STATE_PACKAGES:
                self.notifier.changed(aor, package, now)
