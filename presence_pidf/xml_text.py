"""Text as it may stand in XML 1.0, whatever the peer sent."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from urllib.parse import quote

_FORBIDDEN: Final = "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
"""What is not a Char of XML 1.0 §2.2: control characters, lone surrogates, U+FFFE and U+FFFF."""

_REPLACED: Final = re.compile(f'{_FORBIDDEN}|[&<>"\t\n\r]')

_ESCAPES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}

_PLAIN_URI: Final = re.compile(r"[A-Za-z0-9!$'()*+,\-./:;=?@_~\[\]]*")
"""What needs neither percent-encoding nor escaping (RFC 3986 §2.2, §2.3); not `#`, for no SIP URI has a fragment."""

_URI_CHARACTERS: Final = "!$&'()*+,-./:;=?@_~[]%"

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*")

_STRAY_PERCENT: Final = re.compile("%(?![0-9A-Fa-f]{2})")


def _escape_one(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0], "\ufffd")


def escape(text: str) -> str:
    """Make text fit for an element or a double-quoted attribute; what XML cannot carry becomes U+FFFD."""
    # Most text is fit, and what can be printed is what XML can carry.
    if text.isprintable() and not ("&" in text or "<" in text or ">" in text or '"' in text):
        return text
    return _REPLACED.sub(_escape_one, text)


@lru_cache(maxsize=4096)
def escape_uri(uri: str) -> str:
    """Make a URI fit for a place of type xs:anyURI: percent-encode what no URI may hold, then escape.

    It is a person's mostly, whose state is told again and again.
    """
    if _PLAIN_URI.fullmatch(uri):
        return uri
    return escape(quote(_STRAY_PERCENT.sub("%25", uri), safe=_URI_CHARACTERS, errors="replace"))


@lru_cache(maxsize=4096)
def identifier(text: str) -> str:
    """Make text fit for an attribute of type xs:ID, which a name of letters, digits, `.`, `-` and `_` is already."""
    if _NAME.fullmatch(text):
        return text
    return "_" + re.sub(r"[^A-Za-z0-9._-]", "_", text)


def attributes(pairs: Iterable[tuple[str, str]]) -> str:
    """Render the attributes that have a value, each with a blank before it."""
    return "".join(f' {name}="{escape(value)}"' for name, value in pairs if value)


@lru_cache(maxsize=4096)
def date_time(at: float) -> str:
    """UTC epoch seconds as xs:dateTime, to the second. A person's state is told again and again with the same ones."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
