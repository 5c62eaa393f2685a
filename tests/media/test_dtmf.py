"""Telephone events (RFC 4733), both ways."""

import itertools

import pytest

from media.events import CommandFailed, DtmfReceived
from tests.media.phone import Phone, Rtp
from tests.media.running_engine import RunningEngine, connected, real_time

STEPS = [160, 320, 480, 640, 800]


@real_time
async def test_each_key_is_told_once_however_often_its_packets_come(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as phone:
        await controller.call("a", phone)
        for event in (1, 1, 10, 11, 15):
            phone.press(event, steps=STEPS, repeat=2)
        digits = [await controller.event(DtmfReceived) for _ in range(5)]
        await controller.client.counters("a")
    assert [digit.digit for digit in digits] == ["1", "1", "*", "#", "D"]
    assert {digit.duration_ms for digit in digits} == {100}
    assert controller.nothing_more()
    await controller.client.disconnect()


@real_time
async def test_keys_come_by_the_number_of_either_side(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as phone, Phone() as other:
        await controller.call("a", phone, dtmf=96, own_dtmf=101)
        await controller.call("b", other, dtmf=110)
        controller.client.bridge("a", "b")
        for event, payload_type in ((1, 96), (2, 101)):
            phone.press(event, steps=STEPS, payload_type=payload_type)
            assert (await controller.event(DtmfReceived)).digit == str(event)
        heard = await other.hear_many(16)
        assert {packet.payload_type for packet in heard} == {110}
        controller.client.send_dtmf("a", "3")
        assert (await phone.hear()).payload_type == 96
    await controller.client.disconnect()


@pytest.mark.parametrize("keep", ["end only", "start only"])
def test_a_key_survives_the_loss_of_most_of_its_packets(engine: RunningEngine, keep: str) -> None:
    @real_time
    async def run() -> None:
        controller = await connected(engine)
        with Phone() as phone:
            await controller.call("a", phone)
            if keep == "end only":
                phone.press(7, steps=[800], ends=1)
            else:
                phone.press(7, steps=[160], ends=0)
            assert (await controller.event(DtmfReceived)).digit == "7"
        await controller.client.disconnect()

    run()


@real_time
async def test_a_new_key_ends_one_whose_end_was_lost(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as phone:
        await controller.call("a", phone)
        phone.press(3, steps=STEPS, ends=0)
        phone.press(4, steps=STEPS)
        assert await controller.event(DtmfReceived) == DtmfReceived("a", "3", 100)
        assert await controller.event(DtmfReceived) == DtmfReceived("a", "4", 100)
    await controller.client.disconnect()


@real_time
async def test_a_key_of_a_new_stream_is_told_though_one_was_pressed_at_that_time_of_the_stream_before(
    engine: RunningEngine,
) -> None:
    controller = await connected(engine)
    with Phone() as phone:
        await controller.call("a", phone)
        # As phones that begin each stream, as after a hold, at the timestamp 0.
        for ssrc, key in ((1, 5), (2, 6)):
            phone.ssrc, phone.sequence, phone.timestamp = ssrc, 0, 8000 - ssrc
            phone.press(key, steps=STEPS)
            assert await controller.event(DtmfReceived) == DtmfReceived("a", str(key), 100)
    await controller.client.disconnect()


@real_time
async def test_a_key_held_beyond_the_longest_duration_is_one_key(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as phone:
        await controller.call("a", phone)
        start = phone.timestamp
        for segment, durations in enumerate(([30000, 65535], [8000, 14465])):
            for index, duration in enumerate(durations):
                last = segment == 1 and index == 1
                payload = bytes([9, 0x8A if last else 10]) + duration.to_bytes(2, "big")
                timestamp = (start + segment * 65535) & 0xFFFFFFFF
                marker = segment == 0 and index == 0
                phone.send(Rtp(101, marker, phone.sequence, timestamp, phone.ssrc, payload).to_bytes())
                phone.sequence = (phone.sequence + 1) & 0xFFFF
        assert await controller.event(DtmfReceived) == DtmfReceived("a", "9", 10000)
    await controller.client.disconnect()


@real_time
async def test_digits_are_sent_as_events_of_growing_duration_with_three_end_packets(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as phone:
        await controller.call("a", phone)
        controller.client.send_dtmf("a", "0#", duration_ms=90)
        packets = await phone.hear_many(14)
    assert {packet.payload_type for packet in packets} == {101}
    assert [p.sequence for p in packets] == [(packets[0].sequence + i) & 0xFFFF for i in range(14)]
    keys = [list(group) for _, group in itertools.groupby(packets, key=lambda packet: packet.timestamp)]
    assert [len(key) for key in keys] == [7, 7]
    for key, event in zip(keys, (0, 11), strict=True):
        assert [packet.marker for packet in key] == [True] + [False] * 6
        assert [packet.payload for packet in key] == [
            bytes([event, end | 10]) + duration.to_bytes(2, "big")
            for duration, end in [(160, 0), (320, 0), (480, 0), (640, 0), (720, 0x80), (720, 0x80), (720, 0x80)]
        ]
    # Seven packets and a pause of 60 ms.
    assert (keys[1][0].timestamp - keys[0][0].timestamp) & 0xFFFFFFFF == 10 * 160
    await controller.client.disconnect()


@real_time
async def test_digits_must_be_digits(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as phone:
        await controller.call("a", phone)
        for digits in ("", "1x", "1" * 65):
            controller.client.send_dtmf("a", digits)
            assert "0-9" in (await controller.event(CommandFailed)).reason
    await controller.client.disconnect()
