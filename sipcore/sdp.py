"""Session descriptions (RFC 8866): parsed into lines that keep everything, with accessors for what a call needs."""

import re
from itertools import pairwise
from typing import Final

from sipcore.errors import ProtocolViolation
from sipcore.memo import DESCRIPTION, remembered
from sipcore.structs import Value

CONTENT_TYPE: Final = "application/sdp"

Line = tuple[str, str]
"""Type letter and value of one line."""

_SESSION_TYPES: Final = frozenset("siuepcbtrzka")
_MEDIA_TYPES: Final = frozenset("icbka")
_NUMBER: Final = re.compile(r"[0-9]{1,20}")
_MEDIA: Final = re.compile(r"([^\s/]+) ([0-9]{1,5})(?:/([0-9]{1,5}))? (\S+) (\S.*)")
_TIMES: Final = re.compile(r"[0-9]+ [0-9]+")
_CONNECTION: Final = re.compile(r"(\S+) (IP4|IP6) ([^\s/]+)(?:/[0-9/]+)?")


class Origin(Value, frozen=True):
    """The o= line (RFC 8866 §5.2); `version` rises with each change of the description."""

    username: str
    session_id: int
    version: int
    address: str

    def __str__(self) -> str:
        return f"{self.username} {self.session_id} {self.version} {internet_address(self.address)}"


class MediaDescription(Value, frozen=True):
    """One m= line with the lines that belong to it; `formats` are payload types for RTP. Port 0 is a refused stream."""

    kind: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    lines: tuple[Line, ...] = ()
    port_count: int = 1

    @property
    def address(self) -> str | None:
        """The address of its own c= line."""
        return _address_in(self.lines)

    def attribute(self, name: str) -> str | None:
        """The value of the first `a=name:value`, empty for a flag; None without one."""
        return next(iter(self.attributes(name)), None)

    def attributes(self, name: str) -> list[str]:
        """The values of all `a=name:value`."""
        return _attributes(self.lines, name)

    def __str__(self) -> str:
        ports = f"{self.port}/{self.port_count}" if self.port_count > 1 else f"{self.port}"
        head = f"m={self.kind} {ports} {self.protocol} {' '.join(self.formats)}\r\n"
        return head + _written(self.lines)


class SessionDescription(Value, frozen=True):
    """A whole description: `lines` are those of the session after o=, in order."""

    origin: Origin
    lines: tuple[Line, ...]
    media: tuple[MediaDescription, ...]

    @property
    def address(self) -> str | None:
        """The address of the session's c= line."""
        return _address_in(self.lines)

    def attribute(self, name: str) -> str | None:
        """The value of the session's first `a=name:value`, empty for a flag; None without one."""
        return next(iter(_attributes(self.lines, name)), None)

    def to_bytes(self) -> bytes:
        text = f"v=0\r\no={self.origin}\r\n{_written(self.lines)}{''.join([str(media) for media in self.media])}"
        return text.encode("utf-8", "surrogateescape")


def internet_address(address: str) -> str:
    """`IN IP4 address` or `IN IP6 address`, as c= and o= lines have it."""
    return f"IN {'IP6' if ':' in address else 'IP4'} {address}"


@remembered(*DESCRIPTION)
def parse_sdp(data: bytes) -> SessionDescription:
    """Parse a description. Raises ProtocolViolation.

    More is taken than RFC 8866 §9 allows: bare LF as line end, white space before it, and lines of one section in
    another order.
    """
    lines = [_split(line) for line in data.decode("utf-8", "surrogateescape").replace("\r\n", "\n").split("\n") if line]
    if len(lines) < 2 or lines[0] != ("v", "0") or lines[1][0] != "o":
        raise ProtocolViolation("SDP does not begin with v=0 and o=")
    starts = [at for at, (letter, _) in enumerate(lines) if letter == "m"]
    session = tuple(lines[2 : starts[0] if starts else None])
    letters = [letter for letter, _ in session]
    if not _SESSION_TYPES.issuperset(letters) or letters.count("s") != 1 or "t" not in letters:
        raise ProtocolViolation("SDP session part is malformed: needs one s=, a t= and only known lines")
    if not all(_TIMES.fullmatch(value) for letter, value in session if letter == "t"):
        raise ProtocolViolation("Malformed SDP t= line")
    media = [_media(tuple(lines[at:end])) for at, end in pairwise([*starts, len(lines)])]
    description = SessionDescription(_origin(lines[1][1]), session, tuple(media))
    if description.address is None and any(stream.address is None and stream.port for stream in media):
        raise ProtocolViolation("SDP media without a c= line")
    return description


def _split(line: str) -> Line:
    if len(line) < 2 or line[1] != "=" or "\r" in line or "\0" in line:
        raise ProtocolViolation("SDP line is not type=value")
    return line[0], line[2:].rstrip(" \t")


def _origin(text: str) -> Origin:
    parts = text.split(" ")
    if len(parts) != 6 or not _NUMBER.fullmatch(parts[1]) or not _NUMBER.fullmatch(parts[2]):
        raise ProtocolViolation("Malformed SDP o= line")
    return Origin(parts[0], int(parts[1]), int(parts[2]), parts[5])


def _media(lines: tuple[Line, ...]) -> MediaDescription:
    match = _MEDIA.fullmatch(lines[0][1])
    if match is None or int(match[2]) > 65535:
        raise ProtocolViolation("Malformed SDP m= line")
    if not _MEDIA_TYPES.issuperset([letter for letter, _ in lines[1:]]):
        raise ProtocolViolation("Unknown line in an SDP media part")
    _address_in(lines)
    return MediaDescription(
        match[1], int(match[2]), match[4], tuple(match[5].split()), lines[1:], int(match[3]) if match[3] else 1
    )


def _address_in(lines: tuple[Line, ...]) -> str | None:
    for letter, value in lines:
        if letter == "c":
            match = _CONNECTION.fullmatch(value)
            if match is None or match[1] != "IN":
                raise ProtocolViolation("Malformed SDP c= line")
            return match[3]
    return None


def _attributes(lines: tuple[Line, ...], name: str) -> list[str]:
    found = []
    for letter, value in lines:
        if letter == "a":
            key, _, content = value.partition(":")
            if key == name:
                found.append(content)
    return found


def _written(lines: tuple[Line, ...]) -> str:
    return "".join([f"{letter}={value}\r\n" for letter, value in lines])
