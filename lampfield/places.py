"""Places in queues, kept on disk: who waits, or is to be called back, keeps place and waiting time over a restart.

So do conversations that queues have brought about, until they end. In the journal, as members' decisions are: it is
needed before the first call, without a database, and only while it lasts. Offers that ring are not kept: a restart
releases every claim.
"""

from collections.abc import Container

import msgspec

from lampfield.decoded import decoded
from lampfield.journal import Journal
from routing.events import (
    CallbackMissed,
    CallbackRequested,
    CallEvent,
    OfferEnded,
    OfferMade,
    PlaceResumed,
    QueueJoined,
    QueueLeft,
)
from routing.model import Company
from routing.ports import EventSink
from routing.queue.events import AnyMemberEvent, TalkEnded

_KIND = "place"

PlaceNews = QueueJoined | CallbackRequested | CallbackMissed | PlaceResumed | OfferMade | OfferEnded | QueueLeft
"""What makes a place, or the conversation that it led to, what it is, once no offer rings."""

_SERVED = ("answered", "called-back")


class KeptPlace(msgspec.Struct, frozen=True):
    """A place by what happened to it."""

    company: str
    queue: str
    call: str
    news: tuple[PlaceNews, ...]

    @property
    def member(self) -> str | None:
        """Who talks to the caller; None while the caller waits."""
        return next((event.member for event in self.news if isinstance(event, OfferEnded)), None)


class Places:
    """The places in all companies' queues."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._kept: dict[str, KeptPlace] = {}
        """By queue and call."""
        self._offers: dict[tuple[str, str, int], OfferMade] = {}
        """Those that ring, by company, queue and number."""
        self._taken: dict[str, tuple[OfferMade, OfferEnded]] = {}
        """Offers just answered, by queue and call."""

    def restore(self) -> None:
        """Take up what is on disk; before the first queue is made."""
        self._kept = {_key(place.queue, place.call): place for place in decoded(self._journal, _KIND, KeptPlace)}

    def history(self, company: Company, queue: str) -> list[PlaceNews]:
        """What happened to the places of a queue, as part of its log."""
        places = (place for place in self._kept.values() if (place.company, place.queue) == (company.id, queue))
        return sorted((event for place in places for event in place.news), key=lambda event: event.at)

    def end_others(self, queues: Container[tuple[str, str]], at: float, emit: EventSink) -> None:
        """End the places in other queues than these, by company's id and name: they are no more since a restart.

        Told is it of those to be called back: a call in the records has ended on the line, and its place with it.
        """
        for key, place in list(self._kept.items()):
            if (place.company, place.queue) not in queues:
                self._forget(key)
                if place.member is None and any(isinstance(event, CallbackRequested) for event in place.news):
                    waited = at - place.news[0].at
                    emit(QueueLeft(call=place.call, at=at, queue=place.queue, outcome="lost", waited=waited))

    def talks(self) -> frozenset[str]:
        """The calls under which queues know the conversations that have not ended."""
        return frozenset(place.call for place in self._kept.values() if place.member is not None)

    def sink(self, company: Company, emit: EventSink) -> EventSink:
        """Takes the events of a company's queues, and hands them on to `emit`."""

        def take(event: CallEvent) -> None:
            self._take(company.id, event)
            emit(event)

        return take

    def member(self, company: str, event: AnyMemberEvent) -> None:
        """Something happened to a member of a company, by its id."""
        if isinstance(event, TalkEnded):
            for key, place in list(self._kept.items()):
                if (place.company, place.queue, place.member) == (company, event.queue, event.member):
                    self._forget(key)

    def _take(self, company: str, event: CallEvent) -> None:
        match event:
            case QueueJoined():
                self._keep(KeptPlace(company, event.queue, event.call, (event,)))
            case CallbackRequested() | CallbackMissed() | PlaceResumed():
                self._note(event)
            case OfferMade():
                self._offers[company, event.queue, event.offer] = event
            case OfferEnded():
                made = self._offers.pop((company, event.queue, event.offer), None)
                if event.outcome == "answered" and made is not None:
                    self._taken[_key(event.queue, event.call)] = made, event
            case QueueLeft():
                self._left(event)

    def _note(self, event: CallbackRequested | CallbackMissed | PlaceResumed) -> None:
        """The last of each says all: attempts are counted in it. Who asks to be called back is off the line again."""
        place = self._kept.get(_key(event.queue, event.call))
        if place is None:
            return
        ordered = any(isinstance(known, CallbackRequested) for known in place.news)
        if isinstance(event, PlaceResumed) and not ordered:
            return  # every place without a caller is resumed after a restart
        over = (CallbackRequested, PlaceResumed) if isinstance(event, CallbackRequested) else (type(event),)
        news = [known for known in place.news if not isinstance(known, over)]
        self._keep(msgspec.structs.replace(place, news=(*news, event)))

    def _left(self, event: QueueLeft) -> None:
        key = _key(event.queue, event.call)
        place, taken = self._kept.get(key), self._taken.pop(key, None)
        if place is not None and taken is not None and event.outcome in _SERVED:
            self._keep(msgspec.structs.replace(place, news=(*place.news, *taken, event)))
        elif place is not None:
            self._forget(key)

    def _keep(self, place: KeptPlace) -> None:
        key = _key(place.queue, place.call)
        self._kept[key] = place
        self._journal.put(_KIND, key, msgspec.msgpack.encode(place))

    def _forget(self, key: str) -> None:
        del self._kept[key]
        self._journal.delete(_KIND, key)


def _key(queue: str, call: str) -> str:
    return f"{queue}/{call}"
