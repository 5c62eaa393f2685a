"""HTTP requests from outside to adapters: `/hooks/NAME` and what stands behind it.

A 2xx is sent when what the adapter reported is on disk: the sender may forget it.
"""

import logging
from collections.abc import Callable
from urllib.parse import parse_qsl

from starlette.types import Message, Receive, Scope, Send

from lampfield.adapters.desk import AdapterDesk, UnknownAdapter
from status_adapters.hook import HookAnswer, HookRequest

logger = logging.getLogger(__name__)

PREFIX = "/hooks/"
MOST_PARAMETERS = 100


class TooLarge(Exception):
    """The body is longer than is taken."""


class Allowance:
    """So many requests a second for each adapter, and as many at once."""

    def __init__(self, per_second: int, clock: Callable[[], float]) -> None:
        self._per_second = per_second
        self._clock = clock
        self._left: dict[str, tuple[float, float]] = {}
        """By adapter: requests left, and when that was."""

    def take(self, name: str) -> bool:
        """Whether one more may come now."""
        now = self._clock()
        left, at = self._left.get(name, (float(self._per_second), now))
        left = min(left + (now - at) * self._per_second, float(self._per_second))
        self._left[name] = max(left - 1.0, 0.0), now
        return left >= 1.0


class HookServer:
    """An ASGI application. What is of no use costs little: no adapter sees a request too many or too large."""

    def __init__(self, desk: AdapterDesk, clock: Callable[[], float], *, most_bytes: int, per_second: int) -> None:
        self._desk = desk
        self._clock = clock
        self._most_bytes = most_bytes
        self._allowance = Allowance(per_second, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            answer = await self._answer(scope, receive)
        except TooLarge:
            answer = HookAnswer(413, f"a body of more than {self._most_bytes} bytes is not taken")
        await _send(send, answer)

    async def _answer(self, scope: Scope, receive: Receive) -> HookAnswer:
        path: str = scope["path"]
        if not path.startswith(PREFIX):
            return HookAnswer(404, f"expected a path {PREFIX}NAME")
        if not self._desk.knows_people:
            return HookAnswer(503, "it is not known yet who there is", headers={"retry-after": "1"})
        name, _, rest = path.removeprefix(PREFIX).partition("/")
        try:
            supervised = self._desk.named(name)
        except UnknownAdapter:
            # What adapters there are is nobody's business who does not know.
            return HookAnswer(404, "there is no such adapter")
        if not self._allowance.take(name):
            supervised.health.counts["hooks over the limit"] += 1
            return HookAnswer(429, "too many requests", headers={"retry-after": "1"})
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        request = HookRequest(
            method=scope["method"],
            headers=headers,
            body=await self._body(receive, headers),
            at=self._clock(),
            query=parameters(scope["query_string"]),
            path=rest,
        )
        answer = await supervised.hooked(request)
        if answer.status < 300 and request.method != "GET":
            await self._desk.on_disk()
        elif answer.status >= 400:
            supervised.health.wrong(f"hooks answered {answer.status}", answer.text)
        return answer

    async def _body(self, receive: Receive, headers: dict[str, str]) -> bytes:
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > self._most_bytes:
            raise TooLarge
        body = bytearray()
        more = True
        while more:
            message: Message = await receive()
            if message["type"] == "http.disconnect":
                return b""
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self._most_bytes:
                raise TooLarge
        return bytes(body)


def parameters(query: bytes) -> dict[str, str]:
    """The parameters of a query; of several with one name the last, of too many none."""
    try:
        return dict(parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_PARAMETERS))
    except ValueError:
        return {}


async def _send(send: Send, answer: HookAnswer) -> None:
    body = answer.text.encode()
    headers = {"content-type": answer.content_type, "content-length": str(len(body)), **answer.headers}
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
