"""Fetches one feed, when it has changed."""

import asyncio

import httpx

from lampfield.closing_days.kept import Kept

MOST_BYTES = 2_000_000
"""A feed that is longer is refused."""
TIMEOUT_SECONDS = 30.0
"""For the whole feed."""


class FeedFault(Exception):
    """A feed that cannot be used; the text says why."""


async def fetch(client: httpx.AsyncClient, url: str, kept: Kept | None) -> Kept | None:
    """The feed as it is now, None where it is as it was kept. Raises FeedFault."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await _fetched(client, url, kept)
    except TimeoutError:
        raise FeedFault(f"not there after {TIMEOUT_SECONDS:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
        raise FeedFault(f"{type(error).__name__}: {error}") from error


async def _fetched(client: httpx.AsyncClient, url: str, kept: Kept | None) -> Kept | None:
    headers = {"Accept": "text/calendar", "Accept-Encoding": "identity"}
    if kept is not None and kept.etag:
        headers["If-None-Match"] = kept.etag
    elif kept is not None and kept.last_modified:
        headers["If-Modified-Since"] = kept.last_modified
    async with client.stream("GET", url, headers=headers) as response:
        if response.status_code == httpx.codes.NOT_MODIFIED and kept is not None:
            return None
        if response.status_code != httpx.codes.OK:
            raise FeedFault(f"status {response.status_code}")
        text = bytearray()
        async for part in response.aiter_raw():
            text += part
            if len(text) > MOST_BYTES:
                raise FeedFault(f"longer than {MOST_BYTES} bytes")
        etag, modified = response.headers.get("ETag", ""), response.headers.get("Last-Modified", "")
        return Kept(url, bytes(text), etag, modified)
