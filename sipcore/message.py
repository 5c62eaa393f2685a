"""SIP requests and responses (RFC 3261 §7): parsed lazily, edited in place, written back as bytes.

Parsing splits; a header is read when it is asked for. What everybody asks for is kept until the header is edited.
"""

import re
from collections.abc import Iterable
from typing import Final

from sipcore.address import NameAddr, parse_name_addr
from sipcore.errors import LocalMisuse, ProtocolViolation
from sipcore.fields import Fields
from sipcore.header import key_of, split_values
from sipcore.reasons import REASONS
from sipcore.uri import Uri, parse_uri
from sipcore.values import METHODS, CSeq, Event, parse_cseq, parse_event, whole_number
from sipcore.via import Via, parse_via

__all__ = ["METHODS", "REASONS", "CSeq", "Event", "Message", "Request", "Response", "parse_message"]

MAX_FIELDS: Final = 512
"""Header lines in one message; a longer one is no message but an attack."""
MAX_DELTA_SECONDS: Final = 2**32 - 1
"""Larger times are read as this (RFC 3261 §20.19)."""

_FOLD: Final = re.compile(r"\r\n[ \t]++")
_STATUS_LINE: Final = re.compile(r"SIP/2\.0 ([1-6][0-9][0-9])(?: (.*))?", re.DOTALL | re.IGNORECASE)


