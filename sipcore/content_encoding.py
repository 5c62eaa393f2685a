"""Bodies packed by gzip or deflate (RFC 3261 §20.12; the codings of RFC 9110 §8.4.1)."""

import zlib
from collections.abc import Sequence
from typing import Final

from sipcore.errors import ProtocolViolation

CODINGS: Final = ("gzip", "deflate")
"""What we pack and unpack, the one we like best first."""

_GZIP_HEADER: Final = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_ZLIB_HEADER: Final = b"\x78\x9c"
_RAW: Final = -zlib.MAX_WBITS
_WINDOWS: Final = {"gzip": (zlib.MAX_WBITS | 16,), "deflate": (zlib.MAX_WBITS, _RAW)}
"""How each is unpacked; "deflate" is the zlib format, and some send it raw all the same."""


def chosen(asked: Sequence[str]) -> str:
    """The coding in which a body is sent to who sent these values of Accept-Encoding; empty for none.

    Only what is named is taken, and only where it is no less welcome than the body as it is (RFC 3261 §20.2).
    """
    welcome = dict([weighed(value) for value in asked])
    wished = [(-welcome[coding], place) for place, coding in enumerate(CODINGS) if welcome.get(coding, 0.0) > 0.0]
    if not wished or -min(wished)[0] < welcome.get("identity", 0.0):
        return ""
    return CODINGS[min(wished)[1]]


def weighed(value: str) -> tuple[str, float]:
    """A value of a list of wishes and its q: 1 without one, 0 where it is none (RFC 3261 §25.1 `qvalue`)."""
    name, *parameters = [part.strip().lower() for part in value.split(";")]
    for parameter in parameters:
        key, _, digits = parameter.partition("=")
        if key.strip() == "q":
            digits = digits.strip()
            return name, min(float(digits), 1.0) if digits.replace(".", "", 1).isdecimal() and digits.isascii() else 0.0
    return name, 1.0


def packed(body: bytes, coding: str) -> bytes:
    """The body in a coding of ours."""
    return Spliced(body, b"", coding).around(b"")


def unpacked(body: bytes, coding: str, most: int) -> bytes:
    """What was packed. Raises ProtocolViolation: 415 for an unknown coding, 413 above `most` bytes, 400 if broken."""
    if coding.lower() in ("", "identity"):
        return body
    windows = _WINDOWS.get(coding.lower())
    if windows is None:
        raise ProtocolViolation("Unsupported Content-Encoding", 415)
    for window in windows:
        reader = zlib.decompressobj(window)
        try:
            read = reader.decompress(body, most + 1)
        except zlib.error:
            continue
        if len(read) > most:
            raise ProtocolViolation("Body Too Large", 413)
        if reader.eof:
            return read
    raise ProtocolViolation("Malformed Content-Encoding")


class Spliced:
    """A document packed but for a few bytes in its midst, which differ from copy to copy."""

    __slots__ = ("_before", "_checksum", "_gzip", "_head", "_size", "_tail", "_tail_text")

    def __init__(self, head: bytes, tail: bytes, coding: str) -> None:
        self._gzip: bool = coding == "gzip"
        packer = zlib.compressobj(wbits=_RAW)
        # A full flush ends on a whole byte, and nothing behind it refers back.
        self._head: bytes = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
        packer = zlib.compressobj(wbits=_RAW)
        self._tail: bytes = packer.compress(tail) + packer.flush()
        self._tail_text: bytes = tail
        self._size: int = len(head) + len(tail)
        self._before: bytes = _GZIP_HEADER if self._gzip else _ZLIB_HEADER
        self._checksum: int = zlib.crc32(head) if self._gzip else zlib.adler32(head)

    def around(self, middle: bytes) -> bytes:
        """The whole, packed, with these bytes in the midst as a stored block (RFC 1951 §3.2.4)."""
        size = len(middle)
        block = b"\0%b%b%b" % (size.to_bytes(2, "little"), (size ^ 0xFFFF).to_bytes(2, "little"), middle)
        if self._gzip:
            checksum = zlib.crc32(self._tail_text, zlib.crc32(middle, self._checksum)).to_bytes(4, "little")
            end = checksum + (self._size + size).to_bytes(4, "little")
        else:
            end = zlib.adler32(self._tail_text, zlib.adler32(middle, self._checksum)).to_bytes(4, "big")
        return b"".join((self._before, self._head, block if middle else b"", self._tail, end))
