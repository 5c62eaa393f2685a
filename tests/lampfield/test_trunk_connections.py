"""Trunks over TCP, with peers that treat their connections badly, in virtual time."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from lampfield.config_sections import Trunk
from sipcore.answering import response_to
from sipcore.framing import PING, StreamFramer
from sipcore.io.listener import Listener
from sipcore.locate import Target
from sipcore.message import Request, parse_message
from tests.lampfield.test_trunks import Us, account, until
from tests.support import virtual_time


class TcpPeer:
    """Answers each request by `status`; `silent` are connections, counted from 1, on which nothing is answered."""

    def __init__(self, status: int = 200, *, closes: bool = False) -> None:
        self.requests: list[Request] = []
        self.silent: set[int] = set()
        self.connections = 0
        self._status = status
        self._closes = closes
        """After each answer."""

    async def listen(self) -> Target:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, reuse_port=True)
        self.address = self._server.sockets[0].getsockname()
        return Target("tcp", *self.address)

    def close(self) -> None:
        self._server.close()

    def asked(self, request: Request, connection: int, transport: asyncio.Transport) -> None:
        self.requests.append(request)
        if connection not in self.silent:
            transport.write(response_to(request, self._status, fields=[("Expires", "600")]).to_bytes())
            if self._closes:
                transport.close()


class _Connection(asyncio.Protocol):
    def __init__(self, peer: TcpPeer) -> None:
        self._peer = peer
        self._framer = StreamFramer()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._peer.connections += 1
        self._number = self._peer.connections

    def data_received(self, data: bytes) -> None:
        for message in self._framer.feed(data):
            if message != PING:
                request = parse_message(message)
                assert isinstance(request, Request)
                self._peer.asked(request, self._number, self._transport)


def run(peer: TcpPeer, trunk: Trunk, scenario: Callable[[Us], Coroutine[Any, Any, None]]) -> None:
    async def whole() -> None:
        target = await peer.listen()
        us = Us([trunk], lambda uri: [target])
        await us.endpoint.listen([Listener("tcp", "127.0.0.1", 0)])
        await us.trunks.start()
        await scenario(us)
        await us.trunks.stop()
        await us.endpoint.close()
        peer.close()

    virtual_time.run(whole())


def test_a_provider_that_closes_each_connection_is_registered_at_in_measure() -> None:
    peer = TcpPeer(closes=True)

    async def scenario(us: Us) -> None:
        await asyncio.sleep(600)
        assert 2 <= len(peer.requests) <= 25
        assert us.trunks.health()[0].state == "registered"

    run(peer, account(), scenario)


def test_a_provider_that_refuses_and_hangs_up_is_not_asked_again_at_once() -> None:
    peer = TcpPeer(403, closes=True)

    async def scenario(us: Us) -> None:
        await asyncio.sleep(290)
        assert len(peer.requests) == 1
        assert us.trunks.health()[0].state == "failed"

    run(peer, account(), scenario)


def test_a_connection_on_which_the_provider_answers_no_more_is_left_for_a_new_one() -> None:
    peer = TcpPeer()

    async def scenario(us: Us) -> None:
        await until(lambda: us.trunks.health()[0].state == "registered")
        peer.silent.add(1)
        await asyncio.sleep(700)
        assert peer.connections == 2
        assert us.trunks.health()[0].state == "registered"

    run(peer, account(), scenario)


@pytest.mark.parametrize(("answered_before", "connections"), [(True, 2), (False, 1)])
def test_a_peer_known_by_address_that_answers_no_more_is_connected_to_anew(
    answered_before: bool, connections: int
) -> None:
    peer = TcpPeer()
    if not answered_before:
        peer.silent.add(1)

    async def scenario(us: Us) -> None:
        await asyncio.sleep(1)
        peer.silent.add(1)
        await asyncio.sleep(400)
        assert peer.connections == connections
        assert us.trunks.health()[0].state == ("up" if answered_before else "down")

    run(peer, Trunk("peer", "address", "peer.example"), scenario)


def test_a_peer_that_connects_from_the_port_where_it_listens_is_reached_when_it_has_closed_that() -> None:
    peer = TcpPeer()

    async def scenario(us: Us) -> None:
        await asyncio.sleep(1)
        with socket.socket() as calling:
            calling.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            calling.setblocking(False)
            calling.bind(peer.address)
            await asyncio.get_running_loop().sock_connect(calling, us.endpoint.local("tcp") or ("", 0))
            await asyncio.sleep(1)
        await asyncio.sleep(200)
        assert us.trunks.health()[0].state == "up"

    run(peer, Trunk("peer", "address", "peer.example"), scenario)
