"""What the log tells, and what it keeps to itself."""

import asyncio
import logging
from collections.abc import Iterator

import httpx
import pytest

from lampfield.logs import start_logging
from lampfield.shown_url import shown


@pytest.fixture
def levels() -> Iterator[None]:
    """Loggers are as before, afterwards."""
    names = ("", "alembic", "httpx", "httpcore")
    before = {name: logging.getLogger(name).level for name in names}
    handlers = logging.getLogger().handlers[:]
    yield
    logging.getLogger().handlers[:] = handlers
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@pytest.mark.usefixtures("levels")
@pytest.mark.parametrize("level", ["info", "debug"])
def test_what_is_asked_over_http_is_not_told_with_its_secrets(level: str, caplog: pytest.LogCaptureFixture) -> None:
    async def ask() -> None:
        answers = httpx.MockTransport(lambda request: httpx.Response(200))
        async with httpx.AsyncClient(transport=answers) as client:
            await client.get("https://example.org/feed?key=hush")

    logging.getLogger().setLevel(logging.DEBUG)
    start_logging(level)
    asyncio.run(ask())
    assert "hush" not in caplog.text


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://nordlys.example/feed.ics", "https://nordlys.example/feed.ics"),
        ("https://nordlys.example/feed.ics?key=hush#top", "https://nordlys.example/feed.ics?..."),
        ("https://karen:hush@nordlys.example:8443/", "https://nordlys.example:8443/"),
        ("http://[2001:db8::1]:80/a", "http://[2001:db8::1]:80/a"),
        ("https://nordlys.example:port/?hush", "a URL that cannot be read"),
    ],
)
def test_urls_are_shown_without_what_may_be_secret(url: str, told: str) -> None:
    assert shown(url) == told
