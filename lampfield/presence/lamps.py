"""The lamps: registrations, calls and voicemail of each person, and switches, told to all who watch them.

`Lamps` knows what is true now; event packages render it; the notifier tells it. Nothing here keeps a document:
what a watcher is sent is made from the state of that moment, so the last state is always the one that arrives.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from lampfield.presence.addresses import Addresses
from lampfield.presence.composition import Composition, Taken
from lampfield.presence.followers import Followers
from lampfield.presence.lamp import LIT, Lamp, Mended, Published
from lampfield.presence.lists import Lists
from lampfield.presence.member_lamps import address
from lampfield.presence.packages.catalogue import OF_ONESELF, event_packages
from lampfield.presence.packages.feature_events import Features, nothing_set
from lampfield.presence.packages.watcher_info import WATCHED
from lampfield.presence.privacy import Privacy
from lampfield.presence.recipients import recipients_of
from lampfield.presence.roster import Roster
from lampfield.presence.watch_admission import WatchAdmission
from presence_pidf.dialog_state import DialogState
from presence_pidf.message_summary import MessageCounts
from presence_pidf.person_state import PersonState
from presence_pidf.status_report import StatusReport
from routing.model import Company
from routing.ports import Clock
from sipcore.answering import response_to
from sipcore.binding import Binding
from sipcore.errors import ProtocolViolation
from sipcore.flow import Flow
from sipcore.message import Request, Response
from sipcore.notifier import Notifier, NotifierConfig
from sipcore.notify_admission import Refused
from sipcore.subscription import SubscriptionRecord
from sipcore.uri import SipUri

_log = logging.getLogger(__name__)

_STATE_PACKAGES = ("dialog", "presence")

Saying = tuple[str, str, Published]
"""The AOR of whom a publication tells, its key, and what it says."""


def _nobody(aor: str) -> bool:
    return False


class Lamps:
    """Joins what happens to people with those who watch them.

    A person is named by any of their AORs, `sip:<id>@<domain>` or `sip:<extension>@<domain>`; one that no company has
    is passed over, for the phone of somebody just removed may still be in a call.
    """

    def __init__(
        self,
        token: Callable[[], str],
        companies: Iterable[Company],
        config: NotifierConfig,
        clock: Clock,
        *,
        bindings: Callable[[str], Sequence[Binding]] = lambda aor: (),
        features: Features = nothing_set,
    ) -> None:
        """`clock` is for documents that say how long something lasts; all else is told what time it is."""
        self._token = token
        self._roster = Roster()
        self._lamps = self._roster.lamps
        self.things = self._roster.things
        self._watch_followers: list[Callable[[str, bool], None]] = []
        self._privacy = Privacy()
        self._addresses = Addresses(self._lamps, self._make)
        self._lists = Lists(self._lamps, self._addresses, self._privacy.detail)
        self._admission = WatchAdmission(self._lamps, self._addresses, self._lists, self._privacy, self._make)
        self._composition = Composition()
        self.followers = Followers()
        """Who is told of people's states besides those who subscribe to them."""
        self._locates: Callable[[str], bool] = _nobody
        packages = event_packages(
            self._lamps, self._lists, clock, bindings=bindings, watchers=self._watchers_of, features=features
        )
        self._packages = tuple([package.name for package in packages])
        self.notifier = Notifier(token, packages, config)
        """Give it to the endpoint: it sends the NOTIFYs and takes their responses."""
        self.configure(companies, 0.0)

    # --- who there is

    def configure(self, companies: Iterable[Company], now: float) -> None:
        """Take over the companies as they are now; who is gone has no lamp any more and its watchers are told."""
        companies = list(companies)
        change = self._roster.configure(companies, now)
        self._addresses.domains = self._roster.domains
        for aor in change.gone:
            self.notifier.terminate(aor, "noresource", now)
        for aor in self._lists.configure(companies):
            self.notifier.terminate(aor, "noresource", now)
        self._admission.configure(companies)
        self._privacy.configure(companies)
        self.notifier.details_changed(self._detail_of, now)
        for aor in change.moved:
            for package in self._packages:
                self.notifier.changed(aor, package, now)
        self._composition.configure(self._roster.rules())
        for lamp in change.remerged:
            self._update(lamp, now)

    def locate(self, may: Callable[[str], bool]) -> None:
        """Take a location where `may`, asked each time with the person's AOR, says so; else of nobody."""
        self._locates = may

    # --- who watches

    def subscribe(
        self,
        request: Request,
        flow: Flow,
        now: float,
        *,
        watcher_domain: str,
        watcher: str = "",
        stream: Flow | None = None,
    ) -> Response:
        """Answer a SUBSCRIBE of somebody who was authenticated in `watcher_domain`; `watcher` is the person's id.

        `stream` is a connection to the phone, if there is one. Refuses as `WatchAdmission` and the notifier do.
        """
        domain = watcher_domain.lower()
        who = f"sip:{watcher}@{domain}"
        try:
            recipients = recipients_of(request) if request.body else None
            if request.to.tag is not None:
                return self.notifier.subscribe(request, flow, now, resource="", recipients=recipients, stream=stream)
            watched = self._admission.admit(request, who, domain, recipients)
        except Refused as refused:
            fields = refused.fields
            return response_to(request, refused.status, refused.reason, to_tag=self._token(), fields=fields)
        except ProtocolViolation as violation:
            return response_to(request, violation.status, violation.reason, to_tag=self._token())
        return self.notifier.subscribe(
            request,
            flow,
            now,
            resource=watched.resource,
            watcher=who,
            detail=watched.detail,
            eventlist=watched.eventlist,
            recipients=recipients,
            stream=stream,
        )

    def _detail_of(self, record: SubscriptionRecord) -> str | None:
        lamp = self._lamps.get(record.resource)
        if record.package in OF_ONESELF and record.watcher and lamp is not None and record.watcher not in lamp.aors:
            return None  # the number is somebody else's now
        return self._privacy.detail(record.watcher, record.resource)

    def _make(self, aor: str, now: float = 0.0) -> bool:
        """Make the lamp of a thing that somebody watches; False where there is no such thing."""
        on = self.things.is_on(aor)
        if on is not None and aor not in self._lamps:
            self._roster.make(aor, now)
            self.light(aor, on, now)
        return on is not None

    def restore(self, records: Iterable[SubscriptionRecord], now: float) -> None:
        """Take subscriptions from disk; after registrations and calls are known, for each is told the state."""
        records = list(records)
        self.notifier.restore(records, now)
        for resource in {record.resource for record in records} - self._lamps.keys():
            if not self._lists.keeps(resource) and not self._make(resource, now):
                self.notifier.terminate(resource, "noresource", now)
        # The rules may be others than when the process ended.
        self.notifier.details_changed(self._detail_of, now)

    def settle(self, now: float) -> None:
        """Tell people who watches them, where that has changed."""
        for resource, package in self.notifier.take_rewatched():
            lamp = self._lamps.get(resource) if package == WATCHED else None
            for aor in lamp.aors if lamp is not None else ():
                self.notifier.changed(aor, f"{WATCHED}.winfo", now)
            if self._roster.was_made(resource):
                self._rewatched(resource)

    def _rewatched(self, resource: str) -> None:
        """A thing that was made to be watched has other watchers; without any it is no more."""
        watched = any(self.notifier.subscriptions(resource, package) for package in _STATE_PACKAGES)
        for follower in self._watch_followers:
            follower(resource, watched)
        if not watched:
            self._roster.unmake(resource)

    def follow_watchers(self, follower: Callable[[str, bool], None]) -> None:
        """Tell `follower` of things that were made to be watched whether they still are, when that may have changed."""
        self._watch_followers.append(follower)

    def _watchers_of(self, resource: str) -> list[SubscriptionRecord]:
        return self.notifier.subscriptions(resource, WATCHED)

    # --- what happens

    def bindings_changed(self, aor: str, count: int, now: float) -> None:
        """The person's phones have `count` contact bindings."""
        lamp = self._lamps.get(aor)
        if lamp is None:
            return
        for name in lamp.aors:
            self.notifier.changed(name, "reg", now)
        if lamp.registered == count:
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

    def show_thing(self, aor: str, dialogs: Sequence[DialogState], now: float) -> None:
        """A thing shows these dialogs, and no others."""
        lamp = self._lamps.get(aor)
        if lamp is not None and lamp.person is None:
            lamp.dialogs = {dialog.id: dialog for dialog in dialogs}
            self._update(lamp, now)

    def reported(self, report: StatusReport, now: float) -> Taken | Literal["unknown"]:
        """A source tells of a person; what it told later than this stands. Tells what became of it."""
        lamp = self._lamps.get(report.presentity)
        if lamp is None or lamp.person is None:
            return "unknown"
        if report.location is not None and not self._locates(lamp.aors[0]):
            report = msgspec.structs.replace(report, location=None)
        before = lamp.state
        taken = self._composition.report(lamp, report, now)
        if taken == "shown":
            self._tell(lamp, before, now)
        elif taken == "absorbed":
            self.followers.tell_facts(lamp)
        return taken

    def forget_location(self, presentity: str, source: str) -> None:
        """Delete where somebody was, as a source has told it."""
        lamp = self._lamps.get(presentity)
        report = lamp.reports.get(source) if lamp is not None else None
        if lamp is not None and report is not None:
            lamp.reports[source] = msgspec.structs.replace(report, location=None)

    def source_heard(self, source: str, now: float) -> None:
        """A source is there, though it has nothing new to tell."""
        self._composition.silence.heard(source, now)

    def published(self, aor: str, key: str, published: Published, now: float) -> None:
        """What a publication, or a subscription of ours at another server, says of a person now."""
        self.published_together([(aor, key, published)], now)

    def published_together(self, said: Iterable[Saying], now: float) -> None:
        """As `published`, of many at once: who watches somebody is told once of all that is said of them here."""
        untold: dict[Lamp, PersonState] = {}
        for aor, key, published in said:
            lamp = self._lamps.get(aor)
            if lamp is not None:
                before = lamp.state
                if self._composition.publish(lamp, key, published, now):
                    untold.setdefault(lamp, before)
        # What is done to one after the other by the same code finds that in the processor's cache.
        for lamp in untold:
            self._tell_watchers(lamp, now)
        for lamp, before in untold.items():
            self.followers.tell(lamp, before, now)

    def unpublished(self, aor: str, key: str, now: float) -> None:
        """A publication is over."""
        lamp = self._lamps.get(aor)
        if lamp is None:
            return
        before = lamp.state
        if self._composition.unpublish(lamp, key, now):
            self._tell(lamp, before, now)

    def voicemail_changed(self, aor: str, counts: MessageCounts, now: float) -> bool:
        """The person's voicemail box holds so many messages; True where that is new."""
        lamp = self._lamps.get(aor)
        if lamp is None or lamp.counts == counts:
            return False
        lamp.counts = counts
        for name in lamp.aors:
            self.notifier.changed(name, "message-summary", now)
        return True

    def advance(self, now: float) -> None:
        """Let reports expire and sources fall silent. The notifier's timers are the endpoint's to advance."""
        for lamp, shown in self._composition.advance(now, self._lamps.values()):
            if shown:
                self._tell(lamp, None, now)
            elif lamp.person is not None:
                self.followers.tell_facts(lamp)

    def next_timeout(self) -> float | None:
        """When `advance` is to be called next, for a report that expires."""
        return self._composition.next_timeout()

    def sweep(self, live: Mapping[str, str], now: float) -> list[Mended]:
        """Take away dialogs of calls that do not exist, so that no lamp stays lit; tells which.

        `live` are the AORs of people by the ids of the dialogs that they have.
        """
        mended: list[Mended] = []
        for aor, lamp in self._lamps.items():
            # Nearly nobody of a hundred thousand is in a call.
            if not lamp.dialogs or lamp.person is None or aor != lamp.aors[0]:
                continue
            dead = [dialog for dialog in lamp.dialogs.values() if live.get(dialog.id) not in lamp.aors]
            for dialog in dead:
                _log.warning("%s: lamp showed a call that is over (%s), mended", dialog.call_id or dialog.id, aor)
                del lamp.dialogs[dialog.id]
                mended.append(Mended(aor, dialog))
            if dead:
                self._update(lamp, now)
        return mended

    def unshown(self, live: Mapping[str, str]) -> list[str]:
        """Which of the dialogs that exist are on no lamp, though the person has one."""
        lamps = ((id, self._lamps.get(aor)) for id, aor in live.items())
        return [id for id, lamp in lamps if lamp is not None and id not in lamp.dialogs]

    def watchers(self, aor: str) -> int:
        """How many subscriptions the lamp of this AOR has."""
        return sum(len(self.notifier.subscriptions(aor, package)) for package in _STATE_PACKAGES)

    # --- what is true

    def domain_of(self, uri: SipUri) -> str | None:
        """The company's domain that a URI names, or means where it names the server by its address; None for none."""
        return self._addresses.domain_of(uri)

    def lamp(self, aor: str) -> Lamp | None:
        """All that is known of a person; None for nobody's AOR. To be read only."""
        return self._lamps.get(aor)

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
        before = lamp.state
        if self._composition.compose(lamp, now):
            self._tell(lamp, before, now)

    def _tell(self, lamp: Lamp, before: PersonState | None, now: float) -> None:
        """Tell the state to all who watch, and to followers where it is another one than before; None is unknown."""
        self._tell_watchers(lamp, now)
        self.followers.tell(lamp, before, now)

    def _tell_watchers(self, lamp: Lamp, now: float) -> None:
        for aor in lamp.aors:
            for package in _STATE_PACKAGES:
                self.notifier.changed(aor, package, now)
