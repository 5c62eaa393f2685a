"""What strangers sent as text and is none: bytes that are not UTF-8, which SIP keeps as half characters."""

from typing import Any


def mended(value: Any) -> Any:
    """Text, or what is made of it, with a question mark in the place of each half character."""
    match value:
        case str():
            return value.encode("utf-8", "replace").decode()
        case dict():
            return {mended(key): mended(item) for key, item in value.items()}
        case list() | tuple():
            return [mended(item) for item in value]
    return value
