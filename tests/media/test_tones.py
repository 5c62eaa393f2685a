"""Keys of parties without telephone events: tones in their audio, heard and sounded (ITU-T Q.23, Q.24)."""

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from media.codec import Codec
from media.events import DtmfReceived
from media.prompts import library
from media.prompts.sound import Samples, read_audio
from tests.media.key_tones import KEYS, decoded, dialled, encoded, silence, sounding, strengths, tone
from tests.media.phone import Phone, Rtp
from tests.media.running_engine import Controller, RunningEngine, connected, real_time

PAYLOAD_TYPES: dict[Codec, int] = {"PCMA": 8, "PCMU": 0, "G722": 9}
TOGETHER = 60
"""Packets that the engine reads at once."""


async def say(controller: Controller, session: str, phone: Phone, payload: bytes, payload_type: int = 8) -> None:
    """Send sound as fast as the engine takes it: when a key sounded is told by RTP's time, not by the clock."""
    for start in range(0, len(payload), TOGETHER * 160):
        for at in range(start, min(start + TOGETHER * 160, len(payload)), 160):
            phone.say(payload[at : at + 160], payload_type)
        await controller.client.counters(session)


def told(controller: Controller) -> str:
    """The keys that the engine has told of so far."""
    return "".join(event.digit for event in controller.taken(DtmfReceived))


def heard_by(engine: RunningEngine, samples: Samples, *, codec: Codec = "PCMA") -> str:
    """The keys that are told of a party with this sound."""
    keys = ""

    @real_time
    async def run() -> None:
        nonlocal keys
        controller = await connected(engine)
        with Phone() as phone:
            await controller.call("a", phone, codec=codec, payload_type=PAYLOAD_TYPES[codec], dtmf=None)
            await say(controller, "a", phone, encoded(samples, codec), PAYLOAD_TYPES[codec])
            keys = told(controller)
            await controller.client.close("a")
        await controller.client.disconnect()

    run()
    return keys


@pytest.mark.parametrize("codec", PAYLOAD_TYPES)
def test_each_key_is_told_once_with_as_long_as_it_sounded(engine: RunningEngine, codec: Codec) -> None:
    @real_time
    async def run() -> None:
        controller = await connected(engine)
        with Phone() as phone:
            await controller.call("a", phone, codec=codec, payload_type=PAYLOAD_TYPES[codec], dtmf=None)
            sound = dialled(KEYS + "11", rate=16000 if codec == "G722" else 8000)
            await say(controller, "a", phone, encoded(sound, codec), PAYLOAD_TYPES[codec])
            keys = controller.taken(DtmfReceived)
        assert "".join(key.digit for key in keys) == KEYS + "11"
        assert all(90 <= key.duration_ms <= 115 for key in keys)
        await controller.client.disconnect()

    run()


ACCEPTED = {
    "40 ms and a pause of 40 ms": {"seconds": 0.04, "pause": 0.04},
    "a second": {"seconds": 1.0},
    "loud": {"low": -3.0, "high": -3.0},
    "quiet": {"low": -30.0, "high": -30.0},
    "the high tone 4 dB louder": {"low": -12.0, "high": -8.0},
    "the high tone 8 dB quieter": {"low": -8.0, "high": -16.0},
    "1.5 % above": {"low_astray": 0.015, "high_astray": 0.015},
    "1.5 % below": {"low_astray": -0.015, "high_astray": -0.015},
    "1.5 % apart, and the high tone quieter": {"low_astray": 0.015, "high_astray": -0.015, "low": -8.0, "high": -16.0},
}
REFUSED = {
    "20 ms": {"seconds": 0.02},
    "nearly silent": {"low": -40.0, "high": -40.0},
    "the high tone far louder": {"low": -16.0, "high": -8.0},
    "the high tone far quieter": {"low": -8.0, "high": -20.0},
    "the low tone 3.5 % above": {"low_astray": 0.035},
    "the low tone 3.5 % below": {"low_astray": -0.035},
    "the high tone 3.5 % above": {"high_astray": 0.035},
    "the high tone 3.5 % below": {"high_astray": -0.035},
    "the low tone alone": {"high": -90.0},
    "the high tone alone": {"low": -90.0},
}


@pytest.mark.parametrize("how", ACCEPTED)
def test_a_tone_within_the_limits_is_a_key(engine: RunningEngine, how: str) -> None:
    assert heard_by(engine, dialled(KEYS, **ACCEPTED[how])) == KEYS


@pytest.mark.parametrize("how", REFUSED)
def test_a_tone_beyond_the_limits_is_none(engine: RunningEngine, how: str) -> None:
    assert heard_by(engine, dialled(KEYS, **REFUSED[how])) == ""


def test_a_key_is_heard_through_noise(engine: RunningEngine) -> None:
    sound = dialled(KEYS, 0.06, 0.06)
    power = np.mean(np.square(tone("5")))
    noise = np.random.default_rng(7).normal(0, np.sqrt(power / 10**1.5), sound.size)
    assert heard_by(engine, sound + noise) == KEYS


def as_they_are(places: range) -> list[int]:
    return list(places)


