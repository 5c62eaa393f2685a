"""Chance, drawn from the tokens that are handed in: a core rolls no dice."""

import zlib
from collections.abc import Callable


def between(least: float, most: float, token: Callable[[], str]) -> float:
    """A number from `least` up to `most`, as likely as any other between them."""
    return least + (most - least) * zlib.crc32(token().encode()) / 2**32
