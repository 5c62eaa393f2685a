"""What comes to an adapter from outside: an HTTP request to its own path, `/hooks/NAME`."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import msgspec


class HookRequest(msgspec.Struct, frozen=True):
    """A request as the adapter sees it; its body is whole and not larger than the configuration allows."""

    method: str
    headers: Mapping[str, str]
    """Names in small letters; of several with one name the last."""
    body: bytes
    at: float
    """When it came by our clock, UTC epoch seconds."""
    query: Mapping[str, str] = {}
    path: str = ""
    """What stands behind the adapter's own path, without the slash."""

    def header(self, name: str) -> str:
        """Empty where there is none."""
        return self.headers.get(name.lower(), "")


class HookAnswer(msgspec.Struct, frozen=True):
    """What who asked is answered."""

    status: int = 200
    text: str = ""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = {}


@runtime_checkable
class Hooked(Protocol):
    """An adapter that others send requests to.

    What it has reported when it returns is on disk before the answer goes out: with 2xx the sender may forget it.
    """

    async def hooked(self, request: HookRequest) -> HookAnswer: ...
