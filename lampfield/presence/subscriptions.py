"""SUBSCRIBE: a phone proves whose it is, the lamp is watched, and the subscription outlives a restart."""

import msgspec

from lampfield.decoded import decoded
from lampfield.door import Door
from lampfield.journal import Journal
from lampfield.presence.lamps import Lamps
from routing.ports import Clock
from sipcore.flow import Flow
from sipcore.message import Request, Response
from sipcore.subscription import SubscriptionEnded, SubscriptionRecord

_KIND = "subscription"


class Subscriptions:
    """The lamps' subscriptions with a door before them and a disk behind them."""

    def __init__(self, lamps: Lamps, door: Door, journal: Journal, clock: Clock) -> None:
        self._lamps = lamps
        self._door = door
        self._journal = journal
        self._clock = clock

    def restore(self) -> int:
        """Take up the subscriptions on disk, after the registrations; how many they are."""
        records = list(decoded(self._journal, _KIND, SubscriptionRecord))
        self._lamps.restore(records, self._clock())
        self.settle()
        return len(records)

    def answer(self, request: Request, flow: Flow) -> Response:
        """Answer a SUBSCRIBE. Raises door.Refused."""
        found = self._door.person(request, flow)
        return self._lamps.subscribe(
            request, flow, self._clock(), watcher_domain=found.company.domain, watcher=found.person.id
        )

    def flow_failed(self, flow: Flow) -> None:
        """A connection is gone: its watchers are told again when they come back."""
        self._lamps.notifier.transport_failed(flow, self._clock())

    def settle(self) -> None:
        """Write what has changed."""
        for change in self._lamps.notifier.take_changes():
            if isinstance(change, SubscriptionEnded):
                self._journal.delete(_KIND, change.id)
            else:
                self._journal.put(_KIND, change.id, msgspec.msgpack.encode(change))
