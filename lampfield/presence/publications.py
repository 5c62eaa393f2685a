"""PUBLISH: who sends it may publish, what it says shows on lamps, and it outlives a restart."""

from typing import Final, Protocol

import msgspec

from lampfield.decoded import decoded
from lampfield.journal import Journal
from lampfield.presence.lamp import Lamp
from lampfield.presence.lamps import Lamps
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
        self._settle(restored=True)
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
        self._settle()
        if response.status == 200 and self._lane is not None:
            event = request.event
            assert event is not None
            self._lane.learn(request, flow, right.proved, lamp.aors[0], event.package, response.expires or 0)
        return response

    def knows(self, entity_tag: str, resource: str, package: str) -> bool:
        """Whether there is a publication of the presentity in this event package that has this entity tag now."""
        return self._compositor.knows(entity_tag, resource, package)

    def modify(self, entity_tag: str, resource: str, package: str, body: bytes, expires: int) -> bytes | None:
        """Change a publication for who was let in before; the new entity tag, None where `answer` is to say what is."""
        record = self._compositor.modify(entity_tag, resource, package, body, expires, self._clock())
        if record is None:
            return None
        self._settle()
        return record.entity_tag.encode()

    def follow(self, lane: Lane) -> None:
        """Tell `lane` of each PUBLISH that was answered 200."""
        self._lane = lane

    def advance(self) -> None:
        """Let publications expire."""
        self._compositor.advance(self._clock())
        self._settle()

    def _settle(self, *, restored: bool = False) -> None:
        """Show and write what has changed."""
        for change in self._compositor.take_changes():
            record = change.record
            if change.kind == "removed":
                self._journal.delete(_KIND, record.id)
                self._lamps.unpublished(record.resource, record.id, self._clock())
                continue
            if not restored:
                self._journal.put(_KIND, record.id, msgspec.msgpack.encode(record))
            lamp = self._lamps.lamp(record.resource)
            if lamp is None:
                # The person has left the company.
                self._compositor.forget(record.resource)
            elif change.kind == "published" or lamp.published is None or record.id not in lamp.published:
                self._show(change, lamp)

    def _show(self, change: PublicationChange, lamp: Lamp) -> None:
        record, now = change.record, self._clock()
        before = lamp.published.get(record.id) if lamp.published else None
        source = f"{record.publisher}/{record.id[:6]}"
        report = before.report if before is not None else None
        self._lamps.published(
            record.resource, record.id, as_published(change.document, record.resource, source, report, now), now
        )
