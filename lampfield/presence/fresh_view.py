"""What a watcher is told where documents say how long something lasts: one that was made before would be wrong."""

from collections.abc import Callable, Hashable

from presence_pidf.document import Document
from sipcore.notify_body import content_of
from sipcore.notify_view import Bodies, View
from sipcore.subscription import SubscriptionRecord


class FreshView(View):
    """The document is made anew for each NOTIFY, also for one that a refresh asks for."""

    def __init__(self, record: SubscriptionRecord, document: Callable[[], Document]) -> None:
        self._subject = (record.resource, record.package, record.form)
        self._coding = record.coding
        self._document = document

    def subject(self) -> Hashable:
        return self._subject

    def content(self, version: int, room: int, bodies: Bodies) -> bytes:
        document = self._document()
        return content_of(document.body(version), document.content_type.encode(), self._coding)
