"""A rendered document, ready for every watcher of the same kind."""

from presence_pidf.structs import Leaf


class Document(Leaf, frozen=True, gc=False):
    """Bytes of a document; where it carries a version, this stands between `head` and `tail`, in decimal."""

    content_type: str
    head: bytes
    tail: bytes | None = None
    """None: the document has no version and `head` is all of it."""

    def body(self, version: int) -> bytes:
        """The whole document for one watcher."""
        return self.head if self.tail is None else b"%b%d%b" % (self.head, version, self.tail)
