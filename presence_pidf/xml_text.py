"""Text as it may stand in XML 1.0, whatever the peer sent."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What is not a Char of XML 1.0 §2.2: control characters, lone surrogates, U+FFFE and U+FFFF."""

_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)

_URI_CHARACTERS = "!$&'()*+,-./:;=?@_~[]"
"""Unescaped in a URI (RFC 3986 §2.2, §2.3); `#` is not: no SIP or tel URI has a fragment."""

_STRAY_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")


def escape(text: str) -> str:
    """Make text fit for an element or a double-quoted attribute; what XML cannot carry becomes U+FFFD."""
    return _FORBIDDEN.sub("\ufffd", text).translate(_ESCAPES)


def escape_uri(uri: str) -> str:
    """Make a URI fit for a place of type xs:anyURI: percent-encode what no URI may hold, then escape."""
    encoded = quote(_STRAY_PERCENT.sub("%25", uri), safe=_URI_CHARACTERS + "%", errors="replace")
    return escape(encoded)


def attributes(pairs: Iterable[tuple[str, str]]) -> str:
    """Render the attributes that have a value, each with a blank before it."""
    return "".join(f' {name}="{escape(value)}"' for name, value in pairs if value)


def date_time(at: float) -> str:
    """UTC epoch seconds as xs:dateTime, to the second."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
