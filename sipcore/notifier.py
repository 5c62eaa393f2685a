"""The notifier of RFC 6665: subscriptions, and NOTIFYs that bring each watcher the last state.

It knows no event package by itself; those are handed in. A subscription is looked up in the store, and its NOTIFYs are
the delivery's: newer state replaces what waits, nothing queues up behind a watcher that does not answer, and no watcher
waits for another.
"""

import logging
from collections.abc import Callable, Iterable

import msgspec

from sipcore.answering import response_to
from sipcore.errors import ProtocolViolation
from sipcore.flow import Datagram, Flow
from sipcore.message import Request, Response
from sipcore.notify_admission import Admission, Durations, Refused, Wanted
from sipcore.notify_delivery import TIMEOUT, Delivery
from sipcore.notify_package import EventPackage
from sipcore.notify_state import BACKOFF, IDLE, SENT, Subscription, Topic
from sipcore.notify_store import SubscriptionStore
from sipcore.notify_template import Identity, Terms, dialog_of, open_record, refresh_record
from sipcore.structs import Value
from sipcore.subscription import SubscriptionEnded, SubscriptionRecord

_log = logging.getLogger(__name__)


class NotifierConfig(Value, frozen=True):
    """Limits of the notifier."""

    user_agent: str = ""
    advertised_host: str | None = None
    """Host in Via and Contact instead of the flow's own, as in StackConfig."""
    durations: Durations = Durations()
    most_in_flight: int = 4096
    """NOTIFYs that may be sent and neither answered nor retransmitted; more wait, and merge while they do."""
    most_subscriptions: int = 200_000
    """More are refused with 503."""
    retry_after: int = 30
    """Seconds in Retry-After of that 503."""


