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
from sipcore.subscription import SubscriptionEnded, SubscriptionRecord

_KIND: Final = "subscription"


class Subscriptions:
    """The lamps' subscriptions with a door before them and a disk behind them."""

    def __init__(
        self,
        lamps: Lamps,
        feature_sync: FeatureSync,
        door: Door,
        registrar: Registrar,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._lamps = lamps
        self._feature_sync = feature_sync
        self._door = door
        self._registrar = registrar
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
        domain, person = found.company.domain, found.person.id
        stream = None if flow.reliable else self._stream(f"sip:{person}@{domain}", flow)
        return self._lamps.subscribe(request, flow, self._clock(), watcher_domain=domain, watcher=person, stream=stream)

    def _stream(self, aor: str, flow: Flow) -> Flow | None:
        """A connection that the same phone has opened to register: the way for what is too large for a datagram."""
        for binding in self._registrar.bindings(aor):
            if binding.flow.reliable and binding.flow.remote[0] == flow.remote[0]:
                return binding.flow
        return None

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
