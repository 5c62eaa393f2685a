"""Remembering what short texts mean: phones send the same addresses over and over."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

_T = TypeVar("_T")

LONGEST = 160
"""Characters of a text that is remembered: no peer can fill the memory with long ones."""
MOST = 4096
"""Texts remembered by one function, those used last."""


def remembered(function: Callable[[str], _T]) -> Callable[[str], _T]:
    """Keep results of a pure function, which must be immutable. What raises is not kept."""
    kept = lru_cache(MOST)(function)

    @wraps(function)
    def remember(text: str) -> _T:
        return kept(text) if len(text) <= LONGEST else function(text)

    return remember
