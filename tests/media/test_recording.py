"""Recordings: two channels, in time, never in the way of the call."""

import wave
from pathlib import Path

import av
import numpy
import pytest

from media.events import CommandFailed, RecordEnded, RecordFailed, RecordSilence
from tests.media.phone import Phone
from tests.media.running_engine import RunningEngine, connected, real_time, until

LOUD, QUIET = b"\xaa" * 160, b"\xd5" * 160
"""A-law: the loudest positive step, and the smallest."""


def channels(path: Path) -> tuple[list[int], list[int]]:
    """Left and right samples."""
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 8000)
        data = memoryview(file.readframes(file.getnframes())).cast("h")
    return list(data[::2]), list(data[1::2])


@real_time
async def test_left_is_what_the_party_said_and_right_what_it_heard(engine: RunningEngine, tmp_path: Path) -> None:
    controller = await connected(engine)
    client = controller.client
    path = tmp_path / "call 1.wav"
    loud = tmp_path / "loud.pcma"
    loud.write_bytes(b"\xaa" * 160 * 25)
    with Phone() as phone:
        await controller.call("a", phone)
        client.record("a", path)
        client.play("a", [loud], layer="announcement")
        for index in range(25):
            await phone.hear()
            # Every fifth packet is lost on its way.
            if index % 5 == 4:
                phone.sequence = (phone.sequence + 1) & 0xFFFF
                phone.timestamp = (phone.timestamp + 160) & 0xFFFFFFFF
            else:
                phone.say(b"\x2a" * 160)
        await client.counters("a")
        client.stop_record("a")
        ended = await controller.event(RecordEnded)
    said, heard = channels(path)
    assert ended.dropped_frames == 0
    assert abs(ended.seconds - len(said) / 8000) < 0.001
    # A-law 0xAA is the loudest positive step (32,256), 0x2A its negative.
    assert set(said) == {0, -32256}
    assert set(heard) == {0, 32256}
    assert heard.count(32256) == 25 * 160
    assert said.count(-32256) == 20 * 160
    first = said.index(-32256)
    last = len(said) - said[::-1].index(-32256)
    assert last - first == 24 * 160, "a lost packet leaves its 20 ms of silence"
    assert abs(first - heard.index(32256)) < 8000 // 5
    await client.disconnect()


@real_time
async def test_what_the_network_held_up_and_brings_at_once_stands_where_it_was_said(
    engine: RunningEngine, tmp_path: Path
) -> None:
    controller = await connected(engine)
    client = controller.client
    pace = tmp_path / "pace.pcma"
    pace.write_bytes(QUIET * 50)
    with Phone() as phone:
        await controller.call("a", phone)
        client.record("a", tmp_path / "a.wav")
        client.play("a", [pace], layer="announcement")
        for index in range(50):
            await phone.hear()
            # Nothing arrives for six tenths of a second, and then all that was said meanwhile.
            if not 10 <= index < 40:
                for _ in range(31 if index == 40 else 1):
                    phone.say(LOUD)
        await client.counters("a")
        client.stop_record("a")
        await controller.event(RecordEnded)
    said, _ = channels(tmp_path / "a.wav")
    first = said.index(32256)
    assert set(said[first : first + 50 * 160]) == {32256}
    await client.disconnect()


@pytest.mark.parametrize("shift", [-1_000_000, 1_000_000])
@real_time
async def test_what_a_new_source_says_is_recorded_from_its_first_word(
    engine: RunningEngine, tmp_path: Path, shift: int
) -> None:
    controller = await connected(engine)
    client = controller.client
    pace = tmp_path / "pace.pcma"
    pace.write_bytes(QUIET * 40)
    with Phone() as phone:
        await controller.call("a", phone)
        client.record("a", tmp_path / "a.wav")
        client.play("a", [pace], layer="announcement")
        for index in range(40):
            await phone.hear()
            if index == 20:
                # As when the caller's exchange joins them with another party's stream.
                phone.ssrc += 1
                phone.sequence = (phone.sequence + 20_000) & 0xFFFF
                phone.timestamp = (phone.timestamp + shift) & 0xFFFFFFFF
            phone.say(LOUD)
        await client.counters("a")
        client.stop_record("a")
        await controller.event(RecordEnded)
    said, _ = channels(tmp_path / "a.wav")
    # Where two sources meet, the clock alone says where the second begins.
    assert said.count(32256) > 39 * 160
    await client.disconnect()


