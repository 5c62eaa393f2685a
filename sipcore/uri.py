"""SIP, SIPS and tel URIs (RFC 3261 §19.1, RFC 3966), their comparison and the address-of-record they stand for."""

import re
from typing import Final
from urllib.parse import unquote as _unescape_all

from sipcore.errors import ProtocolViolation
from sipcore.header import Params, format_params
from sipcore.memo import ADDRESS, remembered
from sipcore.structs import Value
from sipcore.text import as_text

_SIP_URI: Final = re.compile(
    r"""((?i:sips?)):                                # scheme
        (?:([^\s<>"@:]*+)(?::([^\s<>"@]*+))?@)?      # user, password
        (\[[0-9A-Fa-f:.]++\]|[A-Za-z0-9._-]++)       # host; underscores are against RFC 1123 but seen in the field
        (?::([0-9]{1,5}))?                           # port
        (;[^?\s<>"@]*+)?                             # parameters
        (?:\?([^\s<>"@]*+))?""",
    re.VERBOSE,
)
_PLAIN_SIP_URI: Final = re.compile(r"sip:([A-Za-z0-9\-_.!~*'()+]++)@([A-Za-z0-9._-]++)(?::([0-9]{1,5}))?")
"""What most phones are named by; the same as the whole grammar makes of it, in a third of the time."""
_TEL_URI: Final = re.compile(r"tel:(\+?[\-.()]*[0-9A-Fa-f*#][0-9A-Fa-f*#\-.()]*)(;[^\s<>\"]*)?", re.IGNORECASE)
_OTHER_URI: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):([^\s<>\"]+)")
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_VISUAL_SEPARATORS: Final = str.maketrans("", "", "-.()")
_RESERVED: Final = frozenset(";/?:@&=+$,")
# What stays escaped in an address-of-record, so that it still is one URI on one line.
_NEVER_BARE: Final = frozenset('@:%<>"\\ ')
_COMPARED_WHEN_IN_ONE = ("user", "ttl", "method", "maddr")


class SipUri(Value, frozen=True):
    """A SIP or SIPS URI. `user`, parameter and header values are as sent (escaped); `host` keeps IPv6 brackets."""

    scheme: str
    user: str | None
    password: str | None
    host: str
    port: int | None
    params: Params
    headers: Params

    def __str__(self) -> str:
        user = self.user
        if user is not None:
            user = f"{user}@" if self.password is None else f"{user}:{self.password}@"
        port = "" if self.port is None else f":{self.port}"
        return f"{self.scheme}:{user or ''}{self.host}{port}{format_params(self.params)}{_format_headers(self.headers)}"

    @property
    def unescaped_user(self) -> str:
        """The user part as a person or a dialplan reads it; empty without one. May hold any character."""
        return unescape(self.user or "")

    @property
    def address(self) -> str:
        """The host without IPv6 brackets, as sockets want it."""
        return self.host.strip("[]")

    @property
    def aor(self) -> str:
        """The address-of-record `sip:user@host` (RFC 3261 §10.3 step 5): escapes undone, no port, no parameters.

        A SIPS URI stands for the same user as its SIP URI. Control characters and delimiters stay escaped.
        """
        host = self.host.lower()
        if not self.user:
            return f"sip:{host}"
        user = self.user
        if "%" in user:
            user = _ESCAPE.sub(_unescape_where_safe, user)
        return f"sip:{user}@{host}"

    def equivalent(self, other: "Uri") -> bool:
        """True if both are the same by RFC 3261 §19.1.4."""
        if not isinstance(other, SipUri):
            return False
        if (self.scheme, self.host.lower(), self.port) != (other.scheme, other.host.lower(), other.port):
            return False
        if not _same_text(self.user, other.user) or not _same_text(self.password, other.password):
            return False
        return self._params_match(other) and self._headers_match(other)

    def _params_match(self, other: "SipUri") -> bool:
        for name in self.params.keys() & other.params.keys():
            if not _same_text(self.params[name], other.params[name], fold=True):
                return False
        # `transport` too: the examples of §19.1.4 tell a URI without it from one with `transport=udp`.
        only_in_one = self.params.keys() ^ other.params.keys()
        return not only_in_one.intersection((*_COMPARED_WHEN_IN_ONE, "transport"))

    def _headers_match(self, other: "SipUri") -> bool:
        return self.headers.keys() == other.headers.keys() and all(
            _same_text(value, other.headers[name], fold=True) for name, value in self.headers.items()
        )


class TelUri(Value, frozen=True):
    """A telephone number as URI (RFC 3966); `number` as sent, with visual separators."""

    number: str
    params: Params

    @property
    def scheme(self) -> str:
        return "tel"

    @property
    def digits(self) -> str:
        """The number without visual separators; a leading `+` stays."""
        return self.number.translate(_VISUAL_SEPARATORS)

    @property
    def aor(self) -> str:
        return f"tel:{self.digits}"

    def __str__(self) -> str:
        return f"tel:{self.number}{format_params(self.params)}"

    def equivalent(self, other: "Uri") -> bool:
        """True if both are the same by RFC 3966 §4."""
        return (
            isinstance(other, TelUri)
            and self.digits.lower() == other.digits.lower()
            and self.params.keys() == other.params.keys()
            and all(_same_text(value, other.params[name], fold=True) for name, value in self.params.items())
        )


class OtherUri(Value, frozen=True):
    """A URI of a scheme that we only carry (RFC 3261 §8.2.2.1: as a Request-URI it is answered 416)."""

    scheme: str
    rest: str

    @property
    def aor(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return f"{self.scheme}:{self.rest}"

    def equivalent(self, other: "Uri") -> bool:
        """True if both have the same text."""
        return self == other


Uri = SipUri | TelUri | OtherUri


@remembered(*ADDRESS)
def parse_uri(text: str) -> Uri:
    """Parse one URI, without angle brackets or white space around. Raises ProtocolViolation."""
    return read_uri(text)


def read_uri(text: str) -> Uri:
    """As `parse_uri`, for who remembers the result by itself."""
    match = _PLAIN_SIP_URI.fullmatch(text)
    if match is not None:
        user, host, port = match.groups()
        return SipUri("sip", user, None, host, None if port is None else _port(port), {}, {})
    match = _SIP_URI.fullmatch(text)
    if match is not None:
        return _sip_uri(match)
    scheme = text.partition(":")[0].lower()
    match = _TEL_URI.fullmatch(text)
    if match is not None:
        return TelUri(match[1], _uri_params(match[2]))
    match = _OTHER_URI.fullmatch(text)
    if match is None or scheme in ("sip", "sips", "tel"):
        raise ProtocolViolation(f"Malformed {scheme if scheme.isalnum() else ''} URI".replace("  ", " "))
    return OtherUri(scheme, match[2])


def dialled_of(uri: Uri) -> str:
    """What a URI dials: its user part without escapes and the parameters of a telephone number (RFC 3261 §19.1.6)."""
    if isinstance(uri, SipUri):
        return as_text(uri.unescaped_user.partition(";")[0])
    return uri.digits if isinstance(uri, TelUri) else as_text(str(uri))


def unescape(text: str) -> str:
    """Undo %-escapes; bytes that are not UTF-8 survive as surrogates."""
    return _unescape_all(text, errors="surrogateescape") if "%" in text else text


def _sip_uri(match: re.Match[str]) -> SipUri:
    scheme, user, password, host, port, params, headers = match.groups()
    if user == "" or ("%" in match[0] and _BAD_ESCAPE.search(match[0])):
        raise ProtocolViolation("Malformed user part or escape in a SIP URI")
    return SipUri(
        scheme.lower(),
        user,
        password,
        host,
        None if port is None else _port(port),
        _uri_params(params) if params else {},
        _headers(headers) if headers else {},
    )


def _port(digits: str) -> int:
    port = int(digits)
    if port > 65535:
        raise ProtocolViolation("Port above 65535")
    return port


def _uri_params(text: str | None) -> dict[str, str | None]:
    params: dict[str, str | None] = {}
    for piece in text.split(";")[1:] if text else ():
        name, equals, value = piece.partition("=")
        if not name:
            raise ProtocolViolation("URI parameter without a name")
        if "%" in name:
            name = _ESCAPE.sub(_unescape_unreserved, name)
        params[name.lower()] = value if equals else None
    return params


def _format_headers(headers: Params) -> str:
    if not headers:
        return ""
    return "?" + "&".join([name if value is None else f"{name}={value}" for name, value in headers.items()])


def _headers(text: str) -> dict[str, str | None]:
    headers: dict[str, str | None] = {}
    for piece in text.split("&"):
        name, equals, value = piece.partition("=")
        if not name:
            raise ProtocolViolation("URI header without a name")
        headers[name.lower()] = value if equals else None
    return headers


def _unescape_where_safe(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    if " " < character < "\x7f" and character not in _NEVER_BARE:
        return character
    return match[0].upper()


def _unescape_unreserved(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    if " " < character < "\x7f" and character not in _RESERVED and character not in _NEVER_BARE:
        return character
    return match[0].upper()


def _same_text(one: str | None, other: str | None, *, fold: bool = False) -> bool:
    """Equal where characters outside the reserved set match their escapes (RFC 3261 §19.1.4)."""
    if one == other:
        return True
    if one is None or other is None:
        return False
    one = _ESCAPE.sub(_unescape_unreserved, one)
    other = _ESCAPE.sub(_unescape_unreserved, other)
    return one.lower() == other.lower() if fold else one == other
