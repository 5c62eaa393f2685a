"""Look-ups against a real server that misbehaves to order."""

import asyncio
import hashlib
import hmac
import json
from http.server import BaseHTTPRequestHandler

import msgspec
import pytest

from lampfield.lookups import MOST_BYTES, HttpInquiry
from routing.lookups import Answer, NoAnswer, Question
from routing.model import Destination, Lookup
from tests.support.ports import free_port
from tests.support.rude_server import Reply, RudeServer, says

QUESTION = Question("call-1", "+4540404040", "+4533221100", "4711")
LOOKUP = Lookup("crm", "", {"gold": Destination("hangup")}, Destination("hangup"), timeout_seconds=5.0)
GOLD = b'{"destination": "gold", "priority": 3, "name": "Hansen", "more": [1]}'


def ask(url: str, *, secrets: dict[str, str] | None = None, lookup: Lookup = LOOKUP) -> Answer:
    async def asking() -> Answer:
        inquiry = HttpInquiry(secrets or {}, lambda: 1_732_251_600.7)
        try:
            return await inquiry.ask(msgspec.structs.replace(lookup, url=url), QUESTION)
        finally:
            await inquiry.close()

    return asyncio.run(asking())


def test_the_question_is_posted_as_json_and_the_answer_read() -> None:
    with RudeServer(says(GOLD)) as server:
        assert ask(server.url) == Answer("gold", 3, "Hansen")
    ((_, headers, body),) = server.requests
    assert json.loads(body) == {
        "call": "call-1",
        "caller": "+4540404040",
        "dialled": "+4533221100",
        "customer_number": "4711",
    }
    assert headers["Content-Type"] == "application/json"
    assert "Lampfield-Signature" not in headers


def test_the_question_is_signed_with_its_time() -> None:
    with RudeServer(says(GOLD)) as server:
        ask(server.url, secrets={"crm": "hush"}, lookup=msgspec.structs.replace(LOOKUP, secret_name="crm"))
    ((_, headers, body),) = server.requests
    expected = hmac.new(b"hush", b"1732251600." + body, hashlib.sha256).hexdigest()
    assert headers["Lampfield-Signature"] == f"t=1732251600,v1={expected}"


def cut_off(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.close()


def half(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(GOLD)


def no_http(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"\x00\xff" * 100)


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b" " * 4096)


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (says(GOLD, 500), "status 500"),
        (says(b"", 302, Location="http://127.0.0.1:1/"), "status 302"),
        (says(b"", 204), "status 204"),
        (says(b"gold"), "not the JSON that was expected"),
        (says(b'{"destination": 7}'), "not the JSON that was expected"),
        (says(b'{"destination": "gold", "priority": 101}'), "not the JSON that was expected"),
        (says(b"[" * 10_000), "not the JSON that was expected"),
        (says(b'{"more": ' + b"[" * 10_000), "not the JSON that was expected"),
        (says(b"\xff\xfe"), "not the JSON that was expected"),
        (says('{"destination": "gold", "name": "S\xf8ren"}'.encode("latin-1")), "not the JSON that was expected"),
        (says(b"\x1f\x8b" + b"\0" * 50, Content_Encoding="gzip"), "not the JSON that was expected"),
        (says(b" " * (MOST_BYTES + 1)), f"longer than {MOST_BYTES} bytes"),
        (endless, f"longer than {MOST_BYTES} bytes"),
        (cut_off, ""),
        (half, ""),
        (no_http, ""),
    ],
    ids=[
        "refused",
        "sent on",
        "nothing",
        "no JSON",
        "no word",
        "priority too high",
        "nested too deep",
        "nested too deep within",
        "no UTF-8",
        "a name that is no UTF-8",
        "squeezed garbage",
        "too long",
        "endless",
        "cut off",
        "half",
        "no HTTP",
    ],
)
def test_what_is_no_answer_is_told_as_such(reply: Reply, fault: str) -> None:
    with RudeServer(reply) as server, pytest.raises(NoAnswer) as raised:
        ask(server.url)
    assert str(raised.value).startswith(fault)


@pytest.mark.parametrize("begins", [False, True])
def test_a_slow_server_is_waited_for_no_longer_than_agreed(begins: bool) -> None:
    def slow(handler: BaseHTTPRequestHandler) -> None:
        if begins:
            handler.send_response(200)
            handler.end_headers()
            handler.wfile.write(b" ")
        server.ends.wait(30)

    quick = msgspec.structs.replace(LOOKUP, timeout_seconds=0.3)
    with RudeServer(slow) as server, pytest.raises(NoAnswer, match=r"no answer within 0\.3 s"):
        ask(server.url, lookup=quick)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{port}/", "http://nobody.invalid/", "nonsense", "http://[::1", "ftp://x/"]
)
def test_a_server_that_is_not_there_is_no_answer(url: str) -> None:
    with pytest.raises(NoAnswer):
        ask(url.format(port=free_port()))


def test_a_secret_that_the_configuration_lacks_is_told() -> None:
    with RudeServer(says(GOLD)) as server, pytest.raises(NoAnswer, match="has no secret crm"):
        ask(server.url, lookup=msgspec.structs.replace(LOOKUP, secret_name="crm"))
    assert server.requests == []


def test_a_slow_server_holds_up_nobody_else() -> None:
    async def asking() -> tuple[Answer, int]:
        inquiry = HttpInquiry({}, lambda: 0.0)
        stuck = [asyncio.ensure_future(inquiry.ask(slow_one, QUESTION)) for _ in range(150)]
        answer = await inquiry.ask(msgspec.structs.replace(LOOKUP, url=quick.url), QUESTION)
        waiting = sum(not each.done() for each in stuck)
        for each in stuck:
            each.cancel()
        await asyncio.wait(stuck)
        await inquiry.close()
        return answer, waiting

    def never(handler: BaseHTTPRequestHandler) -> None:
        slow.ends.wait(30)

    with RudeServer(never) as slow, RudeServer(says(GOLD)) as quick:
        slow_one = msgspec.structs.replace(LOOKUP, url=slow.url, timeout_seconds=20.0)
        answer, waiting = asyncio.run(asking())
    assert answer.destination == "gold"
    assert waiting == 150
