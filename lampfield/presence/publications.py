"""PUBLISH: who sends it may publish, what it says shows on lamps, and it outlives a restart."""

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from lampfield.decoded import decoded
from lampfield.journal import Journal
from lampfield.presence.lamp import Lamp, Published
from lampfield.presence.lamps import Lamps, Saying
from lampfield.presence.publish_packages import as_published
from lampfield.presence.right_to_publish import RightToPublish
from routing.ports import Clock
from sipcore.answering import response_to
from sipcore.authenticator import Authenticated
from sipcore.flow import Flow
from sipcore.message import Request, Response
from sipcore.publication import EventStateCompositor, PublicationChange
from sipcore.publication_record import PublicationRecord
from sipcore.uri import SipUri

_encoder: Final = msgspec.msgpack.Encoder()
_KIND: Final = "publication"


class Lane(Protocol):
    """A short way before the stack, which learns what may take it."""

    def learn(
        self,
        request: Request,
        flow: Flow,
        authenticated: Authenticated | None,
        resource: str,
        package: str,
        expires: int,
    ) -> None:
        """`request` was answered 200, for this presentity and event package, with so many seconds.

        It was let in as somebody's who was authenticated, or without being asked for a password.
        """
        ...


class Publications:
    """The event state compositor with a door before it and a disk behind it."""

    def __init__(
        self, compositor: EventStateCompositor, lamps: Lamps, right: RightToPublish, journal: Journal, clock: Clock
    ) -> None:
        self._compositor = compositor
        self._lamps = lamps
        self._right = right
        self._journal = journal
        self._clock = clock
        self._lane: Lane | None = None

    @property
    def count(self) -> int:
        """Number of publications."""
        return self._compositor.count

    def records(self) -> list[PublicationRecord]:
        """All publications that live."""
        return self._compositor.records()

    def restore(self) -> int:
        """Take up the publications on disk; how many they are."""
        self._compositor.restore(decoded(self._journal, _KIND, PublicationRecord), self._clock())
        changes = self._compositor.take_changes()
        for change in changes:
            if change.kind == "removed":
                self._write(change)
        self._show(changes)
        return self._compositor.count

    def answer(self, request: Request, flow: Flow) -> Response:
        """Answer a PUBLISH. Raises door.Refused."""
        uri = request.request_uri
        domain = self._lamps.domain_of(uri) if isinstance(uri, SipUri) else None
        if domain is None or not isinstance(uri, SipUri):
            return response_to(request, 404)
        lamp = self._lamps.lamp(f"sip:{uri.unescaped_user}@{domain}")
        person = lamp.person if lamp is not None else None
        # Who is not let in does not learn who there is.
        right = self._right.judge(request, flow, person or "", domain)
        if lamp is None or person is None:
            return response_to(request, 404)
        response = self._compositor.publish(request, self._clock(), resource=lamp.aors[0], publisher=right.source)
        self.settle()
        if response.status == 200 and self._lane is not None:
            event = request.event
            assert event is not None
            self._lane.learn(request, flow, right.proved, lamp.aors[0], event.package, response.expires or 0)
        return response

    def knows(self, entity_tag: str, resource: str, package: str) -> bool:
        """Whether there is a publication of the presentity in this event package that has this entity tag now."""
        return self._compositor.knows(entity_tag, resource, package)

    def modify(self, entity_tag: str, resource: str, package: str, body: bytes, expires: int) -> bytes | None:
        """Change a publication for who was let in before; the new entity tag, None where `answer` is to say what is.

        `settle` shows and writes it, before the answer leaves.
        """
        record = self._compositor.modify(entity_tag, resource, package, body, expires, self._clock())
        return None if record is None else b"%b.%d" % (record.id.encode(), record.number)

    def follow(self, lane: Lane) -> None:
        """Tell `lane` of each PUBLISH that was answered 200."""
        self._lane = lane

    def advance(self) -> None:
        """Let publications expire."""
        self._compositor.advance(self._clock())
        self.settle()

    def settle(self) -> None:
        """Write and show what has changed."""
        changes = self._compositor.take_changes()
        if changes:
            for change in changes:
                self._write(change)
            self._show(changes)

    def _write(self, change: PublicationChange) -> None:
        record = change.record
        if change.kind == "removed":
            self._journal.delete(_KIND, record.id)
        else:
            self._journal.put(_KIND, record.id, _encoder.encode(record))

    def _show(self, changes: Sequence[PublicationChange]) -> None:
        now = self._clock()
        said: dict[str, Saying] = {}
        """By publication: of what it said in between nobody is told."""
        for change in changes:
            record = change.record
            lamp = self._lamps.lamp(record.resource)
            if change.kind == "removed":
                said.pop(record.id, None)
                self._lamps.unpublished(record.resource, record.id, now)
            elif lamp is None:
                # The person has left the company.
                self._compositor.forget(record.resource)
            elif change.kind == "published" or lamp.published is None or record.id not in lamp.published:
                said[record.id] = (record.resource, record.id, _said(change, lamp, now))
        self._lamps.published_together(said.values(), now)


def _said(change: PublicationChange, lamp: Lamp, now: float) -> Published:
    """What a publication of the person's says now."""
    record = change.record
    before = lamp.published.get(record.id) if lamp.published else None
    source = f"{record.publisher}/{record.id[:6]}"
    return as_published(change.document, record.resource, source, before, now)
