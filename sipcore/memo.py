"""Remembering what short texts mean: phones send the same addresses over and over, one SDP is read several times."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import AnyStr, TypeVar

_T = TypeVar("_T")


def remembered(longest: int, most: int) -> Callable[[Callable[[AnyStr], _T]], Callable[[AnyStr], _T]]:
    """Keep results of a pure function, which must be immutable, for its `most` last arguments. What raises is not kept.

    An argument over `longest` is computed each time: no peer can fill the memory with long ones.
    """

    def decorate(function: Callable[[AnyStr], _T]) -> Callable[[AnyStr], _T]:
        kept = lru_cache(most)(function)

        @wraps(function)
        def remember(text: AnyStr) -> _T:
            return kept(text) if len(text) <= longest else function(text)

        return remember

    return decorate


ADDRESS = (160, 4096)
"""For addresses, URIs and their like: characters, and how many."""
DESCRIPTION = (1500, 256)
"""For session descriptions: bytes, and how many."""
