"""Bridged calls: each leg's packets become part of the other leg's one stream."""

import functools
from pathlib import Path

from media.events import CommandFailed, DtmfReceived, PlayEnded
from tests.media.phone import Phone, assert_continuous
from tests.media.running_engine import RunningEngine, clip, connected, frame, real_time
from tests.support.forbidden import IO_URING, forbid


@real_time
async def test_music_becomes_a_bridge_within_one_stream(engine: RunningEngine, tmp_path: Path) -> None:
    controller = await connected(engine)
    client = controller.client
    with Phone() as caller, Phone(ssrc=77) as agent:
        await controller.call("caller", caller)
        await controller.call("agent", agent)
        client.play("caller", [clip(tmp_path, "M", 9)], layer="music", loop=True)
        music = await caller.hear_many(5)
        client.bridge("caller", "agent")
        await client.counters("caller")
        music += caller.waiting()
        agent.say(b"\x11" * 160)
        agent.say(b"\x22" * 160)
        talk = await caller.hear_many(2)
        assert_continuous(music)
        assert_continuous(talk)
        assert [packet.payload for packet in talk] == [b"\x11" * 160, b"\x22" * 160]
        assert [packet.marker for packet in talk] == [True, False]
        assert talk[0].ssrc == music[-1].ssrc
        assert talk[0].sequence == (music[-1].sequence + 1) & 0xFFFF
        assert 160 <= (talk[0].timestamp - music[-1].timestamp) & 0xFFFFFFFF < 8000
        client.unbridge("agent")
        resumed = await caller.hear_many(3)
        assert resumed[0].sequence == (talk[-1].sequence + 1) & 0xFFFF
        assert resumed[0].payload == frame("M", len(music) % 9)
        assert_continuous(resumed)
    await client.disconnect()


