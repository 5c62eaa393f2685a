"""Places in queues, kept on disk: whoever waits, or is to be called back, keeps place and waiting time over a restart.

In the journal, as members' decisions are: it is needed before the first call, without a database, and only while it
lasts. Offers are not kept: a restart releases every claim.
"""

import msgspec

from lampfield.decoded import decoded
from lampfield.journal import Journal
from routing.events import CallbackMissed, CallbackRequested, CallEvent, QueueJoined, QueueLeft
from routing.model import Company
from routing.ports import EventSink

_KIND = "place"

PlaceNews = QueueJoined | CallbackRequested | CallbackMissed
"""What makes a place what it is, once no offer rings."""


class KeptPlace(msgspec.Struct, frozen=True):
    """A place by what happened to it."""

    company: str
    queue: str
    call: str
    news: tuple[PlaceNews, ...]


class Places:
    """The places in all companies' queues."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._kept: dict[str, KeptPlace] = {}
        """By call."""

    def restore(self) -> None:
        """Take up what is on disk; before the first queue is made."""
        self._kept = {place.call: place for place in decoded(self._journal, _KIND, KeptPlace)}

    def history(self, company: Company, queue: str) -> list[PlaceNews]:
        """What happened to the places of a queue, as part of its log."""
        places = (place for place in self._kept.values() if (place.company, place.queue) == (company.id, queue))
        return sorted((event for place in places for event in place.news), key=lambda event: event.at)

    def queue_of(self, call: str) -> str | None:
        """The queue in which a call has a place."""
        place = self._kept.get(call)
        return place.queue if place is not None else None

    def sink(self, company: Company, emit: EventSink) -> EventSink:
        """Takes the events of a company's queues, and hands them on to `emit`."""

        def take(event: CallEvent) -> None:
            self._take(company.id, event)
            emit(event)

        return take

    def _take(self, company: str, event: CallEvent) -> None:
        match event:
            case QueueJoined():
                self._keep(KeptPlace(company, event.queue, event.call, (event,)))
            case CallbackRequested() | CallbackMissed() if (place := self._kept.get(event.call)) is not None:
                # The last of each says all: attempts are counted in it.
                news = [known for known in place.news if type(known) is not type(event)]
                self._keep(msgspec.structs.replace(place, news=(*news, event)))
            case QueueLeft() if self._kept.pop(event.call, None) is not None:
                self._journal.delete(_KIND, event.call)

    def _keep(self, place: KeptPlace) -> None:
        self._kept[place.call] = place
        self._journal.put(_KIND, place.call, msgspec.msgpack.encode(place))
