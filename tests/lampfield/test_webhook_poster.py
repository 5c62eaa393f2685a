"""Webhooks are asked at addresses of the Internet alone, signed, and never longer than it takes."""

import asyncio
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest

from lampfield.webhook_poster import HttpPoster
from status_adapters.signature import Signatures
from tests.support.rude_server import RudeServer
from web.deliveries import NotTaken

SECRET = "only-the-two-of-us-know"


def post(url: str, *, private: bool) -> None:
    async def scenario() -> None:
        poster = HttpPoster(private, time.time)
        try:
            await poster.post(url, SECRET, b"{}")
        finally:
            await poster.close()

    asyncio.run(scenario())


def status(code: int, *fields: tuple[str, str]) -> Callable[[BaseHTTPRequestHandler], None]:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in fields:
            handler.send_header(name, value)
        handler.end_headers()

    return reply


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://[::1]:8080/",
        "http://[::ffff:10.0.0.1]/",
        "https://10.1.2.3/x",
        "https://192.168.1.1/",
        "http://169.254.169.254/latest",
        "http://[fe80::1%25eth0]/",
        "http://0.0.0.0/",
        "http://localhost:9/",
        "http://printer.local/",
        "http://user:word@crm.example/",
        "ftp://crm.example/",
        "http://",
        "http://crm.example:99999/",
    ],
)
def test_a_url_that_leads_inside_or_nowhere_is_refused(url: str) -> None:
    poster = HttpPoster(False, time.time)
    assert poster.fault(url).startswith(("a URL", "an address of the Internet"))
    asyncio.run(poster.close())


def test_a_url_of_the_internet_is_taken_and_others_where_they_are_allowed() -> None:
    strict, lenient = HttpPoster(False, time.time), HttpPoster(True, time.time)
    assert strict.fault("https://crm.example/lampfield?x=1") == ""
    assert lenient.fault("http://127.0.0.1:8080/") == ""
    asyncio.run(strict.close())
    asyncio.run(lenient.close())


def test_a_name_that_leads_inside_is_not_asked() -> None:
    with RudeServer(status(200)) as server, pytest.raises(NotTaken, match="not an address of the Internet"):
        post(server.url.replace("127.0.0.1", "localhost"), private=False)
    assert server.requests == []


def test_what_is_sent_is_signed() -> None:
    with RudeServer(status(204)) as server:
        post(server.url, private=True)
        ((_, headers, body),) = server.requests
    Signatures(SECRET).check(headers["Lampfield-Signature"], body, time.time())


@pytest.mark.parametrize("code", [302, 404, 500])
def test_only_success_is_success_and_redirects_are_not_followed(code: int) -> None:
    with RudeServer(status(code, ("Location", "/elsewhere"))) as server:
        with pytest.raises(NotTaken, match=f"status {code}"):
            post(server.url, private=True)
        assert len(server.requests) == 1


def test_a_server_that_is_not_there_is_told_so() -> None:
    with RudeServer(status(200)) as server:
        gone = server.url
    with pytest.raises(NotTaken, match="ConnectError"):
        post(gone, private=True)
