"""HTTP to servers of others: bounded in time and size, and patient where a server asks for it."""

import asyncio
import base64
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
import msgspec

from status_adapters.foreign_json import NO_JSON
from status_adapters.means import Means

TIMEOUT_SECONDS = 30.0
"""For a whole answer."""
MOST_BYTES = 8_000_000
"""An answer that is longer is refused."""
LONGEST_PATIENCE = 600.0
"""For so many seconds a server may ask to be left alone; one that asks for more fails at once."""
MOST_TRIES = 4
LONGEST_WAIT = 3600.0
"""For which no request waits."""


class SourceFault(Exception):
    """A source cannot be asked; the text says why, without secrets."""


class LoginRefused(SourceFault):
    """The source does not let us in: somebody has to look at the settings."""


class Answer(msgspec.Struct, frozen=True):
    """What a server answered; the names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self, kind: Any) -> Any:
        """The body as `kind`. Raises SourceFault."""
        try:
            return msgspec.json.decode(self.body, type=kind)
        except NO_JSON as error:
            raise SourceFault(f"not the JSON that was expected: {error}") from None


class HttpClient:
    """One for each adapter. Use as an asynchronous context manager.

    A server that answers 429, or 503 with Retry-After (RFC 6585 §4, RFC 9110 §10.2.3), is left alone for as long as it
    asks; all requests to it wait meanwhile.
    """

    def __init__(self, means: Means, *, verify: bool = True) -> None:
        self._clock = means.clock
        self._not_before: dict[str, float] = {}
        # Timed as a whole, by each request.
        self._client = means.client(seconds=LONGEST_WAIT, verify=verify)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        timeout: float = TIMEOUT_SECONDS,
    ) -> Answer:
        """What the server answers, whatever its status but 429. Raises SourceFault.

        `timeout` is in seconds and counts from when the server may be asked.
        """
        origin = urlsplit(url).netloc
        for _ in range(MOST_TRIES):
            await self._wait_for(origin)
            try:
                async with asyncio.timeout(timeout):
                    answer = await self._ask(method, url, dict(headers or {}), content)
            except TimeoutError:
                raise SourceFault(f"no answer within {timeout:g} s") from None
            except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
                raise SourceFault(f"{type(error).__name__}: {str(error) or 'no connection'}") from None
            pause = self._asked_pause(answer)
            if pause is None:
                return answer
            if pause > LONGEST_PATIENCE:
                raise SourceFault(f"status {answer.status}: it asks to be left alone for {pause:.0f} s")
            self._not_before[origin] = max(self._not_before.get(origin, 0.0), self._clock() + pause)
        raise SourceFault(f"status {answer.status} {MOST_TRIES} times, although we waited as it asked")

    async def _wait_for(self, origin: str) -> None:
        left = self._not_before.get(origin, 0.0) - self._clock()
        if left > 0:
            await asyncio.sleep(left)
            # Meanwhile it may have asked another request for more.
            await self._wait_for(origin)

    async def _ask(self, method: str, url: str, headers: dict[str, str], content: bytes) -> Answer:
        # Identity: what says that it is compressed could be a thousand times longer than it looks.
        headers.setdefault("Accept-Encoding", "identity")
        async with self._client.stream(method, url, headers=headers, content=content) as response:
            body = bytearray()
            async for part in response.aiter_raw():
                body += part
                if len(body) > MOST_BYTES:
                    raise SourceFault(f"the answer is longer than {MOST_BYTES} bytes")
            return Answer(response.status_code, {n.lower(): v for n, v in response.headers.items()}, bytes(body))

    def _asked_pause(self, answer: Answer) -> float | None:
        """For how many seconds the server asks to be left alone, None where it does not."""
        asked = answer.headers.get("retry-after", "")
        if answer.status != 429 and not (answer.status == 503 and asked):
            return None
        if asked.isascii() and asked.isdecimal():
            return float(asked)
        try:
            until = parsedate_to_datetime(asked)
        except (ValueError, OverflowError):
            return 10.0
        # One of the forms names no zone (RFC 9110 §5.6.7).
        return max(0.0, (until if until.tzinfo is not None else until.replace(tzinfo=UTC)).timestamp() - self._clock())


def basic(user: str, password: str) -> str:
    """The Authorization header of HTTP Basic (RFC 7617)."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def refusal(answer: Answer, what: str) -> SourceFault:
    """The fault that a status other than the expected one is."""
    if answer.status in (401, 403):
        return LoginRefused(f"{what}: refused with status {answer.status}")
    return SourceFault(f"{what}: status {answer.status}")
