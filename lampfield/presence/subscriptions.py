"""SUBSCRIBE: a phone proves whose it is, the lamp is watched, and the subscription outlives a restart."""

from typing import Final

import msgspec

from lampfield.decoded import decoded
from lampfield.door import Door
from lampfield.journal import Journal
from lampfield.presence.feature_sync import FeatureSync
from lampfield.presence.lamps import Lamps
from routing.ports import Clock
from sipcore.answering import response_to
from sipcore.flow import Flow
from sipcore.message import Request, Response
from sipcore.notify_admission import Refused
from sipcore.registrar import Registrar
from sipcore.subscribe_lane import SubscribeLane
from sipcore.subscription import SubscriptionEnded, SubscriptionRecord

_KIND: Final = "subscription"


class Subscriptions:
    """The lamps' subscriptions with a door before them and a disk behind them. `lane` is the short way of refreshes."""

    def __init__(
        self,
        lamps: Lamps,
        feature_sync: FeatureSync,
        door: Door,
        registrar: Registrar,
        lane: SubscribeLane,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._lamps = lamps
        self._feature_sync = feature_sync
        self._door = door
        self._registrar = registrar
        self._lane = lane
        self._journal = journal
        self._clock = clock

    def restore(self) -> int:
        """Take up the subscriptions on disk, after the registrations; how many they are."""
        records = list(decoded(self._journal, _KIND, SubscriptionRecord))
        self._lamps.restore(records, self._clock())
        self.settle()
        return len(records)

    def answer(self, request: Request, flow: Flow) -> Response:
        """Answer a SUBSCRIBE. Raises door.Refused, ProtocolViolation."""
        found = self._door.person(request, flow)
        if request.body:
            try:
                self._feature_sync.take(request, found.company, found.person)
            except Refused as refused:
                return response_to(request, refused.status, refused.reason, fields=refused.fields)
        domain, person, now = found.company.domain, found.person.id, self._clock()
        stream = None if flow.transport != "udp" else self._registrar.connection(f"sip:{person}@{domain}", flow)
        response = self._lamps.subscribe(request, flow, now, watcher_domain=domain, watcher=person, stream=stream)
        if response.status == 200 and request.to.tag is not None:
            self._lane.learn(request, flow, found.authenticated, response.expires or 0, now)
        return response

    def flow_failed(self, flow: Flow) -> None:
        """A connection is gone: its watchers are told again when they come back."""
        self._lamps.notifier.transport_failed(flow, self._clock())

    @property
    def allow_events(self) -> str:
        """What can be watched, as Allow-Events lists it."""
        return self._lamps.notifier.allow_events

    def settle(self) -> None:
        """Tell people who watches them, and write what has changed."""
        self._lamps.settle(self._clock())
        for change in self._lamps.notifier.take_changes():
            if isinstance(change, SubscriptionEnded):
                self._journal.delete(_KIND, change.id)
            else:
                self._journal.put(_KIND, change.id, msgspec.msgpack.encode(change))