class Message(Fields):
    """What requests and responses share. Accessors raise ProtocolViolation naming the missing or malformed header."""

    __slots__ = ("_call_id", "_contacts", "_cseq", "_cut", "_from", "_payload", "_to", "_via")

    def __init__(self, fields: Iterable[tuple[str, str]] = (), body: bytes = b"") -> None:
        super().__init__(fields)
        self._payload: bytes = body
        # Whether the payload ends where the body does: a datagram may go on.
        self._cut: bool = True
        self._via: Via | None = None
        self._from: NameAddr | None = None
        self._to: NameAddr | None = None
        self._call_id: str | None = None
        self._cseq: CSeq | None = None
        self._contacts: list[NameAddr] | None = None

    def take(self, lines: list[str], payload: bytes) -> None:
        """Take header lines as they were received, and what followed them."""
        self._lines = lines
        self._first = None
        self._payload = payload
        self._cut = False

    def start_line(self) -> str:
        """The first line of the message, without line break."""
        raise NotImplementedError

    # --- body

    @property
    def content_length(self) -> int | None:
        """Content-Length in bytes as sent, None without one."""
        sent = self.first_of("content-length")
        if sent is None:
            return None
        length = whole_number(sent)
        if (
            length is None
            or length > MAX_DELTA_SECONDS
            or (self._repeated and set(self.all_of("content-length")) != {sent})
        ):
            raise ProtocolViolation("Malformed Content-Length")
        return length

    @property
    def truncated(self) -> bool:
        """True when fewer bytes came than Content-Length promised (RFC 3261 §18.3)."""
        return len(self._payload) < (self.content_length or 0)

    @property
    def body(self) -> bytes:
        """The body; of a received message the bytes that Content-Length counts (RFC 3261 §18.3)."""
        if self._cut or not self._payload:
            return self._payload
        try:
            return self._payload[: self.content_length]
        except ProtocolViolation:
            return self._payload

    @body.setter
    def body(self, body: bytes) -> None:
        self.remove("Content-Length")
        self._payload, self._cut = body, True

    def to_bytes(self) -> bytes:
        """The message as it is sent, with the Content-Length of its body."""
        body = self.body
        lines = [self.start_line()]
        lines += self._lines if self.first_of("content-length") is None else self._lines_without("content-length")
        lines.append(f"Content-Length: {len(body)}\r\n\r\n")
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + body

    # --- headers that have a form; those kept are read for nearly every message

    def _forget(self, key: str) -> None:
        if key == "via":
            self._via = None
        elif key == "from":
            self._from = None
        elif key == "to":
            self._to = None
        elif key == "call-id":
            self._call_id = None
        elif key == "cseq":
            self._cseq = None
        elif key == "contact":
            self._contacts = None

    @property
    def vias(self) -> list[Via]:
        """All Vias, the top one first."""
        return [parse_via(value) for value in self.headers("via")]

    @property
    def via(self) -> Via:
        """The top Via."""
        via = self._via
        if via is None:
            top = self.first_of("via")
            if top is None:
                raise ProtocolViolation("Missing Via")
            via = self._via = parse_via(split_values(top)[0])
        return via

    @property
    def from_(self) -> NameAddr:
        address = self._from
        if address is None:
            address = self._from = _address(self._one("from", "From"), "From")
        return address

    @property
    def to(self) -> NameAddr:
        address = self._to
        if address is None:
            address = self._to = _address(self._one("to", "To"), "To")
        return address

    @property
    def call_id(self) -> str:
        value = self._call_id
        if value is None:
            value = self._one("call-id", "Call-ID")
            if not value or " " in value or "\t" in value:
                raise ProtocolViolation("Malformed Call-ID")
            self._call_id = value
        return value

    @property
    def cseq(self) -> CSeq:
        cseq = self._cseq
        if cseq is None:
            cseq = self._cseq = parse_cseq(self._one("cseq", "CSeq"))
        return cseq

    @property
    def contacts(self) -> list[NameAddr]:
        """All Contacts; empty for `*` (RFC 3261 §10.2.2)."""
        contacts = self._contacts
        if contacts is None:
            values = self.all_of("contact")
            contacts = self._contacts = [] if values == ["*"] else _addresses(values, "Contact")
        return contacts

    @property
    def routes(self) -> list[NameAddr]:
        return _addresses(self.all_of("route"), "Route")

    @property
    def record_routes(self) -> list[NameAddr]:
        return _addresses(self.all_of("record-route"), "Record-Route")

    @property
    def paths(self) -> list[NameAddr]:
        """The Path vector (RFC 3327)."""
        return _addresses(self.all_of("path"), "Path")

    @property
    def expires(self) -> int | None:
        """Expires in seconds; None without one."""
        return self._number("expires", "Expires", MAX_DELTA_SECONDS)

    @property
    def max_forwards(self) -> int | None:
        """Max-Forwards; None without one. Above 255 is malformed (RFC 3261 §20.22)."""
        hops = self._number("max-forwards", "Max-Forwards", 256)
        if hops == 256:
            raise ProtocolViolation("Malformed Max-Forwards")
        return hops

    def _number(self, key: str, name: str, limit: int) -> int | None:
        if self.first_of(key) is None:
            return None
        number = whole_number(self._one(key, name))
        if number is None:
            raise ProtocolViolation(f"Malformed {name}")
        return min(number, limit)

    @property
    def content_type(self) -> str | None:
        """The media type in lower case, without parameters; None without one."""
        if self.first_of("content-type") is None:
            return None
        return self._one("content-type", "Content-Type").partition(";")[0].strip(" \t").lower()

    @property
    def event(self) -> Event | None:
        """The Event header; None without one."""
        return parse_event(self._one("event", "Event")) if self.first_of("event") is not None else None

    def tokens(self, name: str) -> frozenset[str]:
        """A list of option tags in lower case, for they are compared without case (RFC 3261 §7.3.1)."""
        return frozenset([value.lower() for value in self._words(key_of(name))])

    @property
    def supported(self) -> frozenset[str]:
        return self.tokens("supported")

    @property
    def require(self) -> frozenset[str]:
        return self.tokens("require")

    @property
    def allow(self) -> frozenset[str]:
        """Methods, which are case-sensitive."""
        return frozenset(self._words("allow"))

    def _words(self, key: str) -> list[str]:
        """A list of tokens; some write a comma behind the last one."""
        values = [value.strip(" \t") for line in self.all_of(key) for value in line.split(",")]
        return [value for value in values if value]


class Request(Message):
    """A request; `version` is SIP/2.0 in every sound one."""

    __slots__ = ("_parsed_uri", "_uri", "method", "version")

    def __init__(self, method: str, uri: str, fields: Iterable[tuple[str, str]] = (), body: bytes = b"") -> None:
        super().__init__(fields, body)
        self.method: str = _sound_word(method)
        self.version: str = "SIP/2.0"
        self._uri: str = _sound_word(uri)
        self._parsed_uri: Uri | None = None

    @property
    def uri(self) -> str:
        """The Request-URI as sent."""
        return self._uri

    @uri.setter
    def uri(self, uri: str) -> None:
        self._uri = _sound_word(uri)
        self._parsed_uri = None

    @property
    def request_uri(self) -> Uri:
        """The Request-URI, parsed."""
        uri = self._parsed_uri
        if uri is None:
            try:
                uri = self._parsed_uri = parse_uri(self._uri)
            except ProtocolViolation as violation:
                raise ProtocolViolation(f"Request-URI: {violation.reason}", violation.status) from None
        return uri

    def take_start(self, method: str, uri: str, version: str) -> None:
        """Take a request line that is sound enough to be answered, though not more."""
        self.method, self._uri, self.version = method, uri, version

    def start_line(self) -> str:
        return f"{self.method} {self._uri} {self.version}"

    def __repr__(self) -> str:
        return f"<{self.start_line()}>"


