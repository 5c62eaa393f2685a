"""Delivery of NOTIFYs: a light client transaction for each subscription, merging, pacing and back-off.

Beside the table of the non-INVITE client transaction (RFC 3261 §17.1.2) this is the specialised one: a NOTIFY is a join
of ready bytes, its response is found by the branch without parsing, and one at most is under way for each subscription.
A change while one is under way only marks it stale, so that what is sent next is always the last state.
"""

import logging
from collections import deque
from typing import Final

from sipcore.errors import ProtocolViolation
from sipcore.flow import Datagram, Flow
from sipcore.message import Response, parse_message
from sipcore.notify_body import NO_BODY, Body
from sipcore.notify_state import BACKOFF, IDLE, PACED, QUEUED, SENT, Subscription
from sipcore.notify_store import RESERVED_AHEAD, SubscriptionStore
from sipcore.notify_timers import Buckets
from sipcore.notify_view import View
from sipcore.subscription import BRANCH_PREFIX
from sipcore.timers import T1, T2, TRANSACTION_TIMEOUT

_log = logging.getLogger(__name__)

FIRST_BACKOFF: Final = 4.0
"""Seconds from a failed NOTIFY to the next attempt; doubled with each failure in a row."""
LONGEST_BACKOFF: Final = 300.0
LONGEST_RETRY_AFTER: Final = 3600.0
"""A longer Retry-After is taken for this, seconds."""

LEAST_SLOTS: Final = 1000
"""Phones whose slots are kept before those that have begun are looked for."""

TIMER_GRANULARITY: Final = 0.1
"""Seconds a retransmission may be late."""

MOST_DATAGRAM: Final = 1300
"""Bytes of a NOTIFY that are sent in one datagram: fragments get lost (RFC 3261 §18.1.1)."""
MOST_STREAM: Final = 65_536
"""Bytes of a NOTIFY that are sent in one message on a connection: phones set a limit somewhere."""

ENDING_STATUSES: Final = frozenset((404, 405, 410, 416, *range(480, 486), 489, 501, 604))
"""Responses to a NOTIFY that end the subscription (RFC 6665 §4.2.2)."""

TIMEOUT: Final = b"terminated;reason=timeout"
"""Subscription-State when it was not refreshed, was ended by the watcher, or was only a fetch (RFC 6665 §4.1.3)."""

_STATE: Final = b" NOTIFY\r\nSubscription-State: %b"
_ACTIVE: Final = b" NOTIFY\r\nSubscription-State: active;expires="
_PREFIX: Final = BRANCH_PREFIX.encode()
_PREFIX_LENGTH: Final = len(_PREFIX)
_SUCCESS: Final = b"SIP/2.0 2"
_AFTER_BRANCH: Final = frozenset((b";", b",", b" ", b"\t", b"\r", b"\n", b""))
"""What may stand behind a branch, or the end of the message. A set: bytes look for a number first, and raise."""


