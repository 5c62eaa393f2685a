"""A phone that watches a list: reads RLMI and its parts, and keeps what it knows of each resource."""

from email import message_from_bytes

from lxml import etree

from tests.support.documents import valid
from tests.support.watching_phone import DIALOG_INFO, PIDF, Notification

RLMI = "{urn:ietf:params:xml:ns:rlmi}"


class ListReader:
    """The table of RFC 4662 §5.6: rows by URI, purged by full state, and what went wrong on the way."""

    def __init__(self) -> None:
        self.version = -1
        self.rows: dict[str, bytes | str | None] = {}
        """The document of each resource, why there is none, or None while nothing is known."""
        self.names: dict[str, str] = {}
        self.told: list[list[str]] = []
        """The URIs that each NOTIFY told of."""
        self.full: list[bool] = []
        self.gaps = 0

    def take(self, notification: Notification) -> None:
        """Read one NOTIFY, as a strict watcher would."""
        request = notification.request
        assert "eventlist" in request.require
        head = f"Content-Type: {request.header('Content-Type')}\r\n\r\n".encode()
        message = message_from_bytes(head + notification.content)
        assert message.get_content_type() == "multipart/related"
        assert message.get_param("type") == "application/rlmi+xml"
        _, root_part, *parts = message.walk()
        assert root_part["Content-ID"] == message.get_param("start")
        documents = {part["Content-ID"].strip("<>"): part for part in parts}
        assert len(documents) == len(parts)
        for part in parts:
            valid(payload(part))
        self._read(valid(payload(root_part)), {cid: payload(part) for cid, part in documents.items()})

    def _read(self, root: etree._Element, documents: dict[str, bytes]) -> None:
        version, full = int(root.get("version") or ""), root.get("fullState") == "true"
        assert version > self.version
        if not full and version != self.version + 1:
            self.gaps += 1
        self.version = version
        self.full.append(full)
        if full:
            self.rows.clear()
        told: list[str] = []
        for resource in root.findall(f"{RLMI}resource"):
            uri = resource.get("uri") or ""
            self.names[uri] = resource.findtext(f"{RLMI}name") or ""
            instance = resource.find(f"{RLMI}instance")
            if instance is None:
                self.rows.setdefault(uri, None)
                continue
            told.append(uri)
            if instance.get("state") == "active":
                self.rows[uri] = documents.pop(instance.get("cid") or "")
            else:
                self.rows[uri] = instance.get("reason") or ""
        assert documents == {}, "parts that no instance refers to"
        self.told.append(told)

    def dialogs(self, uri: str) -> list[str]:
        """The states of the dialogs that a resource shows."""
        document = self.rows[uri]
        assert isinstance(document, bytes)
        found = etree.fromstring(document).findall(f"{DIALOG_INFO}dialog")
        return [dialog.findtext(f"{DIALOG_INFO}state") or "" for dialog in found]

    def basic(self, uri: str) -> str:
        """Open or closed."""
        document = self.rows[uri]
        assert isinstance(document, bytes)
        return etree.fromstring(document).findtext(f"{PIDF}tuple/{PIDF}status/{PIDF}basic") or ""


def payload(part: object) -> bytes:
    decoded = part.get_payload(decode=True)  # type: ignore[attr-defined]
    assert isinstance(decoded, bytes)
    return decoded
