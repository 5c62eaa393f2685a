"""How many streams one client may have open at once: events, WebSockets and snapshots that are being read."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from types import TracebackType

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from provisioning.tokens import Client
from web.problem import Problem
from web.state_stream import BEAT_SECONDS

RETRY_SECONDS = int(BEAT_SECONDS)
"""What who has too many is asked to wait: a stream whose client is gone is noticed by the next beat."""


class OpenStreams:
    """Counts each client's streams by itself."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: Counter[str] = Counter()

    def open(self, client: Client) -> "OpenStream":
        """One stream more. Raises Problem (429) where the client has as many as it may."""
        key = f"{client.company}/{client.name}"
        if self._open[key] >= self._most:
            expected = f"at most {self._most} open at once; close one"
            raise Problem(429, "streams", client.name, expected, {"Retry-After": str(RETRY_SECONDS)})
        self._open[key] += 1
        return OpenStream(self._open, key)


class OpenStream:
    """One of a client's streams; as a context it is over at its end."""

    def __init__(self, counted: Counter[str], key: str) -> None:
        self._counted = counted
        self._key = key

    def __enter__(self) -> None:
        """It is counted already."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._counted[self._key] -= 1
        if not self._counted[self._key]:
            del self._counted[self._key]


class CountedStream(StreamingResponse):
    """A streamed response that counts until it is sent or its client is gone."""

    def __init__(
        self, stream: OpenStream, content: AsyncIterator[bytes], media_type: str, headers: Mapping[str, str]
    ) -> None:
        super().__init__(content, headers=headers, media_type=media_type)
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._stream:
            await super().__call__(scope, receive, send)
