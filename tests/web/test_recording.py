"""What is put on record of a request."""

import asyncio

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from provisioning.accesses import Access
from provisioning.tokens import Client
from web.problem import Problem, answer_of
from web.recording import CLIENT, Recording

CRM = Client("nordlys", "crm", ("states",), 0.0)


class Log:
    def __init__(self) -> None:
        self.accesses: list[Access] = []

    def put(self, access: Access) -> None:
        self.accesses.append(access)

    async def keep(self, access: Access) -> None:
        raise NotImplementedError


def recorded(status: int, *paths: str) -> list[Access]:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        scope[CLIENT] = CRM
        await answer_of(Problem(status, "", "", ""))(scope, receive, send)

    async def ask() -> list[Access]:
        log = Log()
        transport = httpx.ASGITransport(Recording(answer, log, lambda: 5.0))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            for path in paths:
                await client.get(path)
        return log.accesses

    return asyncio.run(ask())


@pytest.mark.parametrize("status", [200, 403, 404])
def test_a_request_is_on_record_with_what_it_asked_for(status: int) -> None:
    assert recorded(status, "/states?since=5") == [Access("nordlys", "crm", 5.0, "GET", "/states?since=5", status)]


def test_what_is_too_much_is_alike_on_record() -> None:
    one, other = recorded(429, "/states?since=5", "/states/anna")
    assert one == other == Access("nordlys", "crm", 5.0, "GET", "*", 429)
