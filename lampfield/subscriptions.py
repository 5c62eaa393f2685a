"""SUBSCRIBE: a phone proves whose it is, the lamp is watched, and the subscription outlives a restart."""

import msgspec

from lampfield.door import Door
from lampfield.journal import Journal
from lampfield.lamps import Lamps
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
        kept = self._journal.load(_KIND).values()
        records = [msgspec.msgpack.decode(record, type=SubscriptionRecord) for record in kept]
        self._lamps.restore(records, self._clock())
        self.settle()
        return len(records)

    def answer(self, request: Request, flow: Flow) -> Response:
        """Answer a SUBSCRIBE. Raises door.Refused."""
        found = self._door.person(request, flow)
        return self._lamps.subscribe(request, flow, self._clock(), watcher_domain=found.company.domain)

    def settle(self) -> None:
        """Write what has changed."""
        for change in self._lamps.notifier.take_changes():
            if isinstance(change, SubscriptionEnded):
                self._journal.delete(_KIND, change.id)
            else:
                self._journal.put(_KIND, change.id, msgspec.msgpack.encode(change))