@real_time
async def test_g722_is_recorded_at_its_own_rate(engine: RunningEngine, tmp_path: Path) -> None:
    controller = await connected(engine)
    client = controller.client
    encoder = av.CodecContext.create("g722", "w")
    encoder.sample_rate, encoder.format, encoder.layout = 16000, "s16", "mono"
    tone = (8000 * numpy.sin(2 * numpy.pi * 3000 * numpy.arange(16000) / 16000)).astype(numpy.int16)
    sound = av.AudioFrame.from_ndarray(tone.reshape(1, -1), format="s16", layout="mono")
    sound.sample_rate = 16000
    payload = b"".join(bytes(packet) for packet in encoder.encode(sound))
    clip = tmp_path / "tone.g722"
    clip.write_bytes(payload)
    with Phone() as phone:
        await controller.call("a", phone, codec="G722", payload_type=9)
        client.record("a", tmp_path / "wide.wav")
        client.play("a", [clip], layer="announcement")
        await phone.hear_many(50)
        await client.close("a")
        await controller.event(RecordEnded)
    with wave.open(str(tmp_path / "wide.wav")) as file:
        assert file.getframerate() == 16000
        heard = numpy.frombuffer(file.readframes(file.getnframes()), numpy.int16)[1::2]
    start = int(numpy.flatnonzero(heard)[0])
    middle = heard[start + 2000 : start + 10000].astype(float)
    spectrum = numpy.abs(numpy.fft.rfft(middle * numpy.hanning(len(middle))))
    assert spectrum.argmax() * 16000 / len(middle) == 3000
    assert numpy.sqrt((middle**2).mean()) == pytest.approx(8000 / numpy.sqrt(2), rel=0.05)
    await client.disconnect()


@real_time
async def test_a_session_that_ends_completes_its_recording(engine: RunningEngine, tmp_path: Path) -> None:
    controller = await connected(engine)
    with Phone() as phone:
        await controller.call("a", phone, codec="PCMU", payload_type=0)
        controller.client.record("a", tmp_path / "a.wav")
        phone.say(b"\x80" * 160, payload_type=0)
        await controller.client.close("a")
        await controller.event(RecordEnded)
    said, heard = channels(tmp_path / "a.wav")
    assert said.count(32124) == 160
    assert set(heard) <= {0}
    await controller.client.disconnect()


@real_time
async def test_more_beginnings_than_the_disk_keeps_up_with_are_refused_and_every_end_is_told(
    engine: RunningEngine, tmp_path: Path
) -> None:
    controller = await connected(engine)
    client = controller.client
    with Phone() as phone:
        await controller.call("a", phone)
        for number in range(10_000):
            client.record("a", tmp_path / f"{number}.wav")
            client.stop_record("a")
        await client.counters("a")
        # Of a recording that was refused, the end is refused as well.
        refused = controller.count(CommandFailed)
        assert refused % 2 == 0

        async def all_ended() -> bool:
            await client.counters("a")
            return controller.count(RecordEnded) == 10_000 - refused // 2

        await until(all_ended, within=120.0)  # thousands of files: as the disk goes
    await client.disconnect()


