"""Documents that belong together in one body: multipart/related (RFC 2387)."""

from collections.abc import Sequence
from typing import Final

import msgspec

BOUNDARY: Final = b"..next.."
"""Behind two hyphens at the begin of a line, where no document of ours has it: what people write begins no line.

It is short, as Content-IDs are, for a datagram has to hold what many parts have in common, and no word, for some phones
look for it anywhere.
"""


class Part(msgspec.Struct, frozen=True, gc=False):
    """One document."""

    content_type: bytes
    cid: bytes
    body: bytes

    def render(self, *, bare_cid: bool) -> bytes:
        """The part with the boundary before it."""
        # RFC 2045 §7 has angle brackets around the Content-ID, RFC 2392 has none in the URL that refers to it.
        cid = b"Content-Id: %b" % self.cid if bare_cid else b"Content-ID: <%b>" % self.cid
        return b"--%b\r\n%b\r\nContent-Type: %b\r\n\r\n%b\r\n" % (
            BOUNDARY,
            cid,
            self.content_type,
            self.body,
        )


def related_type(root: Part, *, bare_cid: bool) -> bytes:
    """The Content-Type of a body that begins with `root`."""
    start = root.cid if bare_cid else b"<%b>" % root.cid
    # COMPAT(Linphone): takes quotes around the boundary for a part of it.
    return b'multipart/related;type="%b";start="%b";boundary=%b' % (
        root.content_type.partition(b";")[0],
        start,
        BOUNDARY,
    )


def related(parts: Sequence[bytes]) -> bytes:
    """The body of rendered parts, the root first."""
    return b"%b--%b--\r\n" % (b"".join(parts), BOUNDARY)
