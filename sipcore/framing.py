"""Where one message ends and the next begins on a stream (RFC 3261 §18.3 and §7.5)."""

import re
from typing import Final

from sipcore.errors import ProtocolViolation

HEADER_LIMIT: Final = 65_536
"""Bytes of a start line and header."""
BODY_LIMIT: Final = 262_144
"""Bytes of a body, where the owner sets no other limit."""
PING: Final = b"\r\n\r\n"
"""The keep-alive of RFC 5626 §3.5.1, to be answered with a single CRLF."""

_CRLF: Final = b"\r\n"
_CONTENT_LENGTH: Final = re.compile(
    rb"\r\n(?:content-length|l)[ \t]*:([^\r]*(?:\r\n[ \t][^\r]*)*)(?=\r\n)", re.IGNORECASE
)


class StreamFramer:
    """Cuts a byte stream into messages; `limit` is the largest body in bytes."""

    def __init__(self, limit: int = BODY_LIMIT) -> None:
        self._limit = limit
        self._buffer = bytearray()
        self._searched = 0
        """No header ends before this place in the buffer."""
        self._whole: int | None = None
        """Length of the message whose header is in the buffer, once it is known."""

    @property
    def held(self) -> int:
        """Bytes that came of a message that is not whole yet."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[bytes]:
        """Take what came; return whole messages, and `PING` for each keep-alive. A single CRLF (a pong) is ignored.

        Raises ProtocolViolation when it is not known where the message ends, or when it is too large (513): nothing
        after it can be read, so the connection is to be closed. Whole messages before it are returned first; the next
        call raises then.
        """
        self._buffer += data
        messages: list[bytes] = []
        try:
            while (message := self._next()) is not None:
                messages.append(message)
        except ProtocolViolation:
            if not messages:
                raise
        return messages

    def _next(self) -> bytes | None:
        buffer = self._buffer
        if self._whole is None:
            if buffer[:1] == b"\r" or buffer[:1] == b"\n":
                if len(buffer) < len(PING) and PING.startswith(buffer):
                    return None
                if buffer[:4] == PING:
                    return self._take(len(PING))
                if buffer[:2] != _CRLF:
                    raise ProtocolViolation("Line break that is not CRLF between messages")
                self._take(len(_CRLF))
            end = buffer.find(PING, self._searched)
            if end < 0 and len(buffer) <= HEADER_LIMIT:
                self._searched = max(0, len(buffer) - len(PING) + 1)
                return None
            if not 0 <= end <= HEADER_LIMIT:
                raise ProtocolViolation("Header too large", 513)
            self._whole = end + len(PING) + self._body_length(bytes(buffer[: end + 2]))
        if len(buffer) < self._whole:
            return None
        return self._take(self._whole)

    def _take(self, length: int) -> bytes:
        taken = bytes(self._buffer[:length])
        del self._buffer[:length]
        self._searched, self._whole = 0, None
        return taken

    def _body_length(self, header: bytes) -> int:
        # Needed on a stream (RFC 3261 §20.14); two that differ are as good as none (RFC 4475 §3.3.9).
        lengths = {value.strip(b" \t\r\n") for value in _CONTENT_LENGTH.findall(header)}
        if len(lengths) != 1:
            raise ProtocolViolation("One Content-Length is needed on a stream")
        length = lengths.pop()
        if not length.isdigit():
            raise ProtocolViolation("Malformed Content-Length")
        if len(length) > 9 or int(length) > self._limit:
            raise ProtocolViolation("Body too large", 513)
        return int(length)
