"""The event packages that can be published, and what a publication says to the lamps."""

from typing import Final

from lampfield.presence.lamp import NOTHING_PUBLISHED, Published
from presence_pidf.dialog_info import CONTENT_TYPE as DIALOG_INFO
from presence_pidf.dialog_info_reader import read_dialog_info
from presence_pidf.dialog_state import DialogState
from presence_pidf.merge_rules import kind_of
from presence_pidf.pidf import CONTENT_TYPE as PIDF
from presence_pidf.pidf_series import PidfSeries
from presence_pidf.publication import PublishedPresence, first_note
from presence_pidf.safe_xml import MalformedDocument
from presence_pidf.status_report import Activity, StatusReport
from sipcore.errors import ProtocolViolation
from sipcore.publication import DocumentReader, PublishPackage


class PublishedPresencePackage:
    """`presence`: what a phone or server says that somebody does (RFC 3856, RFC 3903)."""

    name: Final = "presence"
    content_types: Final = (PIDF,)

    def reader(self) -> DocumentReader:
        return _PresenceReader()


class _PresenceReader:
    __slots__ = ("_series",)

    def __init__(self) -> None:
        self._series = PidfSeries()

    def read(self, body: bytes, now: float) -> object:
        try:
            return self._series.read(body)
        except MalformedDocument as fault:
            raise ProtocolViolation(f"Presence document: {fault}") from None


class PublishedDialogPackage:
    """`dialog`: calls at a phone or server (RFC 4235, RFC 3903)."""

    name: Final = "dialog"
    content_types: Final = (DIALOG_INFO,)

    def reader(self) -> DocumentReader:
        return _DIALOG_READER


class _DialogReader:
    __slots__ = ()

    def read(self, body: bytes, now: float) -> object:
        try:
            return read_dialog_info(body, now).dialogs
        except MalformedDocument as fault:
            raise ProtocolViolation(f"Dialog document: {fault}") from None


_DIALOG_READER: Final = _DialogReader()
PUBLISH_PACKAGES: Final[tuple[PublishPackage, ...]] = (PublishedPresencePackage(), PublishedDialogPackage())


def _of_presence(
    presence: PublishedPresence, presentity: str, source: str, before: Published | None, now: float
) -> Published:
    """A presence document as a status report. A phone tells nothing of being reachable: it registers for that."""
    activity, reachable = presence.activity, None
    if kind_of(source) == "pbx":
        activity, reachable = _of_pbx(activity, presence.open)
    was = before.report if before is not None else None
    begun = was.started if was is not None and was.activity == activity else None
    since = presence.since
    if since is None:
        since = now if begun is None else begun
    report = StatusReport(
        presentity=presentity,
        source=source,
        activity=activity,
        at=now,
        started=since,
        received=now,
        note=first_note(presence),
        reachable=reachable,
    )
    published = Published(now, report, presence)
    # A report that was made of no document may say more.
    documented = before is not None and before.presence is not NOTHING_PUBLISHED
    if documented and was is not None and begun == since and was.source == source and was.reachable == reachable:
        published.rewords = before
    return published


def _of_pbx(activity: Activity, reachable: bool | None) -> tuple[Activity, bool | None]:
    # COMPAT(Asterisk): an extension in a call is `busy`, one without a phone `away` and closed.
    if activity == "busy":
        return "on-the-phone", reachable
    if activity == "away" and reachable is False:
        return "unknown", reachable
    return activity, reachable


def published_dialogs(document: object) -> tuple[DialogState, ...]:
    """The dialogs of a document that the dialog package has read."""
    assert isinstance(document, tuple)
    return document


def as_published(document: object, presentity: str, source: str, before: Published | None, now: float) -> Published:
    """What a document that one of the packages has read says to the lamps; `before` it said this."""
    if isinstance(document, PublishedPresence):
        return _of_presence(document, presentity, source, before, now)
    return Published(now, None, dialogs=published_dialogs(document))
