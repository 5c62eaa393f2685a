"""A leg's end in the media engine: announcements follow one another, and a key cuts the one that plays."""

import asyncio
import gc
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from lampfield.call_control.rtp_session import RtpSession
from media.client import MediaClient
from media.spare_sessions import SpareSessions

CLIPS = [Path("clip.wav")]


class Engine:
    """What an engine is told that answers nothing."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "engine"
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listening.bind(str(self._path))
        self._listening.listen()

    async def session(self) -> RtpSession:
        """A session of a client that is connected to it."""
        self._client = client = MediaClient(lambda event: None)
        await client.connect(self._path)
        self._connection, _ = self._listening.accept()
        return RtpSession(client, SpareSessions(client, "127.0.0.1", lambda: "spare"), "leg", 0.0)

    async def told(self) -> list[str]:
        """The verbs of all commands until now."""
        await self._client.disconnect()
        lines = [line for packet in iter(lambda: self._connection.recv(65536), b"") for line in packet.splitlines()]
        self._connection.close()
        self._listening.close()
        return [line.partition(b" ")[0].decode() for line in lines]


Test = Callable[[Engine], Coroutine[Any, Any, None]]


@pytest.fixture
def run(tmp_path: Path) -> Callable[[Test], None]:
    return lambda test: asyncio.run(test(Engine(tmp_path)))


def test_a_key_cuts_the_announcement_that_took_the_place_of_a_cancelled_one(run: Callable[[Test], None]) -> None:
    @run
    async def _(engine: Engine) -> None:
        session = await engine.session()
        first = asyncio.ensure_future(session.announce(CLIPS))
        await asyncio.sleep(0)
        first.cancel()
        # The second begins before the first has noticed.
        asyncio.get_running_loop().call_later(0.001, session.key_pressed)
        async with asyncio.timeout(1):
            await session.announce(CLIPS, until_key=True)
        assert await engine.told() == ["play", "play", "stop"]


def test_a_key_leaves_an_announcement_alone_that_is_to_be_heard_out(run: Callable[[Test], None]) -> None:
    @run
    async def _(engine: Engine) -> None:
        session = await engine.session()
        playing = asyncio.ensure_future(session.announce(CLIPS))
        await asyncio.sleep(0)
        session.key_pressed()
        session.play_ended(1)
        await playing
        assert await engine.told() == ["play"]


def test_cancelling_stops_the_announcement(run: Callable[[Test], None]) -> None:
    @run
    async def _(engine: Engine) -> None:
        session = await engine.session()
        playing = asyncio.ensure_future(session.announce(CLIPS))
        await asyncio.sleep(0)
        playing.cancel()
        await asyncio.wait({playing})
        assert await engine.told() == ["play", "stop"]


def test_an_announcement_ends_by_the_clock_where_it_is_known_when(run: Callable[[Test], None]) -> None:
    @run
    async def _(engine: Engine) -> None:
        session = await engine.session()
        async with asyncio.timeout(1):
            await session.announce(CLIPS, ends_after=0.01)
        second = asyncio.ensure_future(session.announce(CLIPS, ends_after=60.0))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.wait({second})
        assert await engine.told() == ["play", "play", "stop"]


def test_what_has_to_be_done_now_leaves_when_the_client_is_told_and_takes_the_rest_along(tmp_path: Path) -> None:
    woken: list[str] = []

    async def test() -> None:
        path = tmp_path / "engine"
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
            listening.bind(str(path))
            listening.listen()
            client = MediaClient(lambda event: None, lambda: woken.append("soon"))
            await client.connect(path)
            connection, _ = listening.accept()
            connection.setblocking(False)
            client.drop("over")
            client.flush()
            with pytest.raises(BlockingIOError):
                connection.recv(65536)
            client.stop("one", "music")
            client.stop("two", "music")
            assert woken == ["soon"]
            client.flush()
            verbs = [line.partition(b" ")[0] for line in connection.recv(65536).splitlines()]
            assert verbs == [b"close", b"stop", b"stop"]
            await client.disconnect()
            connection.close()

    asyncio.run(test())


def test_who_opens_several_sessions_and_gives_up_leaves_no_fault_that_nobody_took(tmp_path: Path) -> None:
    faults: list[dict[str, Any]] = []

    async def test() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: faults.append(context))
        path = tmp_path / "engine"
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
            listening.bind(str(path))
            listening.listen()
            client = MediaClient(lambda event: None)
            await client.connect(path)
            opening = asyncio.ensure_future(client.open_several(["one", "two"], "127.0.0.1"))
            await asyncio.sleep(0)
            opening.cancel()
            await client.disconnect()
            with pytest.raises(asyncio.CancelledError):
                await opening
        gc.collect()

    asyncio.run(test())
    assert faults == []