class Notifier:
    """All subscriptions of one process. Feed it, then drain `take_datagrams` and `take_changes`."""

    def __init__(self, token: Callable[[], str], packages: Iterable[EventPackage], config: NotifierConfig) -> None:
        self._token = token
        self._packages = {package.name: package for package in packages}
        self._config = config
        self._identity = Identity(config.user_agent, config.advertised_host)
        self._admission = Admission(self._packages, config.durations)
        self._store = SubscriptionStore()
        self._delivery = Delivery(self._store, config.most_in_flight)

    @property
    def count(self) -> int:
        """Number of subscriptions."""
        return len(self._store.by_phone)

    @property
    def allow_events(self) -> str:
        """The event packages there are, as Allow-Events lists them (RFC 6665 §8.2.2)."""
        return ", ".join(self._packages)

    # --- what comes in

    def subscribe(
        self,
        request: Request,
        flow: Flow,
        now: float,
        *,
        resource: str,
        watcher: str = "",
        detail: str = "",
        eventlist: bool = False,
        recipients: tuple[str, ...] | None = None,
        stream: Flow | None = None,
    ) -> Response:
        """Answer a SUBSCRIBE for a resource that exists and may be watched; the NOTIFY is queued at once.

        Establishes, refreshes, ends (`Expires: 0` in the dialog) or fetches (`Expires: 0` outside one). `watcher` is
        the AOR of who asks, `detail` what they may see, `stream` a connection to the phone for what is too large for a
        datagram. With `eventlist` the resource is a list, with `recipients` one that came along. Refuses with 400, 406,
        421 (a list for who knows no lists), 423, 481, 489, 500 (CSeq went back) and 503 (too many subscriptions).
        """
        try:
            wanted = self._admission.admit(request)
            expires = wanted.expires
            expires_at = now + expires
            tag = request.to.tag
            if tag is None:
                if eventlist and "eventlist" not in request.supported | request.require:
                    raise Refused(421, "Extension Required", ("Require", "eventlist"))
                terms = Terms(resource, watcher, detail, eventlist, recipients or (), stream)
                subscription = self._open(request, flow, wanted, terms, expires_at)
            else:
                subscription = self._find(request, tag, wanted)
                self._refresh(subscription, request, flow, wanted, expires_at, recipients, stream)
        except Refused as refusal:
            return response_to(request, refusal.status, refusal.reason, to_tag=self._token(), fields=refusal.fields)
        except ProtocolViolation as violation:
            return response_to(request, violation.status, violation.reason, to_tag=self._token())
        if not expires:
            self._store.retire(subscription, TIMEOUT)
        self._delivery.tell(subscription, now)
        record = subscription.record
        fields = [("Contact", record.contact), ("Expires", str(expires))]
        if record.eventlist:
            fields.append(("Require", "eventlist"))
        return response_to(request, 200, to_tag=record.id, fields=fields, record_route=tag is None)

    def renewable(self, tag: str) -> SubscriptionRecord | None:
        """The subscription whose dialog has this tag of ours, where it may be refreshed by `renew`.

        None for one that is over, and for one whose watcher is told what is new to it alone.
        """
        subscription = self._store.find(tag)
        return subscription.record if subscription is not None and subscription.view is None else None

    def renew(self, record: SubscriptionRecord, number: int, expires: int, stream: Flow | None, now: float) -> None:
        """Refresh as `subscribe` does for the dialog's SUBSCRIBE of this CSeq number, which asks for what the last did.

        The record is one that `renewable` has just given. `expires` seconds from now on, `stream` as in `subscribe`.
        """
        subscription = self._store.find(record.id)
        assert subscription is not None
        record = msgspec.structs.replace(record, remote_cseq=number, expires_at=now + expires, stream=stream)
        self._store.replace(subscription, record)
        self._delivery.tell(subscription, now)

    def changed(self, resource: str, package: str, now: float, *, but: str = "") -> None:
        """Tell all watchers of the resource that its document is another; rendered once for each form.

        `but` is our tag in the dialog of the one who has changed it by a SUBSCRIBE, whose answer tells it anyway.
        """
        topic = self._store.topics.get((resource, package))
        if topic is None:
            return
        topic.bodies.clear()
        send = self._delivery.send
        for subscription in topic.watchers:
            if but and subscription.record.id == but:
                continue
            if subscription.phase == IDLE:
                send(subscription, now)
            else:
                subscription.stale = True
        if topic.followers:
            self._tell_followers(topic, now)

    def details_changed(self, detail: Callable[[SubscriptionRecord], str | None], now: float) -> None:
        """Watchers may see more or less than before: `detail` says how much; None rejects them (RFC 6665 §4.1.3)."""
        for subscription in list(self._store.by_phone.values()):
            record = subscription.record
            seen = record.detail if record.eventlist else detail(record)
            if seen is None:
                self._store.retire(subscription, b"terminated;reason=rejected")
                self._delivery.tell(subscription, now)
            elif seen != record.detail:
                self._store.replace(subscription, msgspec.structs.replace(record, form=record.form_with(seen)))
                if subscription.view is None:
                    self._delivery.renew(subscription, now)
        self.subjects_changed(now)

    def is_open(self, tag: str) -> bool:
        """Whether there is a subscription whose dialog has this tag of ours."""
        return self._store.find(tag) is not None

    def subjects_changed(self, now: float) -> None:
        """What lists hold, or who may see what of it, is another: each watcher of one is told what is new to it."""
        for subscription in list(self._store.viewing):
            if subscription.ending is None:
                older = subscription.view
                self._store.see(subscription, subscription.topic.package.view(subscription.record))
                if subscription.view is not older:
                    self._delivery.renew(subscription, now)

    def terminate(
        self, resource: str, reason: str, now: float, *, package: str | None = None, retry_after: int | None = None
    ) -> None:
        """End a resource's subscriptions: `noresource`, `rejected`, `deactivated` or `probation` (RFC 6665 §4.1.3)."""
        state = f"terminated;reason={reason}" + (f";retry-after={retry_after}" if retry_after is not None else "")
        for name in self._packages if package is None else (package,):
            topic = self._store.topics.get((resource, name))
            for subscription in list(topic.watchers) if topic else ():
                self._store.retire(subscription, state.encode())
                self._delivery.tell(subscription, now)

    def receive_response(self, data: bytes, now: float) -> bool:
        """Take the response to a NOTIFY; False when its branch is none of ours."""
        return self._delivery.receive_response(data, now)

    def transport_failed(self, flow: Flow, now: float) -> None:
        """A connection is gone: what was under way on it failed; its subscriptions wait for the phone to come back."""
        for subscription in list(self._store.by_connection.get(flow, ())):
            if subscription.record.stream == flow:
                self._store.replace(subscription, msgspec.structs.replace(subscription.record, stream=None))
            self._delivery.lost(subscription, now)

    def advance(self, now: float) -> None:
        """Let timers fire: retransmissions, time-outs, slots, back-offs and expiries."""
        for tick, subscription in self._store.expiries.due(now):
            if subscription.expiry_tick == tick:
                self._expire(subscription, now)
        self._delivery.advance(now)

    def restore(self, records: Iterable[SubscriptionRecord], now: float) -> None:
        """Take subscriptions from disk. Each gets the full state on `advance`, with numbers above all it has seen."""
        for record in records:
            package = self._packages.get(record.package)
            if package is None or record.expires_at <= now:
                self._store.drop(record.id)
                continue
            self._delivery.tell_later(self._add(record, package, record.reserved))

    # --- what goes out

    def take_datagrams(self) -> list[Datagram]:
        """NOTIFYs to send, in order."""
        datagrams, self._delivery.outbox = self._delivery.outbox, []
        return datagrams

    def take_changes(self) -> list[SubscriptionRecord | SubscriptionEnded]:
        """What to keep on disk and what to forget there, since the last call."""
        return self._store.take_changes()

    def take_rewatched(self) -> set[tuple[str, str]]:
        """The resources and packages whose watchers have become more or fewer, since the last call."""
        rewatched, self._store.rewatched = self._store.rewatched, set()
        return rewatched

    def next_timeout(self) -> float | None:
        """When `advance` is to be called next; in the past when it is due at once."""
        times = (self._delivery.next_timeout(), self._store.expiries.next_timeout())
        return min((at for at in times if at is not None), default=None)

    def counts(self) -> dict[str, int]:
        """How much the notifier holds: live subscriptions, also those whose end is being told, NOTIFYs on their way."""
        return {
            "subscriptions": len(self._store.by_phone),
            "transactions": len(self._store.transactions),
            "in_flight": self._delivery.in_flight,
            "waiting": self._delivery.waiting,
        }

    def subscriptions(self, resource: str, package: str) -> list[SubscriptionRecord]:
        """Who watches a resource, by itself or in a list."""
        topic = self._store.topics.get((resource, package))
        if topic is None:
            return []
        following = [subscription.record for subscription in topic.followers if subscription.ending is None]
        return [subscription.record for subscription in topic.watchers] + following

    # --- subscriptions

    def _open(self, request: Request, flow: Flow, wanted: Wanted, terms: Terms, expires_at: float) -> Subscription:
        if not request.contacts:
            raise ProtocolViolation("Missing Contact")
        if len(self._store.transactions) >= self._config.most_subscriptions:
            raise Refused(503, "Too Many Subscriptions", ("Retry-After", str(self._config.retry_after)))
        record = open_record(request, flow, wanted, terms, self._token(), expires_at, self._identity)
        return self._add(record, wanted.package, 0)

    def _refresh(
        self,
        subscription: Subscription,
        request: Request,
        flow: Flow,
        wanted: Wanted,
        expires_at: float,
        recipients: tuple[str, ...] | None,
        stream: Flow | None,
    ) -> None:
        record = refresh_record(subscription.record, request, flow, wanted, expires_at, self._identity)
        if recipients is not None or stream is not None or record.stream is not None:
            record = msgspec.structs.replace(
                record, recipients=record.recipients if recipients is None else recipients, stream=stream
            )
        self._store.replace(subscription, record)
        view = subscription.view
        if view is not None:
            self._store.see(subscription, subscription.topic.package.view(record))
            if wanted.expires or subscription.phase != IDLE:
                view.start_again()

    def _tell_followers(self, topic: Topic, now: float) -> None:
        """A resource of lists has changed."""
        for subscription in topic.followers:
            if subscription.view is None or subscription.ending is not None:
                continue
            subscription.view.changed(topic.resource)
            self._delivery.renew(subscription, now)

    def _add(self, record: SubscriptionRecord, package: EventPackage, used: int) -> Subscription:
        older = self._store.by_phone.get(record.phone)
        if older is not None:
            # The phone has restarted and forgotten the dialog. No NOTIFY ends it: it would turn off the new lamp.
            self._delivery.forget(older)
        return self._store.add(record, package, used)

    def _find(self, request: Request, tag: str, wanted: Wanted) -> Subscription:
        """The subscription a SUBSCRIBE in a dialog belongs to."""
        subscription = self._store.find(tag)
        if subscription is not None:
            record = subscription.record
            if (record.dialog, record.package) == (dialog_of(request), wanted.package.name):
                if request.cseq.number < record.remote_cseq:
                    raise ProtocolViolation("CSeq Went Back", 500)
                return subscription
        raise ProtocolViolation("Subscription Does Not Exist", 481)

    def _expire(self, subscription: Subscription, now: float) -> None:
        subscription.expiry_tick = 0
        if subscription.record.expires_at > now:
            self._store.watch_expiry(subscription)
            return
        _log.info("%s: subscription was not refreshed in time", subscription.record.call_id)
        if subscription.phase == BACKOFF or (subscription.phase == SENT and subscription.tries > 1):
            self._delivery.forget(subscription)
        else:
            self._store.retire(subscription, TIMEOUT)
            self._delivery.tell(subscription, now)
