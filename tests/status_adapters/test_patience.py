"""A server that asks to be left alone for a while is, however it says so."""

import time
from collections.abc import Iterator

import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from status_adapters.http_client import HttpClient
from tests.support.adapter_bench import means
from tests.support.asgi_server import served
from tests.support.virtual_time import now, run


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine is in New York."""
    with monkeypatch.context() as there:
        there.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("elsewhere")
@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("20", 20),
        ("0", 0),
        ("soon", 10),
        ("-5", 10),
        ("²", 10),
        ("٣", 10),
        ("Mon, 23 Nov 2026 12:00:00 +99999999999999999999", 10),
        ("Mon, 23 Nov 99999 12:00:00 GMT", 10),
        ("Mon, 23 Nov 2020 12:00:00 GMT", 0),
        # Without a zone it is UTC (RFC 9110 §5.6.7).
        ("Wed May 15 09:01:00 2024", 60),
    ],
)
def test_how_long_a_server_asks_to_be_left_alone(asked: str, seconds: float) -> None:
    answers = [429, 200]

    async def server(scope: Scope, receive: Receive, send: Send) -> None:
        response = Response(status_code=answers.pop(0))
        response.raw_headers.append((b"retry-after", asked.encode()))
        await response(scope, receive, send)

    async def scenario() -> None:
        async with served(server) as url, HttpClient(means()) as client:
            began = now()
            assert (await client.request("GET", url)).status == 200
            assert now() - began == pytest.approx(seconds, abs=1)

    run(scenario())
