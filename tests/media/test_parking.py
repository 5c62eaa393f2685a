"""The sockets of a session that is over serve the next, who hears nothing of the party before."""

import asyncio
from pathlib import Path

import pytest

from media.client import MediaClient
from media.events import DtmfReceived
from tests.media.phone import Phone
from tests.media.running_engine import Controller, RunningEngine, clip, connected, frame, real_time, until
from tests.media.running_engine import port_range as free_ports

QUARANTINE = 1.9
"""Seconds for which nobody else has the port; a little less, for the packets are sent before they are noticed."""
PACE = 0.05
"""Seconds between two tries, each with a port of its own."""
TRIES = 70
"""Longer than ports rest, shorter than sockets are kept."""


def _open_files(engine: RunningEngine) -> int:
    return len(list(Path(f"/proc/{engine.process.pid}/fd").iterdir()))


async def _opened_on(client: MediaClient, port: int, host: str) -> str:
    """Open sessions until one has the port."""
    for index in range(TRIES):
        if await client.open(f"n{index}", host) == port:
            return f"n{index}"
        await asyncio.sleep(PACE)
    raise AssertionError(f"port {port} is not used again")


async def _old_call(controller: Controller, old: Phone) -> int:
    """A call that has been; returns its port."""
    port = await controller.call("old", old)
    old.say(b"o" * 160)
    assert (await controller.client.close("old")).packets_in == 1
    return port


@pytest.mark.parametrize(("host", "options"), [("127.0.0.1", ()), ("::1", ()), ("127.0.0.1", ("--no-io-uring",))])
@real_time
async def test_the_next_party_has_the_sockets_and_nothing_of_who_was_there_before(
    tmp_path: Path, host: str, options: tuple[str, ...]
) -> None:
    engine = RunningEngine(tmp_path, *options)
    controller = await connected(engine)
    client = controller.client
    with Phone(host, ssrc=7) as old, Phone(host) as new, Phone(host) as other:
        port = await _old_call(controller, old)
        files = _open_files(engine)
        for _ in range(20):
            old.say(b"o" * 160)
            old.rtcp.sendto(bytes([0x80, 201, 0, 1, 0, 0, 0, 7]), (host, port + 1))
        spoken_at = asyncio.get_running_loop().time()
        session = await _opened_on(client, port, host)
        assert asyncio.get_running_loop().time() - spoken_at > QUARANTINE
        # Two sockets for each of the others, none for this one.
        assert _open_files(engine) == files + 2 * int(session[1:])
        client.configure(session, new.address, "PCMA", 8, 101)
        assert _open_files(engine) == files + 2 * int(session[1:])
        await controller.call("other", other)
        client.bridge(session, "other")
        new.talk_to(port)
        new.say(b"n" * 160)
        assert (await other.hear()).payload == b"n" * 160
        other.say(b"r" * 160)
        assert (await new.hear()).payload == b"r" * 160
        new.press(5, steps=[160, 320])
        assert (await controller.event(DtmfReceived)).digit == "5"
        counters = await client.counters(session)
        assert (counters.foreign, counters.malformed) == (0, 0)
        client.unbridge(session)
        client.play(session, [clip(tmp_path, "M", 3)], layer="announcement")
        assert [packet.payload for packet in await new.hear_many(3)] == [frame("M", index) for index in range(3)]

        old.say(b"o" * 160)

        async def refused() -> bool:
            return (await client.counters(session)).foreign == 1

        await until(refused)
        assert old.waiting() == []
    await client.disconnect()
    assert engine.stop() == 0


@real_time
async def test_who_never_stops_speaking_keeps_the_port_from_others(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as old:
        port = await _old_call(controller, old)
        for index in range(TRIES):
            old.say(b"o" * 160)
            assert await controller.client.open(f"n{index}", "127.0.0.1") != port
            await asyncio.sleep(PACE)
    await controller.client.disconnect()


@real_time
async def test_that_the_party_before_is_gone_costs_the_next_no_packet(engine: RunningEngine, tmp_path: Path) -> None:
    controller = await connected(engine)
    client = controller.client
    music = clip(tmp_path, "M", 50)
    with Phone() as new:
        with Phone() as old:
            port = await controller.call("old", old)
            client.play("old", [music], layer="music", loop=True)
            await old.hear_many(2)

        async def gone() -> bool:
            return (await client.counters("old")).packets_out > 5

        await until(gone)
        await client.close("old")
        session = await _opened_on(client, port, "127.0.0.1")
        client.configure(session, new.address, "PCMA", 8, 101)
        client.play(session, [music], layer="music", loop=True)
        assert [packet.payload for packet in await new.hear_many(3)] == [frame("M", index) for index in range(3)]
    await client.disconnect()


@real_time
async def test_all_ports_are_there_however_many_rest(tmp_path: Path) -> None:
    first, _ = free_ports()
    engine = RunningEngine(tmp_path, ports=(first, first + 7))
    controller = await connected(engine)
    client = controller.client
    with Phone() as phone:
        for index in range(50):
            await controller.call(f"s{index}", phone)
            await client.close(f"s{index}")
        for turn in range(10):
            ports = [await controller.call(f"t{turn}-{index}", phone) for index in range(4)]
            assert sorted(ports) == [first, first + 2, first + 4, first + 6]
            for index in range(4):
                await client.close(f"t{turn}-{index}")
    await client.disconnect()
    assert engine.stop() == 0


@real_time
async def test_sockets_that_nobody_needs_are_closed(engine: RunningEngine) -> None:
    controller = await connected(engine)
    client = controller.client
    assert await client.sessions() == []
    files = _open_files(engine)
    with Phone() as phone:
        for index in range(60):
            await controller.call(f"s{index}", phone)
            await client.close(f"s{index}")
    assert _open_files(engine) > files

    async def closed() -> bool:
        await asyncio.sleep(0.1)
        return _open_files(engine) <= files

    await until(closed, within=30)
    await client.disconnect()
