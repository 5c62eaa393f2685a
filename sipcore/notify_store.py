"""Which subscriptions there are, by all the names they are looked up by, and what of them is to be on disk."""

from typing import Final

import msgspec

from sipcore.flow import Flow
from sipcore.notify_body import Body
from sipcore.notify_package import EventPackage
from sipcore.notify_state import GONE, Subscription, Topic
from sipcore.notify_timers import Buckets
from sipcore.notify_view import View
from sipcore.subscription import SubscriptionEnded, SubscriptionRecord

RESERVED_NUMBERS: Final = 1000
"""CSeq numbers are reserved on disk in blocks of this many, so that a NOTIFY costs no write."""
RESERVED_AHEAD: Final = 200
"""The next block is reserved while this many numbers are left, so that it is on disk before it is used."""

EXPIRY_GRANULARITY: Final = 1.0
"""Seconds a subscription may outlive its duration."""


class SubscriptionStore:
    """The subscriptions, their watch lists and their expiries."""

    def __init__(self) -> None:
        self.by_phone: dict[str, Subscription] = {}
        """Each subscription that is not over, by the phone and the key it is for."""
        self.by_connection: dict[Flow, dict[Subscription, None]] = {}
        self.transactions: dict[bytes, Subscription] = {}
        """By the id in the branch: also those that are over and whose last NOTIFY is not answered."""
        self.topics: dict[tuple[str, str], Topic] = {}
        self.viewing: dict[Subscription, None] = {}
        """Those that have a view."""
        self.rewatched: set[tuple[str, str]] = set()
        """The resources and packages whose watchers have become more or fewer."""
        self.expiries: Buckets[Subscription] = Buckets(EXPIRY_GRANULARITY)
        self._changes: dict[str, SubscriptionRecord | None] = {}

    def add(self, record: SubscriptionRecord, package: EventPackage, used: int) -> Subscription:
        """Take in a subscription, the first `used` numbers of which may have been used."""
        topic = self._topic(record.resource, package)
        subscription = Subscription(record, topic, used)
        topic.watchers[subscription] = None
        self.transactions[record.id.encode()] = subscription
        self.by_phone[record.phone] = subscription
        self.rewatched.add((record.resource, package.name))
        self.see(subscription, package.view(record))
        self._attach_flow(subscription)
        if used < record.reserved:
            self._changes[record.id] = record
        else:
            self.reserve(subscription)
        self.watch_expiry(subscription)
        return subscription

    def see(self, subscription: Subscription, view: View | None) -> None:
        """Give a subscription another view, or none; one of the same subject stays."""
        older = subscription.view
        if older is view or (older is not None and view is not None and older.subject() == view.subject()):
            return
        self._unfollow(subscription)
        subscription.view = view
        if view is None:
            return
        self.viewing[subscription] = None
        for resource in view.resources():
            self._topic(resource, subscription.topic.package).followers[subscription] = None
            self.rewatched.add((resource, subscription.topic.package.name))

    def body(self, resource: str, package: str, form: str) -> Body:
        """The document of a resource that is followed, as all are sent it."""
        topic = self.topics[resource, package]
        return topic.bodies.get(form) or topic.render(form)

    def find(self, tag: str) -> Subscription | None:
        """The subscription that has this tag of ours; None when it is over."""
        subscription = self.transactions.get(tag.encode("utf-8", "surrogateescape"))
        return None if subscription is None or subscription.ending is not None else subscription

    def replace(self, subscription: Subscription, record: SubscriptionRecord) -> None:
        """Take over what a SUBSCRIBE in the dialog has changed."""
        older = subscription.record
        subscription.record = self._changes[record.id] = record
        if (record.flow, record.form, record.stream) != (older.flow, older.form, older.stream):
            self._detach_flow(subscription, older)
            self._attach_flow(subscription)
        self.watch_expiry(subscription)

    def watch_expiry(self, subscription: Subscription) -> None:
        """Let it fire when it ends, or before."""
        tick = self.expiries.tick(subscription.record.expires_at)
        # A later end is found when the earlier tick fires; so a refresh adds nothing.
        if not subscription.expiry_tick or tick < subscription.expiry_tick:
            self.expiries.discard(subscription.expiry_tick, subscription)
            subscription.expiry_tick = tick
            self.expiries.add(tick, subscription)

    def reserve(self, subscription: Subscription) -> None:
        """Reserve the next block of numbers."""
        reserved = subscription.record.reserved + RESERVED_NUMBERS
        record = subscription.record = msgspec.structs.replace(subscription.record, reserved=reserved)
        self._changes[record.id] = record

    def retire(self, subscription: Subscription, state: bytes) -> None:
        """Take it out of everything but the transactions: only its last NOTIFY, with `state`, is to be delivered."""
        if subscription.ending is not None:
            return
        record, topic = subscription.record, subscription.topic
        subscription.ending = state
        if self.by_phone.get(record.phone) is subscription:
            del self.by_phone[record.phone]
        del topic.watchers[subscription]
        self.rewatched.add((topic.resource, topic.package.name))
        self._drop_topic(topic)
        self.expiries.discard(subscription.expiry_tick, subscription)
        self.drop(record.id)

    def forget(self, subscription: Subscription, state: bytes) -> None:
        """End it without another word."""
        self.retire(subscription, state)
        self._unfollow(subscription)
        subscription.view = None
        self._detach_flow(subscription, subscription.record)
        self.transactions.pop(subscription.record.id.encode(), None)
        subscription.phase = GONE
        # Timers may refer to it for a while; what is big goes now.
        subscription.sent = b""

    def drop(self, id: str) -> None:
        """Forget the record of this id on disk."""
        self._changes[id] = None

    def take_changes(self) -> list[SubscriptionRecord | SubscriptionEnded]:
        """What to keep on disk and what to forget there, since the last call."""
        changes, self._changes = self._changes, {}
        return [SubscriptionEnded(id) if record is None else record for id, record in changes.items()]

    def _topic(self, resource: str, package: EventPackage) -> Topic:
        topic = self.topics.get((resource, package.name))
        if topic is None:
            topic = self.topics[resource, package.name] = Topic(resource, package)
        return topic

    def _drop_topic(self, topic: Topic) -> None:
        if not topic.watchers and not topic.followers:
            del self.topics[topic.resource, topic.package.name]

    def _unfollow(self, subscription: Subscription) -> None:
        view = subscription.view
        if view is None:
            return
        del self.viewing[subscription]
        name = subscription.topic.package.name
        for resource in view.resources():
            topic = self.topics[resource, name]
            del topic.followers[subscription]
            self.rewatched.add((resource, name))
            self._drop_topic(topic)

    def _attach_flow(self, subscription: Subscription) -> None:
        record = subscription.record
        subscription.interval = subscription.topic.package.interval(record.form)
        for flow in (record.flow, record.stream):
            if flow is not None and flow.transport != "udp":
                self.by_connection.setdefault(flow, {})[subscription] = None

    def _detach_flow(self, subscription: Subscription, record: SubscriptionRecord) -> None:
        for flow in (record.flow, record.stream):
            others = self.by_connection.get(flow) if flow is not None else None
            if others is not None and flow is not None:
                others.pop(subscription, None)
                if not others:
                    del self.by_connection[flow]
