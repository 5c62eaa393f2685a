"""Addresses of From, To, Contact, Route and their like (RFC 3261 §20.10 and §25.1)."""

import re

import msgspec

from sipcore.errors import ProtocolViolation
from sipcore.header import Params, format_params, parse_params, quote, split_values, unquote
from sipcore.uri import Uri, parse_uri

_NAME_ADDR = re.compile(r'(?:("(?:[^"\\]++|\\.)*+")|([^"<>]*+))[ \t]*<([^<>"]*+)>[ \t]*(;.*)?', re.DOTALL)
# Without brackets the parameters belong to the header, and a URI with a comma or question mark needs brackets (§20).
_ADDR_SPEC = re.compile(r'([^<>"\s;,?]+)[ \t]*(;.*)?', re.DOTALL)


class NameAddr(msgspec.Struct, frozen=True):
    """A display name (unquoted, empty for none), a URI and the header's parameters."""

    display: str
    uri: Uri
    params: Params = {}

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
    match = _NAME_ADDR.fullmatch(text)
    if match is not None:
        quoted, bare, uri, params = match.groups()
        display = unquote(quoted) if quoted is not None else bare.strip(" \t")
        return NameAddr(display, parse_uri(uri.strip(" \t")), parse_params(params) if params else {})
    match = _ADDR_SPEC.fullmatch(text)
    if match is None:
        raise ProtocolViolation("Malformed address")
    uri, params = match.groups()
    return NameAddr("", parse_uri(uri), parse_params(params) if params else {})


def parse_name_addrs(text: str) -> list[NameAddr]:
    """Parse a comma-separated list of addresses. Raises ProtocolViolation."""
    return [parse_name_addr(value) for value in split_values(text)]