@real_time
async def test_one_channel_holds_only_what_the_party_said(engine: RunningEngine, tmp_path: Path) -> None:
    controller = await connected(engine)
    client = controller.client
    prompt = tmp_path / "prompt.pcma"
    prompt.write_bytes(b"\x2a" * 160 * 10)
    with Phone() as phone:
        await controller.call("a", phone)
        client.record("a", tmp_path / "said.wav", said_only=True)
        client.play("a", [prompt], layer="announcement")
        for _ in range(10):
            await phone.hear()
            phone.say(LOUD)
        await client.close("a")
        await controller.event(RecordEnded)
    with wave.open(str(tmp_path / "said.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 8000)
        samples = memoryview(file.readframes(file.getnframes())).cast("h").tolist()
    assert set(samples) == {0, 32256}
    assert samples.count(32256) == 10 * 160
    await client.disconnect()


@real_time
async def test_what_comes_after_the_longest_time_is_left_out(engine: RunningEngine, tmp_path: Path) -> None:
    controller = await connected(engine)
    client = controller.client
    with Phone() as phone:
        await controller.call("a", phone)
        client.record("a", tmp_path / "short.wav", said_only=True, longest=0.2)
        # Timestamps lead the clock by less than a fifth of a second, so these are in time though sent at once.
        for _ in range(8):
            phone.say(LOUD)
        await client.counters("a")
        client.record("a", tmp_path / "other.wav")
        await controller.event(CommandFailed)
        clip = tmp_path / "half.pcma"
        clip.write_bytes(QUIET * 25)
        client.play("a", [clip], layer="announcement")
        for _ in range(25):
            await phone.hear()
            phone.say(LOUD)
        await client.counters("a")
        client.stop_record("a")
        assert (await controller.event(RecordEnded)).seconds == pytest.approx(0.2)
    with wave.open(str(tmp_path / "short.wav")) as file:
        assert file.getnframes() == 1600
    await client.disconnect()


@pytest.mark.parametrize("silence", [QUIET, None], ids=["quiet packets", "no packets"])
@real_time
async def test_a_silence_is_told_once_until_the_party_speaks_again(
    engine: RunningEngine, tmp_path: Path, silence: bytes | None
) -> None:
    controller = await connected(engine)
    client = controller.client
    pace = tmp_path / "pace.pcma"
    pace.write_bytes(QUIET * 25)

    async def for_half_a_second(sound: bytes | None) -> None:
        client.play("a", [pace], layer="announcement")
        for _ in range(25):
            await phone.hear()
            if sound is not None:
                phone.say(sound)
        await client.counters("a")

    with Phone() as phone:
        await controller.call("a", phone)
        client.record("a", tmp_path / "a.wav", said_only=True, silence=0.2)
        await for_half_a_second(LOUD)
        assert controller.count(RecordSilence) == 0
        await for_half_a_second(silence)
        await for_half_a_second(silence)
        assert controller.count(RecordSilence) == 1
        await for_half_a_second(LOUD)
        await for_half_a_second(silence)
        assert controller.count(RecordSilence) == 2
        await client.close("a")
        await controller.event(RecordEnded)
    await client.disconnect()


@real_time
async def test_a_full_disk_ends_the_recording_and_not_the_call(engine: RunningEngine, tmp_path: Path) -> None:
    controller = await connected(engine)
    client = controller.client
    with Phone() as phone, Phone() as other:
        await controller.call("a", phone)
        await controller.call("b", other)
        client.bridge("a", "b")
        full = tmp_path / "full"
        full.symlink_to("/dev/full")
        exists = tmp_path / "exists.wav"
        exists.write_bytes(b"")
        for path, why in ((exists, "File exists"), (tmp_path / "no" / "x.wav", "No such file"), (full, "File exists")):
            client.record("a", path)
            failed = await controller.event(RecordFailed)
            assert failed.session == "a"
            assert why in failed.reason
            client.stop_record("a")
        phone.say(b"x" * 160)
        assert (await other.hear()).payload == b"x" * 160
        client.stop_record("a")
        assert (await controller.event(CommandFailed)).reason == "the session is not being recorded"
    await client.disconnect()
