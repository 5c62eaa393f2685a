"""Whose packets are a session's: learned at first, then nobody else's."""

from pathlib import Path

from media.events import RtpTimeout
from tests.media.phone import Phone, Rtp
from tests.media.running_engine import RunningEngine, clip, connected, real_time, until


@real_time
async def test_a_phone_behind_nat_is_learned_from_its_packets(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as signalled, Phone() as phone, Phone() as other:
        port = await controller.call("a", signalled)
        await controller.call("b", other)
        controller.client.bridge("a", "b")
        await controller.client.counters("a")
        phone.talk_to(port)
        for _ in range(3):
            phone.say(b"n" * 160)
        assert (await other.hear()).payload == b"n" * 160
        other.say(b"r" * 160)
        assert (await phone.hear()).payload == b"r" * 160
        assert signalled.waiting() == []
    await controller.client.disconnect()


@real_time
async def test_a_locked_source_cannot_be_taken_over(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as phone, Phone(ssrc=666) as thief, Phone() as other:
        port = await controller.call("a", phone)
        await controller.call("b", other)
        controller.client.bridge("a", "b")
        phone.say(b"p" * 160)
        await other.hear()
        thief.talk_to(port)
        for _ in range(50):
            thief.say(b"t" * 160)
        # With the true SSRC and the next numbers it is no better.
        thief.ssrc, thief.sequence, thief.timestamp = phone.ssrc, phone.sequence, phone.timestamp
        for _ in range(10):
            thief.say(b"t" * 160)
        phone.say(b"q" * 160)
        assert (await other.hear()).payload == b"q" * 160
        other.say(b"r" * 160)
        assert (await phone.hear()).payload == b"r" * 160
        assert thief.waiting() == []
        counters = await controller.client.counters("a")
        assert (counters.packets_in, counters.foreign) == (2, 60)
    await controller.client.disconnect()


@real_time
async def test_stray_packets_do_not_teach_an_address(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as phone, Phone() as stray, Phone() as other:
        port = await controller.call("a", phone)
        await controller.call("b", other)
        controller.client.bridge("a", "b")
        stray.talk_to(port)
        stray.say(b"s" * 160)
        stray.say(b"s" * 160)
        stray.sequence = (stray.sequence + 7) & 0xFFFF
        stray.say(b"s" * 160)
        for _ in range(5):
            stray.say(b"s" * 160, payload_type=18)
        counters = await controller.client.counters("a")
        assert (counters.foreign, counters.malformed) == (3, 5)
        phone.say(b"p" * 160)
        assert (await other.hear()).payload == b"p" * 160
        other.say(b"r" * 160)
        assert (await phone.hear()).payload == b"r" * 160
    await controller.client.disconnect()


@real_time
async def test_a_new_configuration_may_move_the_call(engine: RunningEngine) -> None:
    controller = await connected(engine)
    client = controller.client
    with Phone() as phone, Phone(ssrc=9) as second, Phone() as other:
        port = await controller.call("a", phone)
        await controller.call("b", other)
        client.bridge("a", "b")
        phone.say(b"1" * 160)
        await other.hear()
        client.configure("a", second.address, "PCMA", 8, 101)
        await client.counters("a")
        second.talk_to(port)
        second.say(b"2" * 160)
        assert (await other.hear()).payload == b"2" * 160
        phone.say(b"1" * 160)
        other.say(b"r" * 160)
        assert (await second.hear()).payload == b"r" * 160

        async def refused() -> bool:
            return (await client.counters("a")).foreign == 1

        await until(refused)
    await client.disconnect()


@real_time
async def test_what_the_phone_before_still_says_does_not_hold_a_call_that_moved(engine: RunningEngine) -> None:
    controller = await connected(engine)
    client = controller.client
    with Phone() as phone, Phone(ssrc=9) as second, Phone() as other:
        port = await controller.call("a", phone)
        await controller.call("b", other)
        client.bridge("a", "b")
        phone.say(b"1" * 160)
        await other.hear()
        client.configure("a", second.address, "PCMA", 8, 101)
        await client.counters("a")
        for _ in range(10):
            phone.say(b"1" * 160)
        await client.counters("a")
        # Where to send is known though the new phone may say nothing, as one that only listens.
        other.say(b"r" * 160)
        assert (await second.hear()).payload == b"r" * 160
        second.talk_to(port)
        second.say(b"2" * 160)
        assert (await other.hear()).payload == b"2" * 160
    await client.disconnect()


@real_time
async def test_the_address_agreed_on_is_believed_though_another_was_learned(engine: RunningEngine) -> None:
    controller = await connected(engine)
    client = controller.client
    with Phone() as phone, Phone(ssrc=9) as early, Phone() as other:
        port = await controller.call("a", phone)
        await controller.call("b", other)
        client.bridge("a", "b")
        early.talk_to(port)
        for _ in range(5):
            early.say(b"e" * 160)
        assert {packet.payload for packet in await other.hear_many(3)} == {b"e" * 160}
        for _ in range(4):
            phone.say(b"p" * 160)
        assert (await other.hear()).payload == b"p" * 160
        other.say(b"r" * 160)
        assert (await phone.hear()).payload == b"r" * 160
        early.say(b"e" * 160)
        phone.say(b"q" * 160)
        heard = [(await other.hear()).payload[:1] for _ in range(2)]
        assert heard == [b"p", b"q"]
    await client.disconnect()


@real_time
async def test_what_is_no_rtp_is_counted_and_dropped(engine: RunningEngine) -> None:
    controller = await connected(engine)
    good = Rtp(8, False, 1, 160, 5, b"x" * 160).to_bytes()
    bad = [
        b"",
        b"\x80",
        good[:11],
        b"\x40" + good[1:],
        b"\x90" + good[1:14],
        b"\x90" + good[1:12] + b"\xbe\xde\xff\xff" + b"x" * 20,
        b"\x8f" + good[1:20],
        b"\xa0" + good[1:-1] + b"\xff",
        b"\xa0" + good[1:-1] + b"\x00",
    ]
    with Phone() as phone, Phone() as other:
        await controller.call("a", phone)
        await controller.call("b", other)
        controller.client.bridge("a", "b")
        for data in bad:
            phone.send(data)
        # An extension and padding that fit are taken off.
        phone.send(b"\xb0" + good[1:12] + b"\xbe\xde\x00\x01abcd" + b"y" * 160 + b"\x00\x00\x00\x04")
        assert (await other.hear()).payload == b"y" * 160
        counters = await controller.client.counters("a")
        assert (counters.packets_in, counters.malformed) == (1, len(bad))
    await controller.client.disconnect()


@real_time
async def test_silence_is_told_once_after_the_time_agreed_on(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as phone:
        await controller.call("a", phone, rtp_timeout=1)
        phone.say(b"x" * 160)
        assert await controller.event(RtpTimeout) == RtpTimeout("a", 1)
        phone.say(b"x" * 160)
        assert (await controller.event(RtpTimeout)).session == "a"
        # A held phone is silent by right.
        controller.client.configure("a", phone.address, "PCMA", 8, 101, "sendonly")
        await controller.call("b", phone, rtp_timeout=2)
        assert (await controller.event(RtpTimeout)).session == "b"
        assert controller.nothing_more()
    await controller.client.disconnect()


@real_time
async def test_packets_that_come_while_music_plays_are_counted(engine: RunningEngine, tmp_path: Path) -> None:
    controller = await connected(engine)
    with Phone() as phone:
        await controller.call("a", phone)
        controller.client.play("a", [clip(tmp_path, "M", 5)], layer="music", loop=True)
        for _ in range(10):
            await phone.hear()
            phone.say(b"h" * 160)
        counters = await controller.client.close("a")
        assert (counters.packets_in, counters.lost, counters.late) == (10, 0, 0)
        assert counters.packets_out >= 10
        assert counters.mos > 4.3
    await controller.client.disconnect()
