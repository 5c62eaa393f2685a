"""SIP requests and responses (RFC 3261 §7): parsed lazily, edited in place, written back as bytes.

Parsing splits; a header is read when it is first asked for, and kept until the message is edited.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, NamedTuple, Self, TypeVar, overload

from sipcore.address import NameAddr, parse_name_addr
from sipcore.errors import LocalMisuse, ProtocolViolation
from sipcore.header import KEYS, LIST_KEYS, USUAL_KEYS, Params, field_key, is_token, parse_params, split_values
from sipcore.memo import remembered
from sipcore.reasons import REASONS
from sipcore.uri import Uri, parse_uri
from sipcore.via import Via, parse_via

__all__ = ["METHODS", "REASONS", "CSeq", "Event", "Message", "Request", "Response", "parse_message", "response_to"]

_REGISTERED = "ACK BYE CANCEL INFO INVITE MESSAGE NOTIFY OPTIONS PRACK PUBLISH REFER REGISTER SUBSCRIBE UPDATE"
METHODS = frozenset(_REGISTERED.split())
"""All registered methods; which of them are allowed is another question (405 or 501)."""

MAX_FIELDS = 512
"""Header lines in one message; a longer one is no message but an attack."""
MAX_DELTA_SECONDS = 2**32 - 1
"""Larger times are read as this (RFC 3261 §20.19)."""

_NO_FIELD = ""
"""Under this key are lines that are no header fields."""

_FOLD = re.compile(r"[ \t]*\r\n[ \t]+")
_CSEQ = re.compile(r"([0-9]{1,10})[ \t]+([A-Za-z0-9\-.!%*_+`'~]+)")
_DIGITS = re.compile(r"[0-9]+")
_TAG = re.compile(r";[ \t]*tag[ \t]*=", re.IGNORECASE)
_REQUEST_LINE = re.compile(r"([^ ]++) +(.*[^ ]) +(SIP/[^ ]++) *", re.DOTALL | re.IGNORECASE)
_STATUS_LINE = re.compile(r"SIP/2\.0 ([1-6][0-9][0-9])(?: (.*))?", re.DOTALL | re.IGNORECASE)

_LENGTH_INITIALS = frozenset("cClL ")
_READ_FROM = {
    "allow": ("allow",),
    "call-id": ("call_id",),
    "contact": ("contacts", "contact_star"),
    "content-length": ("content_length",),
    "content-type": ("content_type",),
    "cseq": ("cseq",),
    "event": ("event",),
    "expires": ("expires",),
    "from": ("from_",),
    "max-forwards": ("max_forwards",),
    "path": ("paths",),
    "record-route": ("record_routes",),
    "require": ("require",),
    "route": ("routes",),
    "supported": ("supported",),
    "to": ("to",),
    "via": ("via", "vias"),
}
"""The accessors that read a header, by its key."""

_T = TypeVar("_T")


class CSeq(NamedTuple):
    """Sequence number and method (RFC 3261 §20.16)."""

    number: int
    method: str


class Event(NamedTuple):
    """Event package and parameters (RFC 6665 §8.2.1); the package as sent, for it is case-sensitive."""

    package: str
    params: Params


class _Read(Generic[_T]):
    """An accessor that is computed once: its value shadows it in the instance until its header is edited."""

    def __init__(self, compute: Callable[..., _T]) -> None:
        self._compute = compute
        self._name = compute.__name__
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, message: None, owner: type) -> Self: ...
    @overload
    def __get__(self, message: "Message", owner: type) -> _T: ...
    def __get__(self, message: "Message | None", owner: type) -> Self | _T:
        if message is None:
            return self
        value = self._compute(message)
        message.__dict__[self._name] = value
        return value


class Message:
    """What requests and responses share. Accessors raise ProtocolViolation naming the missing or malformed header."""

    # The message itself is in the slots; the dictionary holds only what was read from it.
    __slots__ = ("__dict__", "_cut", "_lines", "_payload")

    def __init__(self, fields: Iterable[tuple[str, str]] = (), body: bytes = b"") -> None:
        self._lines = [_sound_line(name, value) for name, value in fields]
        self._payload = body
        # Whether the payload ends where the body does: a datagram may go on.
        self._cut = True

    def start_line(self) -> str:
        """The first line of the message, without line break."""
        raise NotImplementedError

    # --- fields

    @property
    def fields(self) -> Sequence[tuple[str, str]]:
        """Names and values in order, as sent; edit them with the methods below."""
        pairs = [line.partition(":") for line in self._lines]
        return [(name.rstrip(" \t"), value.strip(" \t")) for name, _, value in pairs]

    @_Read
    def _index(self) -> dict[str, list[str]]:
        index: dict[str, list[str]] = {}
        usual = KEYS.get
        for line in self._lines:
            name, colon, value = line.partition(":")
            key = usual(name)
            if key is None or not colon:
                key, value = (field_key(name), value) if colon else (_NO_FIELD, line)
            if key in index:
                index[key].append(value.strip(" \t"))
            else:
                index[key] = [value.strip(" \t")]
        return index

    def header(self, name: str) -> str | None:
        """The first field of this name as sent (a list is not split), None without one; compact names are known."""
        values = self._index.get(field_key(name))
        return values[0] if values else None

    def headers(self, name: str) -> list[str]:
        """All values of this name in order; comma-separated lists are split."""
        key = field_key(name)
        lines = self._index.get(key)
        if lines is None:
            return []
        if key not in LIST_KEYS:
            return list(lines)
        if len(lines) == 1:
            return split_values(lines[0])
        return [value for line in lines for value in split_values(line)]

    def has(self, name: str) -> bool:
        """True if there is a field of this name."""
        return field_key(name) in self._index

    @property
    def malformed_line(self) -> str | None:
        """A header line that is no field, or an unsound field name; None in a sound message."""
        if USUAL_KEYS.issuperset(self._index):
            return None
        unsound = (key or values[0] for key, values in self._index.items() if not is_token(key))
        return next(unsound, None)

    def add(self, name: str, value: str) -> None:
        """Add a field at the end."""
        line, key = _sound_line(name, value), field_key(name)
        # The index first: when it is read only now, it must not find the new line.
        self._index.setdefault(key, []).append(value)
        self._lines.append(line)
        self._forget(key)

    def prepend(self, name: str, value: str) -> None:
        """Add a field before all others, as Via and Record-Route are."""
        line, key = _sound_line(name, value), field_key(name)
        self._index.setdefault(key, []).insert(0, value)
        self._lines.insert(0, line)
        self._forget(key)

    def set(self, name: str, value: str) -> None:
        """Put one field in the place of all fields of this name."""
        line = _sound_line(name, value)
        key = field_key(name)
        at = self._place(key)
        self.remove(name)
        self._lines.insert(at, line)
        self._index[key] = [value]

    def remove(self, name: str) -> None:
        """Take away all fields of this name."""
        key = field_key(name)
        if self._index.pop(key, None) is not None:
            self._lines = [line for line in self._lines if _key_of(line) != key]
            self._forget(key)

    def replace_first(self, name: str, value: str | None) -> None:
        """Put `value` in the place of the first value of a list header, leaving the rest; None takes it away.

        So a hop notes `received` in the top Via, or takes its Route. Raises ProtocolViolation when there is none.
        """
        key = field_key(name)
        lines = self._index.get(key)
        if lines is None:
            raise ProtocolViolation(f"Missing {name}")
        values = split_values(lines[0])[1:]
        if value is not None:
            values.insert(0, value)
        at = self._place(key)
        if values:
            lines[0] = ", ".join(values)
            self._lines[at] = _sound_line(name, lines[0])
        else:
            del self._lines[at], lines[0]
            if not lines:
                del self._index[key]
        self._forget(key)

    def _place(self, key: str) -> int:
        """Where the first line of this key is; the end without one."""
        for at, line in enumerate(self._lines):
            if _key_of(line) == key:
                return at
        return len(self._lines)

    def _forget(self, key: str) -> None:
        """Read these headers anew when they are next asked for."""
        for accessor in _READ_FROM.get(key, ()):
            self.__dict__.pop(accessor, None)

    # --- body

    @_Read
    def content_length(self) -> int | None:
        """Content-Length in bytes as sent, None without one."""
        lengths = set(self._index.get("content-length", ()))
        if not lengths:
            return None
        length = _whole_number(lengths.pop())
        if lengths or length is None or length > MAX_DELTA_SECONDS:
            raise ProtocolViolation("Malformed Content-Length")
        return length

    @property
    def truncated(self) -> bool:
        """True when fewer bytes came than Content-Length promised (RFC 3261 §18.3)."""
        return len(self._payload) < (self.content_length or 0)

    @property
    def body(self) -> bytes:
        """The body; of a received message the bytes that Content-Length counts (RFC 3261 §18.3)."""
        if self._cut:
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
        lines += [line for line in self._lines if line[:1] not in _LENGTH_INITIALS or _key_of(line) != "content-length"]
        lines.append(f"Content-Length: {len(body)}\r\n\r\n")
        return "\r\n".join(lines).encode("utf-8", "surrogateescape") + body

    # --- headers that have a form

    def _one(self, key: str, name: str) -> str:
        """The only field of this name."""
        values = self._index.get(key)
        if values is None:
            raise ProtocolViolation(f"Missing {name}")
        if len(values) > 1:
            raise ProtocolViolation(f"More than one {name}")
        return values[0]

    @_Read
    def vias(self) -> list[Via]:
        """All Vias, the top one first."""
        return [parse_via(value) for value in self.headers("via")]

    @_Read
    def via(self) -> Via:
        """The top Via."""
        lines = self._index.get("via")
        if not lines:
            raise ProtocolViolation("Missing Via")
        top = lines[0]
        return parse_via(split_values(top)[0] if "," in top else top)

    @_Read
    def from_(self) -> NameAddr:
        return _address(self._one("from", "From"), "From")

    @_Read
    def to(self) -> NameAddr:
        return _address(self._one("to", "To"), "To")

    @_Read
    def call_id(self) -> str:
        value = self._one("call-id", "Call-ID")
        if not value or " " in value or "\t" in value:
            raise ProtocolViolation("Malformed Call-ID")
        return value

    @_Read
    def cseq(self) -> CSeq:
        return _cseq(self._one("cseq", "CSeq"))

    @_Read
    def contact_star(self) -> bool:
        """True for `Contact: *` (RFC 3261 §10.2.2)."""
        return self._index.get("contact") == ["*"]

    @_Read
    def contacts(self) -> list[NameAddr]:
        """All Contacts; empty for `*`."""
        if "contact" not in self._index or self.contact_star:
            return []
        return self._addresses("Contact")

    @_Read
    def routes(self) -> list[NameAddr]:
        return self._addresses("Route")

    @_Read
    def record_routes(self) -> list[NameAddr]:
        return self._addresses("Record-Route")

    @_Read
    def paths(self) -> list[NameAddr]:
        """The Path vector (RFC 3327)."""
        return self._addresses("Path")

    def _addresses(self, name: str) -> list[NameAddr]:
        try:
            return [parse_name_addr(value) for value in self.headers(name)]
        except ProtocolViolation as violation:
            raise ProtocolViolation(f"Malformed {name}: {violation.reason}", violation.status) from None

    @_Read
    def expires(self) -> int | None:
        """Expires in seconds; None without one."""
        return self._number("expires", "Expires", MAX_DELTA_SECONDS)

    @_Read
    def max_forwards(self) -> int | None:
        """Max-Forwards; None without one. Above 255 is malformed (RFC 3261 §20.22)."""
        hops = self._number("max-forwards", "Max-Forwards", 256)
        if hops == 256:
            raise ProtocolViolation("Malformed Max-Forwards")
        return hops

    def _number(self, key: str, name: str, limit: int) -> int | None:
        if key not in self._index:
            return None
        number = _whole_number(self._one(key, name))
        if number is None:
            raise ProtocolViolation(f"Malformed {name}")
        return min(number, limit)

    @_Read
    def content_type(self) -> str | None:
        """The media type in lower case, without parameters; None without one."""
        if "content-type" not in self._index:
            return None
        return self._one("content-type", "Content-Type").partition(";")[0].strip(" \t").lower()

    @_Read
    def event(self) -> Event | None:
        """The Event header; None without one."""
        if "event" not in self._index:
            return None
        package, semicolon, params = self._one("event", "Event").partition(";")
        return Event(package.strip(" \t"), parse_params(semicolon + params))

    def tokens(self, name: str) -> frozenset[str]:
        """A list of option tags in lower case, for they are compared without case (RFC 3261 §7.3.1)."""
        return frozenset([value.lower() for value in self.headers(name)])

    @_Read
    def supported(self) -> frozenset[str]:
        return self.tokens("supported")

    @_Read
    def require(self) -> frozenset[str]:
        return self.tokens("require")

    @_Read
    def allow(self) -> frozenset[str]:
        """Methods, which are case-sensitive."""
        return frozenset(self.headers("allow"))


class Request(Message):
    """A request; `version` is SIP/2.0 in every sound one."""

    __slots__ = ("_uri", "method", "version")

    def __init__(self, method: str, uri: str, fields: Iterable[tuple[str, str]] = (), body: bytes = b"") -> None:
        super().__init__(fields, body)
        self.method = method
        self.version = "SIP/2.0"
        self._uri = _sound_text(uri)

    @property
    def uri(self) -> str:
        """The Request-URI as sent."""
        return self._uri

    @uri.setter
    def uri(self, uri: str) -> None:
        self._uri = _sound_text(uri)
        self.__dict__.pop("request_uri", None)

    @_Read
    def request_uri(self) -> Uri:
        """The Request-URI, parsed."""
        try:
            return parse_uri(self._uri)
        except ProtocolViolation as violation:
            raise ProtocolViolation(f"Request-URI: {violation.reason}", violation.status) from None

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
    if "\r\n " in text or "\r\n\t" in text:
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
    message._lines = lines
    message._payload = payload
    message._cut = False
    return message


def _unended(data: bytes) -> tuple[bytes, bytes, bytes]:
    """A header that stops without its empty line, with a stray line so that it is answered 400."""
    if not data.endswith(b"\r\n"):
        raise ProtocolViolation("No end of the header")
    return data + b"No empty line after the header", b"", b""


def _parse_request(line: str) -> Request:
    request = Request.__new__(Request)
    parts = line.split(" ")
    if len(parts) == 3 and parts[2] == "SIP/2.0":
        request.method, request._uri, request.version = parts
        return request
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        raise ProtocolViolation("Neither a request nor a response")
    request.method, request._uri, request.version = match.groups()
    return request


def _parse_response(line: str) -> Response:
    match = _STATUS_LINE.fullmatch(line)
    if match is None:
        raise ProtocolViolation("Malformed status line")
    response = Response.__new__(Response)
    response.status = int(match[1])
    response.reason = match[2] or ""
    return response


def response_to(
    request: Request,
    status: int,
    reason: str | None = None,
    *,
    to_tag: str | None = None,
    fields: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    content_type: str | None = None,
    record_route: bool = False,
) -> Response:
    """Make a response by RFC 3261 §8.2.6: Via, From, To, Call-ID and CSeq as they came, Timestamp too in a 100.

    `to_tag` is added to a To that has none. `record_route` copies Record-Route, as a response that makes a dialog must
    (§12.1.1). What a malformed request lacks, its response lacks too. An unset reason is the usual one.
    """
    index = request._index
    copied = [("Via", value) for value in index.get("via", ())]
    if record_route:
        copied += [("Record-Route", value) for value in index.get("record-route", ())]
    copied += [("From", value) for value in index.get("from", ())[:1]]
    for value in index.get("to", ())[:1]:
        copied.append(("To", f"{value};tag={to_tag}" if to_tag and not _has_tag(request, value) else value))
    copied += [("Call-ID", value) for value in index.get("call-id", ())[:1]]
    copied += [("CSeq", value) for value in index.get("cseq", ())[:1]]
    if status == 100:
        copied += [("Timestamp", value) for value in index.get("timestamp", ())[:1]]
    copied += fields
    if content_type is not None:
        copied.append(("Content-Type", content_type))
    return Response(status, reason, copied, body)


def _cseq(text: str) -> CSeq:
    number, _, method = text.partition(" ")
    if method in METHODS and len(number) < 10 and number.isdecimal() and number.isascii():
        return CSeq(int(number), method)
    match = _CSEQ.fullmatch(text)
    # Below 2**31 (RFC 3261 §8.1.1.5).
    if match is None or int(match[1]) >= 2**31:
        raise ProtocolViolation("Malformed CSeq")
    return CSeq(int(match[1]), match[2])


@remembered
def _whole_number(text: str) -> int | None:
    """The number that these digits are, 2**64 for any above; None for what is no number."""
    if not _DIGITS.fullmatch(text):
        return None
    digits = text.lstrip("0") or "0"
    # int() of a long text is slow, or refused.
    return min(int(digits), 2**64) if len(digits) < 21 else 2**64


def _has_tag(request: Request, to: str) -> bool:
    try:
        return request.to.tag is not None
    except ProtocolViolation:
        return _TAG.search(to.rpartition(">")[2]) is not None


def _address(text: str, name: str) -> NameAddr:
    try:
        return parse_name_addr(text)
    except ProtocolViolation as violation:
        raise ProtocolViolation(f"Malformed {name}: {violation.reason}", violation.status) from None


def _key_of(line: str) -> str:
    return field_key(line.partition(":")[0])


def _sound_line(name: str, value: str) -> str:
    """Write a field, refusing one that would break out of its line (header injection)."""
    line = f"{name}: {value}"
    if "\n" in line or "\r" in line or ":" in name:
        raise LocalMisuse(f"Line break in the header {name!r}: {value!r}")
    return line


def _sound_text(text: str) -> str:
    if "\n" in text or "\r" in text:
        raise LocalMisuse(f"Line break in a start line: {text!r}")
    return text
