"""A calling party, and how it is shown to the other side.

This module stays Python: the types are read with the data from disk.
"""

from typing import NamedTuple

from sipcore.address import NameAddr
from sipcore.uri import parse_uri


class Identity(NamedTuple):
    """A calling party. `number` as it is dialled back: an extension, E.164 with `+`, or `anonymous`."""

    number: str
    name: str = ""
    person: str | None = None
    withheld: bool = False
    """The number is not to be shown outside."""

    def address(self, domain: str) -> NameAddr:
        """As From or To on a leg of ours."""
        return NameAddr(self.name, parse_uri(f"sip:{self.number}@{domain}"), {})


ANONYMOUS = Identity("anonymous", "Anonymous")
"""A caller who withholds the number (RFC 3323 §4.1.1.3)."""
