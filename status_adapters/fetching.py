"""Asking a source's server over HTTP, with limits that hold whatever it does."""

import asyncio
import email.utils
from collections.abc import Mapping
from typing import Any

import httpx
import msgspec

MOST_BYTES = 16_000_000
"""An answer that is longer is none."""
LONGEST_RETRY_AFTER = 3600.0
"""Seconds that a server may ask to be left alone; one that asks for more is asked again after these."""


class SourceFault(Exception):
    """The server did not do what was asked; the text says what it did. It is tried again later."""

    def __init__(self, said: str, *, status: int = 0, retry_after: float | None = None) -> None:
        super().__init__(said)
        self.status = status
        """Of HTTP; 0 where it did not come so far."""
        self.retry_after = retry_after
        """Seconds after which the server wants to be asked again; None where it does not say."""


class LogInRefused(SourceFault):
    """The server does not accept who we say we are: 401 or 403."""


class Answer(msgspec.Struct, frozen=True):
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    """Names in small letters."""
    body: bytes


async def fetch(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    seconds: float = 30.0,
    now: float = 0.0,
    accept: tuple[int, ...] = (200,),
    most_bytes: int = MOST_BYTES,
    **request: Any,
) -> Answer:
    """The answer within `seconds` for all of it. Raises SourceFault for what is not among the statuses to accept.

    `now` is UTC epoch seconds, for a Retry-After that names a time; `request` is what httpx takes: headers, params,
    content, json, auth.
    """
    try:
        async with asyncio.timeout(seconds), client.stream(method, url, **request) as response:
            answer = Answer(response.status_code, dict(response.headers), await _body(response, most_bytes))
    except TimeoutError:
        raise SourceFault(f"no answer within {seconds:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        raise SourceFault(f"{type(error).__name__}: {error}".rstrip(": ")) from error
    if answer.status in accept:
        return answer
    said = f"status {answer.status}"
    retry_after = _retry_after(answer.headers.get("retry-after", ""), now)
    if answer.status in (401, 403):
        raise LogInRefused(f"{said}: the log-in is refused", status=answer.status, retry_after=retry_after)
    raise SourceFault(said, status=answer.status, retry_after=retry_after)


async def _body(response: httpx.Response, most_bytes: int) -> bytes:
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > most_bytes:
            raise SourceFault(f"an answer longer than {most_bytes} bytes", status=response.status_code)
    return bytes(body)


def _retry_after(value: str, now: float) -> float | None:
    """Seconds, of either form that RFC 9110 §10.2.3 has; None for none and for what is neither."""
    if not value:
        return None
    if value.isascii() and value.isdigit():
        wait = float(value)
    else:
        try:
            wait = email.utils.parsedate_to_datetime(value).timestamp() - now
        except ValueError:
            return None
    return min(max(wait, 0.0), LONGEST_RETRY_AFTER)
