"""Addresses of From, To, Contact, Route and their like (RFC 3261 §20.10 and §25.1)."""

import re
from typing import Final

import msgspec

from sipcore.errors import ProtocolViolation
from sipcore.header import Params, format_params, parse_params, quote, split_values, unquote
from sipcore.memo import ADDRESS, remembered
from sipcore.structs import Value
from sipcore.uri import Uri, read_uri

_NAME: Final = r'(?:("(?>(?:[^"\\]++|\\.)*)")|([^"<>]*+))[ \t]*<([^<>"]*+)'
_OPEN_NAME_ADDR: Final = re.compile(_NAME, re.DOTALL)
_NAME_ADDR: Final = re.compile(rf"{_NAME}>[ \t]*(;.*)?", re.DOTALL)
# Without brackets the parameters belong to the header, and a URI with a comma or question mark needs brackets (§20).
_ADDR_SPEC: Final = re.compile(r'([^<>"\s;,?]+)[ \t]*(;.*)?', re.DOTALL)


class NameAddr(Value, frozen=True):
    """A display name (unquoted, empty for none), a URI and the header's parameters."""

    display: str
    uri: Uri
    params: Params = msgspec.field(default_factory=dict)

    @property
    def tag(self) -> str | None:
        """The tag parameter (RFC 3261 §19.3)."""
        return self.params.get("tag")

    def with_tag(self, tag: str) -> "NameAddr":
        """The same address with this tag."""
        return NameAddr(self.display, self.uri, {**self.params, "tag": tag})

    def __str__(self) -> str:
        display = f"{quote(self.display)} " if self.display else ""
        return f"{display}<{self.uri}>{format_params(self.params)}"


def parse_name_addr(text: str) -> NameAddr:
    """Parse one `name-addr` or `addr-spec` with its parameters. Raises ProtocolViolation."""
    name, bracket, params = text.rpartition(">")
    if bracket and '"' not in params and (params or (name[:1] == "<" and ">" not in name)):
        # The usual form, apart from its parameters: a new tag does not make a new person.
        display, uri = _display_and_uri(name)
        return NameAddr(display, uri, parse_params(params) if params else {})
    return _whole_address(text)


@remembered(*ADDRESS)
def _display_and_uri(text: str) -> tuple[str, Uri]:
    """Read what is before the closing bracket."""
    if text[:1] == "<" and text.find("<", 1) < 0 and '"' not in text and ">" not in text:
        return "", read_uri(text[1:].strip(" \t"))  # without a name, as most are
    match = _OPEN_NAME_ADDR.fullmatch(text)
    if match is None:
        raise ProtocolViolation("Malformed address")
    return _named(match)


@remembered(*ADDRESS)
def _whole_address(text: str) -> NameAddr:
    match = _NAME_ADDR.fullmatch(text)
    if match is not None:
        display, uri = _named(match)
        return NameAddr(display, uri, parse_params(match[4] or ""))
    match = _ADDR_SPEC.fullmatch(text)
    if match is None:
        raise ProtocolViolation("Malformed address")
    return NameAddr("", read_uri(match[1]), parse_params(match[2] or ""))


def _named(match: re.Match[str]) -> tuple[str, Uri]:
    quoted: str | None = match[1]
    display = unquote(quoted) if quoted is not None else match[2].strip(" \t")
    return display, read_uri(match[3].strip(" \t"))


def parse_name_addrs(text: str) -> list[NameAddr]:
    """Parse a comma-separated list of addresses. Raises ProtocolViolation."""
    return [parse_name_addr(value) for value in split_values(text)]
