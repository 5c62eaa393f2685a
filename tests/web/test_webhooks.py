"""What is refused of webhooks, and what is never told."""

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from provisioning.tokens import Client
from tests.web.told import told
from web.access import Access
from web.deliveries import Couriers
from web.problem import install
from web.rate_limit import RateLimit
from web.state_boards import StateBoards
from web.told_state import Everybody, States
from web.webhooks import webhook_routes

SECRET = "only-between-us"
"""Too short by one."""


class Outside:
    """What the endpoints ask of others; here nothing is asked but whose token it is."""

    async def ask(self, verb: str, arguments: dict[str, str]) -> Any:
        raise NotImplementedError

    async def find(self, token: str) -> Client | None:
        return Client("nordlys", "crm", ("states",), 0.0)

    async def named(self, company: str, name: str) -> Client | None:
        raise NotImplementedError

    async def post(self, url: str, secret: str, body: bytes) -> None:
        raise NotImplementedError

    async def keep(self, request: Any) -> None:
        raise NotImplementedError

    async def drop(self, id: str) -> None:
        raise NotImplementedError


def post(wanted: Any) -> httpx.Response:
    async def ask() -> httpx.Response:
        outside, boards = Outside(), StateBoards(lambda: 1.0)
        boards.take(States("nordlys", (told("anna"),)))
        boards.take(Everybody({"nordlys": ("anna",)}))
        couriers = Couriers(boards, outside, outside, outside, lambda: 1.0)
        app = FastAPI()
        install(app)
        access = Access(outside, outside, RateLimit(600, lambda: 0.0))
        app.include_router(webhook_routes(access, boards, couriers, lambda url: ""))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as client:
            return await client.post("/webhooks", json=wanted, headers={"Authorization": "Bearer token"})

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("wanted", "where"),
    [
        ({"url": "https://crm.example/", "secret": SECRET}, "secret"),
        ({"url": "https://crm.example/", "secret": [SECRET]}, "secret"),
        ({"secret": SECRET + "x"}, "url"),
        ({"url": "https://crm.example/", "Secret": SECRET + "x"}, "secret"),
        (SECRET, "body"),
    ],
)
def test_no_error_repeats_the_secret(wanted: Any, where: str) -> None:
    refused = post(wanted)
    assert refused.status_code == 422
    assert refused.json()["where"] == where
    assert SECRET not in refused.text


def test_what_is_missing_is_told_without_an_empty_value() -> None:
    assert post({"secret": SECRET + "x"}).json()["detail"] == "url: Field required"
