"""States over WebSocket: how a connection ends, and why, is told to who has it."""

import json
from typing import Any

import pytest
from fastapi import FastAPI

from provisioning.tokens import Client
from tests.support.virtual_time import now, run
from tests.web.asgi_socket import AsgiSocket
from tests.web.told import told
from web.access import Access
from web.open_streams import OpenStreams
from web.problem import install
from web.rate_limit import RateLimit
from web.state_boards import StateBoards
from web.state_socket import GOING_AWAY, POLICY_VIOLATION, UNSUPPORTED_DATA, routes
from web.told_state import Everybody, States


class Signalling:
    async def ask(self, verb: str, arguments: dict[str, str]) -> Any:
        raise NotImplementedError


class Clients:
    def __init__(self) -> None:
        self.revoked = False

    async def find(self, token: str) -> Client | None:
        return None if self.revoked else Client("nordlys", "crm", ("states",), 0.0)

    async def named(self, company: str, name: str) -> Client | None:
        raise NotImplementedError


class Service:
    """States of one person, and one stream a client."""

    def __init__(self) -> None:
        self.boards = StateBoards(now)
        self.boards.take(States("nordlys", (told("anna"),)))
        self.boards.take(Everybody({"nordlys": ("anna",)}))
        self.clients = Clients()
        self._app = FastAPI()
        install(self._app)
        access = Access(self.clients, Signalling(), RateLimit(600, now))
        self._app.include_router(routes(access, self.boards, OpenStreams(1)))

    def socket(self, query: str = "") -> AsgiSocket:
        return AsgiSocket(self._app, "/state-socket", query, "token")


@pytest.mark.parametrize("said", ["since=5", b"\x00"])
def test_who_says_something_is_told_that_nothing_is_expected(said: str | bytes) -> None:
    async def scenario() -> None:
        service = Service()
        async with service.socket() as socket:
            assert (await socket.told())["state"]["person"] == "anna"
            await socket.say(said)
            assert await socket.next() == {
                "type": "websocket.close",
                "code": UNSUPPORTED_DATA,
                "reason": "expected no messages: since, every and person stand in the URL",
            }
        async with service.socket() as socket:
            assert (await socket.told())["state"]["person"] == "anna", "what has ended counts no more"

    run(scenario())


def test_who_follows_when_the_process_ends_is_told_to_come_again() -> None:
    async def scenario() -> None:
        service = Service()
        async with service.socket() as socket:
            await socket.told()
            service.boards.close()
            closed = await socket.next()
            assert (closed["code"], closed["reason"]) == (GOING_AWAY, "the server stops; connect again")

    run(scenario())


def test_whose_token_is_revoked_is_told_so() -> None:
    async def scenario() -> None:
        service = Service()
        async with service.socket() as socket:
            await socket.told()
            service.clients.revoked = True
            closed = await socket.next()
            assert (closed["code"], closed["reason"]) == (POLICY_VIOLATION, "the token is not valid any more")

    run(scenario())


@pytest.mark.parametrize(("query", "where"), [("since=-1", "query.since"), ("every=often", "query.every")])
def test_a_parameter_that_is_wrong_is_named(query: str, where: str) -> None:
    async def scenario() -> None:
        async with Service().socket(query) as socket:
            begun, body = await socket.next(), await socket.next()
            assert (begun["type"], begun["status"]) == ("websocket.http.response.start", 422)
            assert json.loads(body["body"])["where"] == where

    run(scenario())
