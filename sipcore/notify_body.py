"""A document made ready to be the body of NOTIFYs: once for all subscriptions of one form."""

from typing import Final, Protocol

from sipcore.content_encoding import Spliced, packed


class Document(Protocol):
    """The body of a NOTIFY, the same for all subscriptions of one form.

    Where the document carries a version, this stands in decimal between `head` and `tail`; `tail` None is a document
    without a version.
    """

    @property
    def content_type(self) -> str: ...

    @property
    def head(self) -> bytes: ...

    @property
    def tail(self) -> bytes | None: ...


class Body:
    """A rendered document with its header fields, ready to follow the value of any NOTIFY's Subscription-State."""

    __slots__ = ("_head", "_leads", "_tail", "_type", "content_type", "plain")

    def __init__(self, document: Document | None, coding: str = "") -> None:
        self._leads: dict[int, bytes] = {}
        self.content_type: bytes = b""
        self.plain: bytes = b"\r\nContent-Length: 0\r\n\r\n"
        """All of it where the document has no version, else empty."""
        if document is None:
            return
        self.content_type = document.content_type.encode()
        self._type: bytes = b"\r\nContent-Type: " + self.content_type
        if coding:
            self._type += b"\r\nContent-Encoding: " + coding.encode()
        self._head: bytes = document.head
        self._tail: bytes = document.tail or b""
        self.plain = b"" if document.tail is not None else self._plain(coding)

    def numbered(self, version: int) -> bytes:
        """All of it with the version spliced in."""
        digits = b"%d" % version
        size = len(digits)
        lead = self._leads.get(size)
        if lead is None:
            length = len(self._head) + size + len(self._tail)
            lead = self._leads[size] = fields(self._type, length) + self._head
        return lead + digits + self._tail

    def document(self, version: int) -> bytes:
        """The document without header fields, as a part of a larger one."""
        return self._head if self.plain else b"%b%d%b" % (self._head, version, self._tail)

    def _plain(self, coding: str) -> bytes:
        content = Spliced(self._head, b"", coding).around(b"") if coding else self._head
        return fields(self._type, len(content)) + content


class PackedBody(Body):
    """A body that is packed by a coding; its version is spliced in without packing the rest again."""

    __slots__ = ("_spliced",)

    def __init__(self, document: Document, coding: str) -> None:
        super().__init__(document, coding)
        self._spliced: Spliced = Spliced(self._head, self._tail, coding)

    def numbered(self, version: int) -> bytes:
        content = self._spliced.around(b"%d" % version)
        return fields(self._type, len(content)) + content


def content_of(body: bytes, content_type: bytes, coding: str) -> bytes:
    """A body with its header fields, packed where a coding is named: for what is told to one watcher alone."""
    types = b"\r\nContent-Type: " + content_type
    if coding:
        body = packed(body, coding)
        types += b"\r\nContent-Encoding: " + coding.encode()
    return fields(types, len(body)) + body


def fields(types: bytes, length: int) -> bytes:
    """The header fields of a body, from the end of the line before them; `types` are whole lines, each after CRLF."""
    return b"%b\r\nContent-Length: %d\r\n\r\n" % (types, length)


NO_BODY: Final = Body(None)
"""What is told of a resource that is no more."""
