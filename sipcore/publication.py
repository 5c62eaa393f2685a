"""The event state compositor of RFC 3903: publications with their entity tags and expiries.

It knows no event package by itself, nor how publications of one presentity are made into one state: what each says is
handed on with `take_changes`, as its package has read it.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, Protocol

import msgspec

from sipcore.answering import response_to
from sipcore.errors import ProtocolViolation
from sipcore.message import Request, Response
from sipcore.notify_admission import AN_HOUR, Durations, Refused
from sipcore.notify_timers import Buckets
from sipcore.publication_record import PublicationRecord
from sipcore.structs import Value
from sipcore.values import whole_number

_log = logging.getLogger(__name__)

EXPIRY_GRANULARITY: Final = 1.0
"""Seconds a publication may outlive its time."""

MOST_NUMBER: Final = 2**31
"""No publication is changed so often."""


class DocumentReader(Protocol):
    """Reads the documents of one publication in turn, and may remember of one what helps with the next."""

    def read(self, body: bytes, now: float) -> object:
        """What a body says. Raises ProtocolViolation, which is answered."""
        ...


class PublishPackage(Protocol):
    """An event package that can be published."""

    @property
    def name(self) -> str:
        """As in the Event header."""
        ...

    @property
    def content_types(self) -> tuple[str, ...]: ...

    def reader(self) -> DocumentReader:
        """A reader for a new publication."""
        ...


class CompositorConfig(Value, frozen=True):
    """Limits of the compositor."""

    durations: Durations = Durations()
    most_of_resource: int = 32
    """Publications of one presentity in one package; where there are more, those that end first go."""
    most_publications: int = 200_000
    """More are refused with 503."""
    retry_after: int = 30
    """Seconds in Retry-After of that 503."""


class Publication:
    """One publication that lives."""

    __slots__ = ("document", "expiry_tick", "reader", "record", "restored")

    def __init__(self, record: PublicationRecord, reader: DocumentReader, document: object) -> None:
        self.record = record
        self.reader = reader
        self.document = document
        """What the body says, as the package has read it."""
        self.expiry_tick = 0
        self.restored = False
        """It was taken from disk, and its publisher has not been heard of since."""


class PublicationChange(Value, frozen=True):
    """`published`: it says something, or something else; `refreshed`: it lives on; `removed`: it is over."""

    kind: Literal["published", "refreshed", "removed"]
    record: PublicationRecord
    document: Any  # `object` is no type that compiled code can tell msgspec


class EventStateCompositor:
    """All publications of one process. Who may publish what is judged before."""

    def __init__(
        self, token: Callable[[], str], packages: Iterable[PublishPackage], config: CompositorConfig | None = None
    ) -> None:
        self._token = token
        self._packages = {package.name: package for package in packages}
        self._config = config or CompositorConfig()
        self._publications: dict[str, Publication] = {}
        self._of_resource: dict[tuple[str, str], list[Publication]] = {}
        self._expiries: Buckets[Publication] = Buckets(EXPIRY_GRANULARITY)
        self._changes: list[PublicationChange] = []

    @property
    def count(self) -> int:
        """Number of publications."""
        return len(self._publications)

    def records(self) -> list[PublicationRecord]:
        """All publications that live."""
        return [publication.record for publication in self._publications.values()]

    def publish(self, request: Request, now: float, *, resource: str, publisher: str) -> Response:
        """Answer a PUBLISH for a presentity that exists, of somebody who may (RFC 3903 §6).

        Begins, refreshes, modifies or removes. Refuses with 400, 412, 415, 423, 489 and 503.
        """
        try:
            package = self._package(request)
            matched = self._matched(request, resource, package.name)
            expires = self._expires(request)
            if matched is None:
                publication = self._begin(request, package, expires, resource, publisher, now)
            elif not expires:
                publication = self._remove(matched)
            else:
                publication = self._renew(matched, request, package, expires, now)
        except Refused as refusal:
            return response_to(request, refusal.status, refusal.reason, to_tag=self._token(), fields=refusal.fields)
        except ProtocolViolation as violation:
            return response_to(request, violation.status, violation.reason, to_tag=self._token())
        fields = (("SIP-ETag", publication.entity_tag), ("Expires", str(expires)))
        return response_to(request, 200, to_tag=publication.entity_tag, fields=fields)

    def modify(
        self, entity_tag: str, resource: str, package: str, body: bytes, expires: int, now: float
    ) -> PublicationRecord | None:
        """As `publish` of a body of the same type by somebody who may; None, with nothing changed, where it is not 200.

        For a short way beside `publish`, which then says why.
        """
        publication = self._current(entity_tag, resource, package)
        if publication is None:
            return None
        record = publication.record
        if body != record.body:
            try:
                document = publication.reader.read(body, now)
            except ProtocolViolation:
                return None
            return self._change(publication, document, body, record.content_type, expires, now)
        return self._prolong(publication, expires, now)

    def knows(self, entity_tag: str, resource: str, package: str) -> bool:
        """Whether a publication of the presentity in this package has this entity tag now."""
        return self._current(entity_tag, resource, package) is not None

    def _current(self, entity_tag: str, resource: str, package: str) -> Publication | None:
        id, _, digits = entity_tag.partition(".")
        publication = self._publications.get(id)
        if publication is None:
            return None
        record = publication.record
        if digits != str(record.number) or record.resource != resource or record.package != package:
            return None
        return publication

    def take_changes(self) -> list[PublicationChange]:
        """What became of publications since the last call, in order."""
        changes, self._changes = self._changes, []
        return changes

    def advance(self, now: float) -> None:
        """Let publications expire."""
        for tick, publication in self._expiries.due(now):
            if publication.expiry_tick != tick:
                continue
            publication.expiry_tick = 0
            if publication.record.expires_at > now:
                self._watch_expiry(publication)
            else:
                _log.info(
                    "%s: what %s published has expired", publication.record.resource, publication.record.publisher
                )
                self._remove(publication)

    def next_timeout(self) -> float | None:
        """When `advance` is to be called next."""
        return self._expiries.next_timeout()

    def restore(self, records: Iterable[PublicationRecord], now: float) -> None:
        """Take publications from disk; their entity tags are good still."""
        for record in records:
            package = self._packages.get(record.package)
            try:
                if package is None or record.expires_at <= now:
                    raise ProtocolViolation("over")
                reader = package.reader()
                publication = Publication(record, reader, reader.read(record.body, now))
            except ProtocolViolation:
                self._changes.append(PublicationChange("removed", record, None))
                continue
            publication.restored = True
            self._add(publication)

    def forget(self, resource: str) -> None:
        """The presentity is no more."""
        for package in self._packages:
            for publication in list(self._of_resource.get((resource, package), ())):
                self._remove(publication)

    # --- what a request asks for

    def _package(self, request: Request) -> PublishPackage:
        event = request.event
        package = self._packages.get(event.package) if event is not None else None
        if package is None:
            raise Refused(489, "Bad Event", ("Allow-Events", ", ".join(self._packages)))
        return package

    def _matched(self, request: Request, resource: str, package: str) -> Publication | None:
        """The publication that SIP-If-Match names, None for a new one."""
        if not request.has("sip-if-match"):
            return None
        tags = request.headers("sip-if-match")
        if len(tags) != 1 or "," in tags[0]:
            raise ProtocolViolation("More than one SIP-If-Match")
        id, _, digits = tags[0].partition(".")
        publication = self._publications.get(id)
        if publication is not None:
            record = publication.record
            if (record.resource, record.package) == (resource, package):
                if digits == str(record.number):
                    return publication
                number = whole_number(digits) or 0
                if publication.restored and record.number < number < MOST_NUMBER:
                    # What was answered last had not come to disk when the process was killed.
                    if request.body:
                        publication.record = msgspec.structs.replace(record, number=number)
                        return publication
                    self._remove(publication)
        raise ProtocolViolation("Conditional Request Failed", 412)

    def _expires(self, request: Request) -> int:
        durations = self._config.durations
        expires = request.expires
        if expires is None:
            return durations.usual
        if 0 < expires < durations.least and expires < AN_HOUR:
            raise Refused(423, "Interval Too Brief", ("Min-Expires", str(durations.least)))
        return min(expires, durations.most)

    @staticmethod
    def _read(request: Request, package: PublishPackage, reader: DocumentReader, now: float) -> object:
        if request.content_type not in package.content_types:
            raise Refused(415, "Unsupported Media Type", ("Accept", ", ".join(package.content_types)))
        if (request.header("Content-Encoding") or "identity").lower() != "identity":
            raise Refused(415, "Unsupported Media Type", ("Accept-Encoding", "identity"))
        return reader.read(request.body, now)

    # --- what is done

    def _begin(
        self, request: Request, package: PublishPackage, expires: int, resource: str, publisher: str, now: float
    ) -> PublicationRecord:
        body = request.body
        if not body:
            raise ProtocolViolation("A first PUBLISH needs a body")
        reader = package.reader()
        document = self._read(request, package, reader, now)
        if len(self._publications) >= self._config.most_publications:
            raise Refused(503, "Too Many Publications", ("Retry-After", str(self._config.retry_after)))
        content_type = request.content_type or ""
        record = PublicationRecord(
            self._token(), 1, resource, package.name, publisher, content_type, body, now + expires
        )
        if expires:
            others = self._of_resource.get((resource, package.name), ())
            if len(others) >= self._config.most_of_resource:
                self._remove(min(others, key=_ends))
            self._add(Publication(record, reader, document))
        return record

    def _renew(
        self, publication: Publication, request: Request, package: PublishPackage, expires: int, now: float
    ) -> PublicationRecord:
        """Refresh, or modify where there is a body that says something else."""
        record, body = publication.record, request.body
        if body and (body != record.body or request.content_type != record.content_type):
            document = self._read(request, package, publication.reader, now)
            return self._change(publication, document, body, request.content_type or "", expires, now)
        return self._prolong(publication, expires, now)

    def _change(
        self, publication: Publication, document: object, body: bytes, content_type: str, expires: int, now: float
    ) -> PublicationRecord:
        before = publication.record
        record = PublicationRecord(
            before.id,
            before.number + 1,
            before.resource,
            before.package,
            before.publisher,
            content_type,
            body,
            now + expires,
        )
        publication.document = document
        return self._renewed(publication, PublicationChange("published", record, document))

    def _prolong(self, publication: Publication, expires: int, now: float) -> PublicationRecord:
        before = publication.record
        record = msgspec.structs.replace(before, number=before.number + 1, expires_at=now + expires)
        return self._renewed(publication, PublicationChange("refreshed", record, publication.document))

    def _renewed(self, publication: Publication, change: PublicationChange) -> PublicationRecord:
        publication.record = change.record
        publication.restored = False
        self._changes.append(change)
        self._watch_expiry(publication)
        return change.record

    def _add(self, publication: Publication) -> None:
        record = publication.record
        self._publications[record.id] = publication
        self._of_resource.setdefault((record.resource, record.package), []).append(publication)
        self._watch_expiry(publication)
        self._changes.append(PublicationChange("published", record, publication.document))

    def _remove(self, publication: Publication) -> PublicationRecord:
        record = publication.record
        del self._publications[record.id]
        key = (record.resource, record.package)
        others = self._of_resource[key]
        others.remove(publication)
        if not others:
            del self._of_resource[key]
        self._expiries.discard(publication.expiry_tick, publication)
        publication.expiry_tick = 0
        self._changes.append(PublicationChange("removed", record, publication.document))
        return record

    def _watch_expiry(self, publication: Publication) -> None:
        tick = self._expiries.tick(publication.record.expires_at)
        # A later end is found when the earlier tick fires; so a refresh adds nothing.
        if not publication.expiry_tick or tick < publication.expiry_tick:
            self._expiries.discard(publication.expiry_tick, publication)
            publication.expiry_tick = tick
            self._expiries.add(tick, publication)


def _ends(publication: Publication) -> float:
    return publication.record.expires_at