class Delivery:
    """Sends NOTIFYs and follows them until they are answered."""

    def __init__(self, store: SubscriptionStore, most_in_flight: int) -> None:
        self._store = store
        self._transactions = store.transactions
        self._most_in_flight = most_in_flight
        self._in_flight = 0
        self._timers: Buckets[Subscription] = Buckets(TIMER_GRANULARITY)
        # A change is told to all its watchers at the same time, so the tick of their Timer E is worked out once.
        self._first_timer_set_at = -1.0
        self._first_timer = 0
        self._ready: deque[Subscription] = deque()
        # When the next free slot of a phone begins that takes only so many NOTIFYs a second.
        self._slots: dict[Flow, float] = {}
        self._most_slots = LEAST_SLOTS
        self.outbox: list[Datagram] = []

    @property
    def in_flight(self) -> int:
        """NOTIFYs sent, and neither answered nor retransmitted yet."""
        return self._in_flight

    @property
    def waiting(self) -> int:
        """Subscriptions whose NOTIFY waits for a place in flight."""
        return len(self._ready)

    def tell(self, subscription: Subscription, now: float) -> None:
        """Send the state now whatever was told before, or as soon as the NOTIFY under way is answered.

        For a watcher that has just been heard of: a back-off ends, and what it left unanswered is given up for this.
        """
        subscription.failures = 0
        phase = subscription.phase
        # By its age, and not by what Timer E has done: it comes late where there is much to do.
        if phase in (IDLE, BACKOFF) or (phase == SENT and now - subscription.sent_at >= T1):
            self.send(subscription, now)
        else:
            subscription.stale = True

    def renew(self, subscription: Subscription, now: float) -> None:
        """What is to be told is another: send it now, or as soon as the NOTIFY under way is answered."""
        if subscription.phase == IDLE:
            self.send(subscription, now)
        else:
            subscription.stale = True

    def tell_later(self, subscription: Subscription) -> None:
        """Send the state on the next `advance`, as places in flight allow."""
        subscription.phase = QUEUED
        self._ready.append(subscription)

    def send(self, subscription: Subscription, now: float) -> None:
        """Send the current state, or wait for a place in flight or for the phone's slot."""
        if self._in_flight >= self._most_in_flight:
            subscription.due = 0
            self.tell_later(subscription)
            return
        if subscription.interval and not self._take_slot(subscription, now):
            return
        record = subscription.record
        number = subscription.number = subscription.number + 1
        if number + RESERVED_AHEAD >= record.reserved:
            self._store.reserve(subscription)
        digits = b"%d" % number
        if subscription.ending is None:
            left = int(record.expires_at - now)
            state = _ACTIVE + (b"%d" % left if left > 0 else b"0")
        else:
            state = _STATE % subscription.ending
        subscription.stale = False
        view = subscription.view
        if view is not None:
            content = self._content_of_view(subscription, view, len(state))
        else:
            if subscription.ending is None:
                body = subscription.topic.bodies.get(record.form) or subscription.topic.render(record.form)
            else:
                body = self._last_body(subscription)
            # RFC 4235 §4.1: versions start at 0 in each subscription.
            content = body.plain or body.numbered(number - 1)
        data = b"".join((record.before, digits, record.after, digits, state, content))
        flow = record.flow
        if len(data) > MOST_DATAGRAM and record.stream is not None:
            flow = record.stream
            data = data.replace(b"\r\nVia: SIP/2.0/UDP ", b"\r\nVia: SIP/2.0/TCP ", 1)
        if not subscription.in_flight:
            subscription.in_flight = True
            self._in_flight += 1
        subscription.phase = SENT
        subscription.sent_number = digits
        subscription.sent = data
        subscription.sent_at = now
        subscription.tries = 1
        if now != self._first_timer_set_at:
            self._first_timer_set_at = now
            self._first_timer = self._timers.tick(now + T1)
        tick = self._first_timer if flow[0] == "udp" else self._timers.tick(now + TRANSACTION_TIMEOUT)
        subscription.due = tick
        self._timers.add(tick, subscription)
        self.outbox.append(Datagram(data, flow))

    def receive_response(self, data: bytes, now: float) -> bool:
        """Take the response to a NOTIFY; False when its branch is none of ours."""
        start = data.find(_PREFIX) + _PREFIX_LENGTH
        if start < _PREFIX_LENGTH:
            return False
        dot = data.find(b".", start)
        if dot < 0:
            return False
        subscription = self._transactions.get(data[start:dot])
        if subscription is None or subscription.phase != SENT:
            return True
        number = subscription.sent_number
        end = dot + 1 + len(number)
        if data[dot + 1 : end] != number or data[end : end + 1] not in _AFTER_BRANCH:
            return True
        if not data.startswith(_SUCCESS):
            self._refused(subscription, data, now)
        else:
            # The watcher has the state that was sent.
            if subscription.in_flight:
                subscription.in_flight = False
                self._in_flight -= 1
            subscription.phase = IDLE
            subscription.sent = subscription.sent_number = b""
            subscription.failures = 0
            if subscription.view is not None:
                subscription.view.told()
            if subscription.stale:
                self.send(subscription, now)
            elif subscription.ending is not None:
                self.forget(subscription)
        if self._ready:
            self._pump(now)
        return True

    def lost(self, subscription: Subscription, now: float) -> None:
        """The connection under it is gone."""
        if subscription.phase == SENT:
            self._failed(subscription, now, None)

    def advance(self, now: float) -> None:
        """Let retransmissions, time-outs, slots and back-offs come, and send what waits."""
        for tick, subscription in self._timers.due(now):
            if subscription.due != tick:
                continue
            if subscription.phase == SENT:
                self._retransmit(subscription, now)
            elif subscription.phase in (PACED, BACKOFF):
                self.send(subscription, now)
        self._pump(now)

    def next_timeout(self) -> float | None:
        """When `advance` is to be called next; 0 when something can be sent at once."""
        if self._ready and self._in_flight < self._most_in_flight:
            return 0.0
        return self._timers.next_timeout()

    def forget(self, subscription: Subscription) -> None:
        """End the subscription without another word."""
        self._land(subscription)
        self._store.forget(subscription, TIMEOUT)

    def _take_slot(self, subscription: Subscription, now: float) -> bool:
        """True when the phone may be sent a NOTIFY now; else it is sent in the phone's next free slot."""
        if subscription.phase == PACED:
            return True
        flow = subscription.record.flow
        slot = self._slots.get(flow, now)
        if slot <= now:
            self._note_slot(flow, now + subscription.interval, now)
            return True
        subscription.phase = PACED
        self._wake_at(subscription, slot)
        self._slots[flow] = slot + subscription.interval
        return False

    def _note_slot(self, flow: Flow, at: float, now: float) -> None:
        if len(self._slots) >= self._most_slots:
            # Slots that have begun are free, whether they are kept or not.
            self._slots = {phone: slot for phone, slot in self._slots.items() if slot > now}
            self._most_slots = max(LEAST_SLOTS, 2 * len(self._slots))
        self._slots[flow] = at

    def _content_of_view(self, subscription: Subscription, view: View, used: int) -> bytes:
        """What is new to this watcher, or as much of it as one NOTIFY should hold; the rest follows its answer."""
        record, ending = subscription.record, subscription.ending
        if ending is not None and ending != TIMEOUT:
            return NO_BODY.plain
        room = 0 if ending is not None else MOST_STREAM
        if ending is None and record.stream is None and not record.flow.reliable:
            room = MOST_DATAGRAM - len(record.before) - len(record.after) - used - 2 * len(str(subscription.number))
        content = view.content(subscription.number - 1, room, self._store)
        subscription.stale = ending is None and view.waits()
        return content

    @staticmethod
    def _last_body(subscription: Subscription) -> Body:
        topic, ending = subscription.topic, subscription.ending
        if ending != TIMEOUT:
            return NO_BODY
        if not topic.watchers:
            # Changes are not told to a topic that nobody watches; what it has rendered may be old.
            topic.bodies.clear()
        return topic.bodies.get(subscription.record.form) or topic.render(subscription.record.form)

    def _wake_at(self, subscription: Subscription, at: float) -> None:
        tick = subscription.due = self._timers.tick(at)
        self._timers.add(tick, subscription)

    def _retransmit(self, subscription: Subscription, now: float) -> None:
        """Timer E sends again, doubling up to T2; Timer F gives up (RFC 3261 §17.1.2.2)."""
        # Who does not answer at once takes no place from others any longer.
        self._land(subscription)
        deadline = subscription.sent_at + TRANSACTION_TIMEOUT
        if now >= deadline:
            _log.info("%s: NOTIFY was not answered", subscription.record.call_id)
            self._failed(subscription, now, None)
            return
        interval = min(T1 * 2**subscription.tries, T2)
        subscription.tries += 1
        self._wake_at(subscription, min(now + interval, deadline))
        self.outbox.append(Datagram(subscription.sent, subscription.record.flow))

    def _land(self, subscription: Subscription) -> None:
        if subscription.in_flight:
            subscription.in_flight = False
            self._in_flight -= 1

    def _pump(self, now: float) -> None:
        """Send what waits for a place in flight."""
        while self._ready and self._in_flight < self._most_in_flight:
            subscription = self._ready.popleft()
            if subscription.phase == QUEUED:
                self.send(subscription, now)

    def _refused(self, subscription: Subscription, data: bytes, now: float) -> None:
        try:
            response = parse_message(data)
        except ProtocolViolation:
            return
        if not isinstance(response, Response):
            return
        call_id, status = subscription.record.call_id, response.status
        if status < 200:
            # Proceeding: from here Timer E runs at T2 (RFC 3261 §17.1.2.2).
            subscription.tries = max(subscription.tries, 3)
        elif status in ENDING_STATUSES:
            _log.info("%s: watcher answered %d, the subscription is over", call_id, status)
            self.forget(subscription)
        else:
            _log.info("%s: watcher answered %d, will be told again", call_id, status)
            self._failed(subscription, now, _retry_after(response))

    def _failed(self, subscription: Subscription, now: float, retry_after: float | None) -> None:
        """Keep the subscription and send the full state later."""
        # COMPAT(Cisco SPA): leaves a NOTIFY unanswered now and then; RFC 6665 §4.2.2 would end the subscription on
        # Timer F, and the lamp would stay dark until the phone's next SUBSCRIBE.
        if subscription.ending is not None:
            self.forget(subscription)
            return
        self._land(subscription)
        if subscription.view is not None:
            subscription.view.start_again()
        delay = min(FIRST_BACKOFF * 2**subscription.failures, LONGEST_BACKOFF)
        subscription.failures = min(subscription.failures + 1, 10)
        subscription.phase = BACKOFF
        subscription.sent = b""
        self._wake_at(subscription, now + max(delay, retry_after or 0.0))


def _retry_after(response: Response) -> float | None:
    """Seconds of Retry-After (RFC 3261 §20.33), None without a readable one."""
    digits = (response.header("Retry-After") or "").partition(";")[0].partition("(")[0].strip()
    return min(float(digits), LONGEST_RETRY_AFTER) if digits.isdecimal() else None
