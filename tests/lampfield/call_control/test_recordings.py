"""Recordings of callers, with a real media engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lampfield.call_control.recordings import ENGINE_AWAY, Recordings
from media.client import MediaClient
from media.events import EngineLost, MediaEvent, RecordEnded, RecordFailed
from tests.media.phone import Phone
from tests.media.running_engine import RunningEngine, real_time


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[RunningEngine]:
    running = RunningEngine(tmp_path)
    yield running
    running.stop()


class Desk:
    """A controller whose events go to its recordings, as the switchboard sends them."""

    def __init__(self, folder: Path) -> None:
        self.client = MediaClient(self._on)
        self.recordings = Recordings(self.client, folder / "recordings")

    def _on(self, event: MediaEvent) -> None:
        if isinstance(event, EngineLost):
            self.recordings.engine_lost()
        self.recordings.on(event)

    async def call(self, engine: RunningEngine, phone: Phone) -> None:
        await self.client.connect(engine.control)
        phone.talk_to(await self.client.open("a", phone.address[0]))
        self.client.configure("a", phone.address, "PCMA", 8, 101)
        await self.client.counters("a")


def test_what_the_caller_says_is_in_the_file_when_it_is_finished(engine: RunningEngine, tmp_path: Path) -> None:
    @real_time
    async def scenario() -> None:
        desk = Desk(tmp_path)
        with Phone() as phone:
            await desk.call(engine, phone)
            first, second = desk.recordings.new_file("call"), desk.recordings.new_file("call")
            assert first != second
            recording = desk.recordings.start("a", first, longest=10, silence=0.2)
            phone.say(b"\xaa" * 160)
            await recording.silence.wait()
            ended = await desk.recordings.finish("a", open_still=True)
            assert isinstance(ended, RecordEnded)
            assert (first.stat().st_size - 44) / 16000 == pytest.approx(ended.seconds, abs=0.001)
        await desk.client.disconnect()

    scenario()


def test_the_end_of_the_call_finishes_the_file(engine: RunningEngine, tmp_path: Path) -> None:
    @real_time
    async def scenario() -> None:
        desk = Desk(tmp_path)
        with Phone() as phone:
            await desk.call(engine, phone)
            desk.recordings.start("a", tmp_path / "a.wav", longest=10, silence=0)
            await desk.client.close("a")
            assert isinstance(await desk.recordings.finish("a", open_still=False), RecordEnded)
        await desk.client.disconnect()

    scenario()


def test_a_file_that_cannot_be_made_is_told(engine: RunningEngine, tmp_path: Path) -> None:
    @real_time
    async def scenario() -> None:
        desk = Desk(tmp_path)
        with Phone() as phone:
            await desk.call(engine, phone)
            recording = desk.recordings.start("a", tmp_path / "no" / "a.wav", longest=10, silence=0)
            await recording.ended
            failed = await desk.recordings.finish("a", open_still=True)
            assert isinstance(failed, RecordFailed)
            assert "No such file" in failed.reason
        await desk.client.disconnect()

    scenario()


def test_an_engine_that_goes_ends_the_recording(engine: RunningEngine, tmp_path: Path) -> None:
    @real_time
    async def scenario() -> None:
        desk = Desk(tmp_path)
        with Phone() as phone:
            await desk.call(engine, phone)
            recording = desk.recordings.start("a", tmp_path / "a.wav", longest=10, silence=0)
            await desk.client.counters("a")
            engine.restart()
            assert await recording.ended == RecordFailed("a", ENGINE_AWAY)
            assert await desk.recordings.finish("a", open_still=True) == RecordFailed("a", ENGINE_AWAY)
        await desk.client.disconnect()

    scenario()


def test_what_an_earlier_run_began_to_record_is_finished(engine: RunningEngine, tmp_path: Path) -> None:
    @real_time
    async def scenario() -> None:
        earlier, desk = Desk(tmp_path), Desk(tmp_path)
        with Phone() as phone:
            await earlier.call(engine, phone)
            earlier.recordings.start("a", tmp_path / "a.wav", longest=10, silence=0)
            await earlier.client.counters("a")
            await earlier.client.disconnect()
            await desk.client.connect(engine.control)
            await desk.recordings.end_orphans()
            await desk.recordings.end_orphans()
            assert int.from_bytes((tmp_path / "a.wav").read_bytes()[40:44], "little") < 10 * 16000, (
                "the header is whole"
            )
        await desk.client.disconnect()

    scenario()
