"""What the log tells, and what it keeps to itself."""

import asyncio
import logging
from collections.abc import Iterator

import httpx
import pytest

from lampfield.logs import start_logging
from lampfield.shown_url import shown
from sipcore.uri import dialled_of, parse_uri


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


@pytest.mark.usefixtures("levels")
@pytest.mark.parametrize("terminal", [True, False])
def test_what_a_stranger_dials_begins_no_line_and_commands_no_terminal(
    terminal: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger().handlers[:] = []
    start_logging("info", lambda: terminal)
    dialled = dialled_of(parse_uri("sip:45%0A2026-11-23%20ERROR%20forged%1b%5B2J@nordlys.example"))
    logging.getLogger("lampfield").info("call from a trunk to %s", dialled)
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1
    assert r"45\n2026-11-23 ERROR forged\x1b[2J" in told


@pytest.mark.usefixtures("levels")
def test_a_traceback_has_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger().handlers[:] = []
    start_logging("info", lambda: False)
    try:
        raise ValueError("no")
    except ValueError:
        logging.getLogger("lampfield").exception("failed")
    assert capsys.readouterr().err.splitlines()[-1] == "ValueError: no"


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
