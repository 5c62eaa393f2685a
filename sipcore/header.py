"""Header fields: their names, compact forms, comma-separated values and parameters (RFC 3261 §7.3 and §25.1)."""

import re
from collections.abc import Mapping
from typing import Final

from sipcore.errors import ProtocolViolation

Params = Mapping[str, str | None]
"""Parameters in order; names in lower case, values as sent (quotes kept), None for a parameter without `=`."""

_COMPACT: Final = {
    "a": "accept-contact",
    "b": "referred-by",
    "c": "content-type",
    "d": "request-disposition",
    "e": "content-encoding",
    "f": "from",
    "i": "call-id",
    "j": "reject-contact",
    "k": "supported",
    "l": "content-length",
    "m": "contact",
    "n": "identity-info",
    "o": "event",
    "r": "refer-to",
    "s": "subject",
    "t": "to",
    "u": "allow-events",
    "v": "via",
    "x": "session-expires",
    "y": "identity",
}
# The spellings seen on the wire, so that the usual name costs one look-up instead of a strip, a lower and a look-up.
_USUAL: Final = (
    "Accept Accept-Encoding Accept-Language Alert-Info Allow Allow-Events Authorization CSeq Call-ID Call-Id Call-Info "
    "Contact Content-Disposition Content-Encoding Content-Language Content-Length Content-Type Date Event Expires From "
    "Max-Forwards Min-Expires Min-SE P-Asserted-Identity Path Proxy-Authenticate Proxy-Authorization Proxy-Require "
    "RAck RSeq Reason Record-Route Refer-To Referred-By Replaces Require Retry-After Route SIP-ETag SIP-If-Match "
    "Server Session-Expires Subject Subscription-State Supported Timestamp To Unsupported User-Agent Via "
    "WWW-Authenticate Warning"
)


KEYS: Final = {
    **_COMPACT,
    **{compact.upper(): key for compact, key in _COMPACT.items()},
    **{name: name.lower() for name in _USUAL.split()},
    **{name.lower(): name.lower() for name in _USUAL.split()},
}
"""The key of each name in common use, as it is spelled on the wire."""
USUAL_KEYS: Final = frozenset(KEYS.values())
"""Keys of the headers in common use."""

_LISTS: Final = (
    "accept accept-encoding accept-language alert-info allow allow-events call-info contact content-encoding "
    "content-language diversion error-info history-info in-reply-to p-asserted-identity p-preferred-identity path "
    "proxy-require reason record-route remote-party-id require route service-route supported unsupported via warning"
)
LIST_KEYS: Final = frozenset(_LISTS.split())
"""Keys of the headers whose grammar is a comma-separated list, so that one line may carry several values."""

# COMPAT(Python 3.11.2, Debian 12): a group that is repeated possessively stands wrong after an alternative has failed
# in its midst, so groups are atomic instead.
_QUOTED: Final = r'"(?>(?:[^"\\]++|\\.)*)"'
_LIST_VALUE: Final = re.compile(rf"(?>(?:[^,\"<]++|{_QUOTED}|<[^>]*+>)+)", re.DOTALL)
_PARAMETER: Final = re.compile(rf"(?>(?:[^;\"]++|{_QUOTED})+)", re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_TO_ESCAPE: Final = re.compile(r'(["\\])')
_TOKEN: Final = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")


def key_of(name: str) -> str:
    """The key of a header name: lower case, compact form written out (RFC 3261 §7.3.3)."""
    key = KEYS.get(name)
    if key is None:
        key = name.strip(" \t").lower()
        key = _COMPACT.get(key, key)
    return key


def is_token(text: str) -> bool:
    """True for one `token` of RFC 3261 §25.1."""
    return _TOKEN.fullmatch(text) is not None


def split_values(text: str) -> list[str]:
    """Split a comma-separated list, not inside quotes or angle brackets. Raises ProtocolViolation for empty values."""
    if "," not in text:
        return [text]
    if '"' not in text and "<" not in text:
        values = [value.strip(" \t") for value in text.split(",")]
    else:
        values = []
        at = 0
        while at <= len(text):
            match = _LIST_VALUE.match(text, at)
            end = match.end() if match else at
            if end < len(text) and text[end] != ",":
                raise ProtocolViolation("Unbalanced quotes or brackets in a header")
            values.append(text[at:end].strip(" \t"))
            at = end + 1
    if "" in values:
        raise ProtocolViolation("Empty value in a comma-separated header")
    return values


def parse_params(text: str) -> dict[str, str | None]:
    """Parse `;name=value;flag`; the text is empty or begins with a semicolon."""
    if not text:
        return {}
    if text[:5] == ";tag=" and _TOKEN.fullmatch(text, 5):
        return {"tag": text[5:]}  # all that most addresses have
    pieces = text.split(";") if '"' not in text else _quoted_pieces(text)
    if pieces[0].strip(" \t"):
        raise ProtocolViolation("Text between a value and its parameters")
    params: dict[str, str | None] = {}
    spaced = " " in text or "\t" in text
    for piece in pieces[1:]:
        name, equals, value = piece.partition("=")
        if spaced:
            name, value = name.strip(" \t"), value.strip(" \t")
        if not name:
            raise ProtocolViolation("Parameter without a name")
        params[name.lower()] = value if equals else None
    return params


def _quoted_pieces(text: str) -> list[str]:
    pieces = []
    at = 0
    while at <= len(text):
        match = _PARAMETER.match(text, at)
        end = match.end() if match else at
        if end < len(text) and text[end] != ";":
            raise ProtocolViolation("Unbalanced quotes in a header parameter")
        pieces.append(text[at:end])
        at = end + 1
    return pieces


def format_params(params: Params) -> str:
    """Write parameters back as `;name=value;flag`."""
    if not params:
        return ""
    return "".join([f";{name}" if value is None else f";{name}={value}" for name, value in params.items()])


def quote(text: str) -> str:
    """Write text as a quoted-string (RFC 3261 §25.1)."""
    if '"' in text or "\\" in text:
        text = _TO_ESCAPE.sub(r"\\\1", text)
    return f'"{text}"'


def unquote(text: str) -> str:
    """Read a quoted-string; text without quotes is returned as it is."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    inner = text[1:-1]
    return _ESCAPED.sub(r"\1", inner) if "\\" in inner else inner