@real_time
async def test_losses_and_order_stay_visible_across_the_relay(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as a, Phone() as b:
        await controller.call("a", a)
        await controller.call("b", b)
        controller.client.bridge("a", "b")
        a.say(b"0" * 160)
        a.say(b"1" * 160)
        first, second = await b.hear_many(2)
        a.sequence = (a.sequence + 2) & 0xFFFF
        a.timestamp = (a.timestamp + 320) & 0xFFFFFFFF
        a.say(b"4" * 160)
        late = a.sequence
        a.sequence = (a.sequence - 2) & 0xFFFF
        a.say(b"3" * 160)
        a.sequence = late
        fifth, fourth = await b.hear_many(2)
        assert (fifth.sequence - second.sequence) & 0xFFFF == 3
        assert (fifth.timestamp - second.timestamp) & 0xFFFFFFFF == 480
        assert (fourth.sequence - second.sequence) & 0xFFFF == 2
        assert first.ssrc == fifth.ssrc != a.ssrc
        counters = await controller.client.close("a")
        assert (counters.packets_in, counters.lost, counters.late) == (4, 1, 1)
        assert (await controller.client.counters("b")).packets_out == 4
    await controller.client.disconnect()


@real_time
async def test_comfort_noise_that_comes_twice_or_late_takes_no_number_of_the_audio_behind_it(
    engine: RunningEngine,
) -> None:
    controller = await connected(engine)
    with Phone() as a, Phone() as b:
        await controller.call("a", a)
        await controller.call("b", b)
        controller.client.bridge("a", "b")
        a.say(b"0" * 160)
        noise = a.say(b"n", payload_type=13)
        a.send(noise.to_bytes())
        a.say(b"1" * 160)
        late = a.sequence
        a.sequence = (late + 1) & 0xFFFF
        a.say(b"3" * 160)
        after = a.sequence
        a.sequence = late
        a.say(b"n", payload_type=13)
        a.sequence = after
        a.say(b"4" * 160)
        heard = await b.hear_many(4)
        assert [packet.payload[:1] for packet in heard] == [b"0", b"1", b"3", b"4"]
        numbers = [(packet.sequence - heard[0].sequence) & 0xFFFF for packet in heard]
        assert numbers == [0, 1, 3, 4]
    await controller.client.disconnect()


@real_time
async def test_a_talk_goes_on_as_the_sequence_numbers_pass_half_their_range_and_wrap(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as a, Phone() as b:
        await controller.call("a", a)
        await controller.call("b", b)
        controller.client.bridge("a", "b")
        a.say(b"0" * 160)
        first = await b.hear()
        # Two thousand packets lost each time: a talk of three quarters of an hour, made short.
        for jump in range(1, 70):
            a.sequence = (a.sequence + 2000) & 0xFFFF
            a.say(bytes([jump]) * 160)
            heard = await b.hear()
            assert heard.payload == bytes([jump]) * 160
            assert (heard.sequence - first.sequence) & 0xFFFF == jump * 2001 & 0xFFFF
    await controller.client.disconnect()


@real_time
async def test_laws_are_converted_and_telephone_events_mapped_in_the_relay(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as a, Phone() as b:
        await controller.call("a", a, codec="PCMA", payload_type=8, dtmf=101)
        await controller.call("b", b, codec="PCMU", payload_type=0, dtmf=96)
        controller.client.bridge("a", "b")
        a.say(b"\xd5" * 80 + b"\x55" * 80)
        b.say(b"\xff" * 160, payload_type=0)
        heard_by_b = await b.hear()
        assert (heard_by_b.payload_type, heard_by_b.payload) == (0, b"\xfe" * 80 + b"\x7e" * 80)
        heard_by_a = await a.hear()
        assert (heard_by_a.payload_type, heard_by_a.payload) == (8, b"\xd5" * 160)
        a.press(5, steps=[160, 320, 480])
        events = await b.hear_many(6)
        assert {packet.payload_type for packet in events} == {96}
        assert len({packet.timestamp for packet in events}) == 1
        assert [packet.payload for packet in events][-1] == bytes([5, 0x8A, 1, 0xE0])
        assert await controller.event(DtmfReceived) == DtmfReceived("a", "5", 60)
    await controller.client.disconnect()


@real_time
async def test_codecs_without_a_common_form_are_not_bridged(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as a, Phone() as b:
        await controller.call("a", a)
        await controller.call("b", b, codec="G722", payload_type=9)
        controller.client.bridge("a", "b")
        failed = await controller.event(CommandFailed)
        assert failed.reason == "PCMA cannot be made G722 in the relay"
    await controller.client.disconnect()


@real_time
async def test_an_announcement_is_heard_instead_of_the_other_party(engine: RunningEngine, tmp_path: Path) -> None:
    controller = await connected(engine)
    with Phone() as a, Phone() as b:
        await controller.call("a", a)
        await controller.call("b", b)
        controller.client.bridge("a", "b")
        a.say(b"\x01" * 160)
        packets = [await b.hear()]
        controller.client.play("b", [clip(tmp_path, "X", 3)], layer="announcement")
        packets.append(await b.hear())
        a.say(b"\x02" * 160)
        packets += await b.hear_many(2)
        await controller.event(PlayEnded)
        a.say(b"\x03" * 160)
        packets.append(await b.hear())
    assert [packet.payload for packet in packets[1:4]] == [frame("X", i) for i in range(3)]
    assert packets[-1].payload == b"\x03" * 160
    assert packets[-1].marker
    assert [p.sequence for p in packets] == [(packets[0].sequence + i) & 0xFFFF for i in range(len(packets))]
    await controller.client.disconnect()


def test_where_io_uring_is_forbidden_the_engine_says_so_once_and_does_the_same(tmp_path: Path) -> None:
    engine = RunningEngine(tmp_path, before=functools.partial(forbid, IO_URING))
    plays_and_relays(engine, tmp_path)
    assert engine.stop() == 0
    assert engine.process.stderr
    (told,) = engine.process.stderr.read().splitlines()
    assert "io_uring cannot be had (Operation not permitted)" in told


def test_without_io_uring_the_same_is_played_and_relayed(tmp_path: Path) -> None:
    engine = RunningEngine(tmp_path, "--no-io-uring")
    plays_and_relays(engine, tmp_path)
    assert engine.stop() == 0


@real_time
async def plays_and_relays(engine: RunningEngine, tmp_path: Path) -> None:
    controller = await connected(engine)
    with Phone() as a, Phone() as b:
        await controller.call("a", a)
        await controller.call("b", b)
        controller.client.play("a", [clip(tmp_path, "M", 3)], layer="music", loop=True)
        packets = await a.hear_many(6)
        assert_continuous(packets)
        assert [packet.payload for packet in packets] == [frame("M", i % 3) for i in range(6)]
        controller.client.bridge("a", "b")
        a.say(b"a" * 160)
        assert (await b.hear()).payload == b"a" * 160
    await controller.client.disconnect()
    assert engine.stop() == 0


@real_time
async def test_ipv6_is_spoken_too(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone("::1") as a, Phone("::1") as b:
        await controller.call("a", a)
        await controller.call("b", b)
        controller.client.bridge("a", "b")
        a.say(b"6" * 160)
        assert (await b.hear()).payload == b"6" * 160
    await controller.client.disconnect()