class Response(Message):
    """A response; `reason` is free text."""

    __slots__ = ("reason", "status")

    def __init__(
        self, status: int, reason: str | None = None, fields: Iterable[tuple[str, str]] = (), body: bytes = b""
    ) -> None:
        super().__init__(fields, body)
        self.status = status
        self.reason = _sound_text(REASONS.get(status, "Unknown") if reason is None else reason)

    def start_line(self) -> str:
        return f"SIP/2.0 {self.status} {self.reason}"

    def __repr__(self) -> str:
        return f"<{self.start_line()}>"


def parse_message(data: bytes) -> Request | Response:
    """Split one complete message. Raises ProtocolViolation for what is no SIP message and cannot be answered.

    A request whose parts are malformed is returned, so that it can be answered: `sipcore.validation` judges it.
    """
    head, end, payload = data.partition(b"\r\n\r\n")
    if not end:
        head, end, payload = _unended(data)
    if head[:2] == b"\r\n":
        head = head.lstrip(b"\r\n")
    text = head.decode("utf-8", "surrogateescape")
    if "\r\n " in text or ("\t" in text and "\r\n\t" in text):
        text = _FOLD.sub(" ", text)
    lines = text.split("\r\n")
    # A lone CR or LF would become a line of its own in what we copy this into.
    joined = "".join(lines)
    if "\n" in joined or "\r" in joined:
        raise ProtocolViolation("Line break that is not CRLF")
    if len(lines) > MAX_FIELDS:
        raise ProtocolViolation("Too many header fields", 513)
    start = lines[0]
    del lines[0]
    message = _parse_response(start) if start[:4].upper() == "SIP/" else _parse_request(start)
    message.take(lines, payload)
    return message


def _unended(data: bytes) -> tuple[bytes, bytes, bytes]:
    """A header that stops without its empty line, with a stray line so that it is answered 400."""
    if not data.endswith(b"\r\n"):
        raise ProtocolViolation("No end of the header")
    return data + b"No empty line after the header", b"", b""


def _parse_request(line: str) -> Request:
    parts = line.split(" ")
    if len(parts) == 3 and parts[2] == "SIP/2.0" and parts[0] and parts[1]:
        return Request(parts[0], parts[1])
    method, _, rest = line.partition(" ")
    uri, _, version = rest.strip(" ").rpartition(" ")
    uri = uri.rstrip(" ")
    if not method or not uri or version[:4].upper() != "SIP/":
        raise ProtocolViolation("Neither a request nor a response")
    request = Request(method, "malformed:")
    request.take_start(method, uri, version)
    return request


def _parse_response(line: str) -> Response:
    match = _STATUS_LINE.fullmatch(line)
    if match is None:
        raise ProtocolViolation("Malformed status line")
    return Response(int(match[1]), match[2] or "")


def _address(text: str, name: str) -> NameAddr:
    try:
        return parse_name_addr(text)
    except ProtocolViolation as violation:
        raise ProtocolViolation(f"Malformed {name}: {violation.reason}", violation.status) from None


def _addresses(lines: list[str], name: str) -> list[NameAddr]:
    """The addresses in these values of one header."""
    try:
        return [parse_name_addr(value) for line in lines for value in split_values(line)]
    except ProtocolViolation as violation:
        raise ProtocolViolation(f"Malformed {name}: {violation.reason}", violation.status) from None


def _sound_text(text: str) -> str:
    if "\n" in text or "\r" in text:
        raise LocalMisuse(f"Line break in a start line: {text!r}")
    return text


def _sound_word(text: str) -> str:
    if not text or " " in text:
        raise LocalMisuse(f"Method or Request-URI with a space, or empty: {text!r}")
    return _sound_text(text)
