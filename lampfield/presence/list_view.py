"""What a phone knows of a list that it watches, and what of it the next NOTIFY tells (RFC 4662 §5)."""

from collections.abc import Hashable, Sequence

from presence_pidf import rlmi
from presence_pidf.multipart import Part, related, related_type
from presence_pidf.rlmi import ListedResource, render_resource, render_rlmi
from sipcore.notify_body import content_of
from sipcore.notify_view import Bodies, View
from sipcore.structs import Value


class Entry(Value, frozen=True):
    """One resource of a list, as one watcher sees it."""

    uri: str
    """As the list names it."""
    name: str = ""
    resource: str = ""
    """AOR under which it is watched; empty where it is not."""
    form: str = ""
    """In which form its document is made."""
    reason: str = ""
    """Why it is not watched: `noresource` or `rejected` (RFC 6665 §4.1.3)."""


class ListSubject(Value, frozen=True):
    """A list, as one watcher sees it."""

    uri: str
    name: str
    package: str
    entries: tuple[Entry, ...]
    coding: str = ""
    most: int = 0
    """Resources that the phone takes in one NOTIFY; 0 is without limit."""
    bare_cid: bool = False
    """The phone finds parts only by a Content-ID without angle brackets."""


class ListView(View):
    """Tells all resources first, then those that have changed, each by the document that all are sent who watch it.

    What one NOTIFY cannot hold comes with the next. The first says `fullState` and names the rest of the resources,
    where that fits, without an instance: their state is not known yet (RFC 4662 §5.3).
    """

    def __init__(self, subject: ListSubject) -> None:
        self._subject = subject
        self._rows: dict[str, list[int]] = {}
        for row, entry in enumerate(subject.entries):
            if entry.resource:
                self._rows.setdefault(entry.resource, []).append(row)
        self._pending: dict[int, None] = {}
        self._full = True
        self.start_again()

    def resources(self) -> Sequence[str]:
        return tuple(self._rows)

    def subject(self) -> Hashable:
        return self._subject

    def changed(self, resource: str) -> None:
        for row in self._rows.get(resource, ()):
            self._pending[row] = None

    def waits(self) -> bool:
        return bool(self._pending)

    def start_again(self) -> None:
        self._pending = dict.fromkeys(range(len(self._subject.entries)))
        self._full = True

    def content(self, version: int, room: int, bodies: Bodies) -> bytes:
        rows = list(self._pending)
        most = self._subject.most or len(rows)
        told = rows[:most] if room else rows
        content = self._content(told, self._left(told), version, bodies)
        if room and len(content) > room:
            # Rather fewer resources than less of them: names without state come last.
            told, content = self._fitting(told, version, room, bodies)
        for row in told:
            del self._pending[row]
        self._full = False
        return content

    def _fitting(self, rows: list[int], version: int, room: int, bodies: Bodies) -> tuple[list[int], bytes]:
        """As many of the rows as fit, one at least."""
        for names in (True, False):
            told = rows
            while True:
                content = self._content(told, self._left(told) if names else (), version, bodies)
                if len(content) <= room or (len(told) <= 1 and not names):
                    return told, content
                if len(told) <= 1:
                    break
                told = told[: max(1, min(len(told) - 1, len(told) * room // len(content)))]
        raise AssertionError("the last turn returns")

    def _left(self, told: Sequence[int]) -> Sequence[int]:
        """The rows that a full list names although it tells nothing of them yet."""
        if not self._full or self._subject.most:
            return ()
        known = set(told)
        return [row for row in self._pending if row not in known]

    def _content(self, told: Sequence[int], left: Sequence[int], version: int, bodies: Bodies) -> bytes:
        subject = self._subject
        parts: list[bytes] = []
        elements: list[str] = []
        for row in told:
            entry = subject.entries[row]
            if not entry.resource:
                gone = ListedResource(entry.uri, entry.name, "terminated", entry.reason)
                elements.append(render_resource(gone))
                continue
            cid = f"{row}@list"
            body = bodies.body(entry.resource, subject.package, entry.form)
            part = Part(body.content_type, cid.encode(), body.document(version))
            parts.append(part.render(bare_cid=subject.bare_cid))
            elements.append(render_resource(ListedResource(entry.uri, entry.name, "active", "", cid)))
        elements += [
            render_resource(ListedResource(subject.entries[row].uri, subject.entries[row].name)) for row in left
        ]
        text = render_rlmi(subject.uri, subject.name, version, self._full, elements)
        root = Part(f"{rlmi.CONTENT_TYPE};charset=UTF-8".encode(), b"root@list", text.encode())
        body_of_all = related([root.render(bare_cid=subject.bare_cid), *parts])
        return content_of(body_of_all, related_type(root, bare_cid=subject.bare_cid), subject.coding)