def shuffled(places: range) -> list[int]:
    """Two of four change places."""
    return [place + {1: 1, 2: -1}.get(place % 4, 0) for place in places]


def lossy(places: range) -> list[int]:
    return [place for place in places if place % 4 != 1]


@pytest.mark.parametrize("size", [80, 160, 240, 171])
@pytest.mark.parametrize("order", [as_they_are, shuffled, lossy])
def test_a_key_is_told_once_whatever_becomes_of_its_packets(
    engine: RunningEngine, size: int, order: Callable[[range], list[int]]
) -> None:
    @real_time
    async def run() -> None:
        controller = await connected(engine)
        with Phone() as phone:
            await controller.call("a", phone, dtmf=None)
            sound = encoded(dialled("159D", 0.12), "PCMA")
            for place in order(range(len(sound) // size // 4 * 4)):
                numbered = (phone.sequence + place) & 0xFFFF, (phone.timestamp + place * size) & 0xFFFFFFFF
                payload = sound[place * size : (place + 1) * size]
                phone.send(Rtp(8, False, *numbered, phone.ssrc, payload).to_bytes())
                await controller.client.counters("a")
            assert told(controller) == "159D"
        await controller.client.disconnect()

    run()


@real_time
async def test_a_key_behind_which_nothing_is_sent_is_told(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as phone:
        await controller.call("a", phone, dtmf=None)
        await say(controller, "a", phone, encoded(tone("8", 0.2), "PCMA"))
        assert (await controller.event(DtmfReceived)).digit == "8"
        # As phones that suppress silence.
        phone.timestamp = (phone.timestamp + 4000) & 0xFFFFFFFF
        await say(controller, "a", phone, encoded(np.concatenate([silence(0.2), dialled("8")]), "PCMA"))
        assert told(controller) == "8"
    await controller.client.disconnect()


@real_time
async def test_tones_are_listened_for_while_there_are_no_telephone_events(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as phone:
        await controller.call("a", phone)
        key = encoded(dialled("4"), "PCMA")
        for dtmf, keys in ((101, ""), (None, "4"), (101, ""), (None, "4")):
            controller.client.configure("a", phone.address, "PCMA", 8, dtmf)
            await say(controller, "a", phone, key)
            assert told(controller) == keys
        controller.client.ignore_tones("a")
        await say(controller, "a", phone, key)
        assert told(controller) == ""
    await controller.client.disconnect()


# Talk-off


def spoken(language: str) -> list[Path]:
    return sorted((library.PACKAGED / language).rglob("*.ogg"))


@pytest.mark.parametrize("language", [*library.LANGUAGES, "music"])
def test_what_the_house_says_and_plays_presses_no_key(engine: RunningEngine, language: str) -> None:
    files = spoken(language)
    assert files
    sound = np.concatenate([part for file in files for part in (read_audio(file, 8000), silence(0.1))])
    assert heard_by(engine, sound) == ""


@pytest.mark.parametrize("colour", ["white", "pink", "of the band"])
def test_noise_presses_no_key(engine: RunningEngine, colour: str) -> None:
    count = 600 * 8000
    spectrum = np.fft.rfft(np.random.default_rng(3).normal(size=count))
    hertz = np.fft.rfftfreq(count, 1 / 8000)
    if colour == "pink":
        spectrum /= np.sqrt(np.maximum(hertz, 1))
    if colour == "of the band":
        spectrum[(hertz < 650) | (hertz > 1700)] = 0
    noise = np.fft.irfft(spectrum, count)
    assert heard_by(engine, 0.1 * noise / np.std(noise)) == ""


# Bridges


def taken_apart(heard: Sequence[Rtp], events: int = 101) -> tuple[list[Rtp], list[Rtp]]:
    """Telephone events, and audio."""
    return (
        [packet for packet in heard if packet.payload_type == events],
        [packet for packet in heard if packet.payload_type != events],
    )


@real_time
async def test_a_tone_becomes_a_telephone_event_for_the_other_party(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as gateway, Phone() as phone:
        await controller.call("gateway", gateway, dtmf=None)
        await controller.call("phone", phone)
        controller.client.bridge("gateway", "phone")
        await say(controller, "gateway", gateway, encoded(dialled("5", 0.3), "PCMA"))
        assert told(controller) == "5"
        heard = phone.waiting()
    events, audio = taken_apart(heard)
    assert [packet.sequence for packet in heard] == [(heard[0].sequence + at) & 0xFFFF for at in range(len(heard))]
    assert {packet.timestamp for packet in events} == {events[0].timestamp}
    assert [packet.marker for packet in events] == [True] + [False] * (len(events) - 1)
    assert {packet.payload[0] for packet in events} == {5}
    durations = [int.from_bytes(packet.payload[2:], "big") / 8 for packet in events]
    assert durations == sorted(durations)
    assert 290 <= durations[-1] <= 315
    assert [bool(packet.payload[1] & 0x80) for packet in events] == [False] * (len(events) - 3) + [True] * 3
    # What is heard of it before it is known for a key makes none by itself.
    rest = decoded([packet.payload for packet in audio], "PCMA")
    assert sum(end - start for _, start, end in sounding(rest)) < 0.04
    await controller.client.disconnect()


@real_time
async def test_a_tone_passes_as_it_is_between_parties_without_telephone_events(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as gateway, Phone() as other:
        await controller.call("gateway", gateway, dtmf=None)
        await controller.call("other", other, dtmf=None)
        controller.client.bridge("gateway", "other")
        sound = encoded(dialled("52"), "PCMA")
        await say(controller, "gateway", gateway, sound)
        assert told(controller) == "52"
        assert b"".join(packet.payload for packet in other.waiting()) == sound
    await controller.client.disconnect()


@pytest.mark.parametrize("codec", PAYLOAD_TYPES)
def test_a_telephone_event_is_sounded_to_a_party_without(engine: RunningEngine, codec: Codec) -> None:
    @real_time
    async def run() -> None:
        controller = await connected(engine)
        of_phone: Codec = "G722" if codec == "G722" else "PCMA"
        with Phone() as phone, Phone() as gateway:
            await controller.call("phone", phone, codec=of_phone, payload_type=PAYLOAD_TYPES[of_phone])
            await controller.call("gateway", gateway, codec=codec, payload_type=PAYLOAD_TYPES[codec], dtmf=None)
            controller.client.bridge("phone", "gateway")
            phone.press(7, steps=[160, 320, 480])
            phone.press(11, steps=range(160, 2401, 160))
            # 100 ms, 300 ms, and a pause of 60 ms behind each.
            heard = await gateway.hear_many(26)
            assert told(controller) == "7#"
        assert {packet.payload_type for packet in heard} == {PAYLOAD_TYPES[codec]}
        assert_keys(heard, codec, [("7", 0.1), ("#", 0.3)])
        await controller.client.disconnect()

    run()


@real_time
async def test_the_echo_of_a_key_presses_none(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as phone, Phone() as gateway:
        await controller.call("phone", phone)
        await controller.call("gateway", gateway, dtmf=None)
        controller.client.bridge("phone", "gateway")
        phone.press(1, steps=[160, 320, 480])
        phone.press(2, steps=[160, 320, 480])
        await gateway.hear_many(16)
        assert told(controller) == "12"
        echo = encoded(dialled("12", low=-20.0, high=-20.0), "PCMA")
        await say(controller, "gateway", gateway, echo + encoded(dialled("3"), "PCMA"))
        assert told(controller) == "3"
        assert {packet.payload[0] for packet in taken_apart(phone.waiting())[0]} == {3}
        await say(controller, "gateway", gateway, encoded(np.concatenate([silence(1), dialled("1")]), "PCMA"))
        assert told(controller) == "1"
    await controller.client.disconnect()


@real_time
async def test_what_is_said_waits_for_a_key_that_sounds(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as phone, Phone() as gateway:
        await controller.call("phone", phone)
        await controller.call("gateway", gateway, dtmf=None)
        controller.client.bridge("phone", "gateway")
        phone.press(1, steps=[160, 320, 480])
        heard: list[Rtp] = []
        voice = b"\x11" * 160
        while not heard or heard[-1].payload != voice:
            phone.say(voice)
            await controller.client.counters("phone")
            heard += gateway.waiting()
        assert [packet.payload == voice for packet in heard] == [False] * 8 + [True]
        assert [packet.marker for packet in heard] == [True] + [False] * 7 + [True]
        assert_keys(heard[:8], "PCMA", [("1", 0.1)])
    await controller.client.disconnect()


@pytest.mark.parametrize("codec", PAYLOAD_TYPES)
def test_keys_are_sent_as_tones_to_a_party_without_telephone_events(engine: RunningEngine, codec: Codec) -> None:
    @real_time
    async def run() -> None:
        controller = await connected(engine)
        with Phone() as gateway:
            await controller.call("a", gateway, codec=codec, payload_type=PAYLOAD_TYPES[codec], dtmf=None)
            controller.client.send_dtmf("a", KEYS)
            heard = await gateway.hear_many(8 * len(KEYS))
        assert_keys(heard, codec, [(key, 0.1) for key in KEYS])
        await controller.client.disconnect()

    run()


def assert_keys(heard: Sequence[Rtp], codec: Codec, keys: list[tuple[str, float]]) -> None:
    """Each sounds for so many seconds, at the level of a telephone, and some silence lies behind it."""
    rate = 16000 if codec == "G722" else 8000
    samples = decoded([packet.payload for packet in heard], codec)
    found = sounding(samples, rate)
    assert [key for key, _, _ in found] == [key for key, _ in keys]
    for (_, start, end), (_, seconds) in zip(found, keys, strict=True):
        assert abs(end - start - seconds) <= 0.01
        levels = sorted(strengths(samples[round((start + 0.02) * rate) : round((end - 0.02) * rate)], rate).values())
        assert -9 < levels[-2] <= levels[-1] < -5
        assert levels[-3] < levels[-1] - 20
    for (_, _, end), (_, start, _) in itertools.pairwise(found):
        assert start - end >= 0.05
