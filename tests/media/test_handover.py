"""The engine outlives its controller, and the controller the engine."""

import asyncio
import signal
import sys
from pathlib import Path

from media.events import ControllerReplaced, DtmfReceived, EngineBack, EngineLost, OrphanClosed, PlayEnded
from tests.media.phone import Phone, assert_continuous
from tests.media.running_engine import RunningEngine, clip, connected, frame, real_time


@real_time
async def test_music_and_bridges_go_on_without_a_controller(engine: RunningEngine, tmp_path: Path) -> None:
    first = await connected(engine)
    with Phone() as waiting, Phone() as a, Phone() as b:
        await first.client.open("held", "127.0.0.1", "call 17 – caller")
        first.client.configure("held", waiting.address, "PCMA", 8, 101)
        for name, phone in (("a", a), ("b", b)):
            await first.call(name, phone)
        first.client.bridge("a", "b")
        first.client.play("held", [clip(tmp_path, "M", 40)], layer="music", loop=True)
        packets = await waiting.hear_many(3)
        await first.client.disconnect()
        packets += await waiting.hear_many(20)
        assert_continuous(packets)
        a.say(b"still" * 32)
        assert (await b.hear()).payload == b"still" * 32
        a.press(8, steps=[160, 320])

        second = await connected(engine)
        assert await second.event(DtmfReceived) == DtmfReceived("a", "8", 40)
        sessions = {info.session: info for info in await second.client.sessions()}
        assert sessions.keys() == {"held", "a", "b"}
        held = sessions["held"]
        assert held.label == "call 17 – caller"
        assert (held.codec, held.direction, held.bridge) == ("PCMA", "sendrecv", None)
        assert held.remote == f"127.0.0.1:{waiting.address[1]}"
        assert held.music is not None
        assert (sessions["a"].bridge, sessions["b"].bridge) == ("b", "a")
        packets += waiting.waiting()
        assert held.music.play == 1
        second.client.stop("held", "music")
        assert (await second.client.close("held")).packets_out >= len(packets)
        await second.client.disconnect()
    assert [packet.payload for packet in packets] == [frame("M", i % 40) for i in range(len(packets))]


@real_time
async def test_a_killed_controller_is_followed_by_the_next(engine: RunningEngine, tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from media.client import MediaClient\n"
        "async def main():\n"
        "    client = MediaClient(print)\n"
        "    await client.connect(Path(sys.argv[1]))\n"
        "    await client.open('a', '127.0.0.1')\n"
        "    client.configure('a', ('127.0.0.1', int(sys.argv[2])), 'PCMA', 8, None)\n"
        "    client.play('a', [Path(sys.argv[3])], layer='announcement')\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    with Phone() as phone:
        arguments = [str(engine.control), str(phone.address[1]), str(clip(tmp_path, "A", 100))]
        dying = await asyncio.create_subprocess_exec(sys.executable, "-c", program, *arguments)
        packets = await phone.hear_many(5)
        dying.send_signal(signal.SIGKILL)
        await dying.wait()
        packets += await phone.hear_many(95)
        assert_continuous(packets)
        # What ended while nobody was there is told to whoever comes.
        controller = await connected(engine)
        assert await controller.event(PlayEnded) == PlayEnded("a", "announcement", 1)
        await controller.client.disconnect()


@real_time
async def test_the_client_finds_an_engine_that_was_started_again(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as phone:
        await controller.call("a", phone)
        await controller.client.counters("a")
        engine.restart()
        assert await controller.event(EngineLost) == EngineLost("")
        assert await controller.event(EngineBack) == EngineBack("")
        assert await controller.client.sessions() == []
        await controller.call("a", phone)
    await controller.client.disconnect()


@real_time
async def test_a_second_controller_takes_the_place_of_the_first(engine: RunningEngine) -> None:
    first = await connected(engine)
    await first.client.open("a", "127.0.0.1")
    second = await connected(engine)
    assert [info.session for info in await second.client.sessions()] == ["a"]
    await first.event(ControllerReplaced)
    assert not first.client.connected
    await second.client.disconnect()


@real_time
async def test_orphans_end_only_while_no_controller_is_there(tmp_path: Path) -> None:
    engine = RunningEngine(tmp_path, "--orphan-seconds=1")
    first = await connected(engine)
    with Phone() as silent, Phone() as talking, Phone() as clock:
        for name, phone in (("silent", silent), ("held", silent), ("talking", talking), ("clock", clock)):
            await first.call(name, phone)
        await first.client.open("unused", "127.0.0.1")
        first.client.configure("held", silent.address, "PCMA", 8, 101, "sendonly")
        first.client.play("clock", [clip(tmp_path, "M", 5)], layer="music", loop=True)
        for _ in range(100):
            await clock.hear()
        assert len(await first.client.sessions()) == 5
        await first.client.disconnect()
        for _ in range(150):
            await clock.hear()
            clock.say(b"x" * 160)
            talking.say(b"x" * 160)
        second = await connected(engine)
        assert {(await second.event(OrphanClosed)).session for _ in range(3)} == {"silent", "held", "unused"}
        assert {info.session for info in await second.client.sessions()} == {"talking", "clock"}
        await second.client.disconnect()
    assert engine.stop() == 0
