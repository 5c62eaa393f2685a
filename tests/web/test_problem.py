"""What is wrong with a request is told in a sentence that says what to send instead."""

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from provisioning.tokens import Client
from web.access import Access
from web.people import routes
from web.problem import install
from web.rate_limit import RateLimit

JSON = {"Content-Type": "application/json"}
CURLS = {"Content-Type": "application/x-www-form-urlencoded"}
"""What curl says of anything given with -d."""


class Signalling:
    async def ask(self, verb: str, arguments: dict[str, str]) -> Any:
        raise NotImplementedError


class Clients:
    async def find(self, token: str) -> Client | None:
        return Client("nordlys", "crm", ("people",), 0.0)

    async def named(self, company: str, name: str) -> Client | None:
        raise NotImplementedError


def answered(method: str, path: str, content: bytes, headers: dict[str, str]) -> httpx.Response:
    async def ask() -> httpx.Response:
        app = FastAPI()
        install(app)
        app.include_router(routes(Access(Clients(), Signalling(), RateLimit(600, lambda: 0.0))))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
            return await client.request(
                method, path, content=content, headers={"Authorization": "Bearer lf_x", **headers}
            )

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("method", "body", "headers", "status", "told"),
    [
        ("PUT", b'{"on": true}', CURLS, 415, f"Content-Type = '{CURLS['Content-Type']}': expected application/json"),
        ("PUT", b'{"on": true}', {}, 415, "Content-Type: expected application/json"),
        (
            "PUT",
            b"{on: true}",
            JSON,
            422,
            "body: expected JSON (Expecting property name enclosed in double quotes at character 1)",
        ),
        (
            "PUT",
            b"true",
            JSON,
            422,
            "body = 'True': Input should be a valid dictionary or object to extract fields from",
        ),
        ("PUT", b'{"of": true}', JSON, 422, "on = \"{'of': True}\": Field required"),
        ("POST", b'{"on": true}', JSON, 405, "POST /people/anna/do-not-disturb: expected PUT"),
    ],
)
def test_what_is_wrong_with_a_body_is_told(
    method: str, body: bytes, headers: dict[str, str], status: int, told: str
) -> None:
    answer = answered(method, "/people/anna/do-not-disturb", body, headers)
    assert (answer.status_code, answer.json()["detail"]) == (status, told)
