"""A leg's end in the media engine: announcements follow one another, and a key cuts the one that plays."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from lampfield.call_control.rtp_session import RtpSession

CLIPS = [Path("clip.wav")]


class Engine:
    """A MediaClient that notes what it is told, and no spare sessions."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def play(self, session: str, clips: Sequence[Path], *, layer: str) -> int:
        self.told.append("play")
        return self.told.count("play")

    def stop(self, session: str, layer: str) -> None:
        self.told.append("stop")


def made() -> tuple[Engine, RtpSession]:
    engine = Engine()
    return engine, RtpSession(engine, None, "leg", 0.0)  # type: ignore[arg-type]


def test_a_key_cuts_the_announcement_that_took_the_place_of_a_cancelled_one() -> None:
    async def scenario() -> None:
        engine, session = made()
        first = asyncio.ensure_future(session.announce(CLIPS))
        await asyncio.sleep(0)
        first.cancel()
        # The second begins before the first has noticed.
        asyncio.get_running_loop().call_later(0.001, session.key_pressed)
        async with asyncio.timeout(1):
            await session.announce(CLIPS, until_key=True)
        assert engine.told == ["play", "play", "stop"]

    asyncio.run(scenario())


def test_a_key_leaves_an_announcement_alone_that_is_to_be_heard_out() -> None:
    async def scenario() -> None:
        engine, session = made()
        playing = asyncio.ensure_future(session.announce(CLIPS))
        await asyncio.sleep(0)
        session.key_pressed()
        session.play_ended(1)
        await playing
        assert engine.told == ["play"]

    asyncio.run(scenario())


def test_cancelling_stops_the_announcement() -> None:
    async def scenario() -> None:
        engine, session = made()
        playing = asyncio.ensure_future(session.announce(CLIPS))
        await asyncio.sleep(0)
        playing.cancel()
        await asyncio.wait({playing})
        assert engine.told == ["play", "stop"]

    asyncio.run(scenario())
