"""The engine's control lines: `word session key=value ...`, values percent-encoded."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote

_PLAIN = "/:@[]+*#"
_AS_IT_IS = re.compile(r"[A-Za-z0-9_.~/:@\[\]+*#-]*")
"""Values that need no encoding: nearly all."""


class ControlLine(NamedTuple):
    """A reply or event of the engine."""

    word: str
    session: str
    arguments: dict[str, str]


def quote_value(text: str) -> str:
    """Percent-encode a value; a comma too, which separates the elements of a list."""
    return text if _AS_IT_IS.fullmatch(text) else quote(text, safe=_PLAIN)


def quote_address(address: tuple[str, int]) -> str:
    """Host and port as one value; an IPv6 host in brackets."""
    host, port = address
    return f"{_quoted_host(host)}:{port}"


@lru_cache(256)
def _quoted_host(host: str) -> str:
    return quote_value(f"[{host}]" if ":" in host else host)


def format_line(verb: str, session: str, arguments: Mapping[str, str]) -> str:
    """A command. The values must be encoded already."""
    return f"{verb} {session or '-'}" + "".join([f" {key}={value}" for key, value in arguments.items()])


def parse_line(line: str) -> ControlLine:
    """Read a line of the engine's."""
    word, session, *words = line.split(" ")
    arguments = dict([argument.split("=", 1) for argument in words])
    if "%" in line:
        arguments = {key: unquote(value) for key, value in arguments.items()}
    return ControlLine(word, "" if session == "-" else session, arguments)
