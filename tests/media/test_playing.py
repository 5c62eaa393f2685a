"""Playing: one continuous stream, whatever is played."""

from pathlib import Path

from media.events import CommandFailed, DtmfReceived, PlayEnded
from tests.media.phone import Phone, assert_continuous
from tests.media.running_engine import RunningEngine, clip, connected, frame, real_time


@real_time
async def test_clips_join_without_a_gap_and_the_end_is_told(engine: RunningEngine, tmp_path: Path) -> None:
    controller = await connected(engine)
    with Phone() as phone:
        await controller.call("a", phone)
        clips = [clip(tmp_path, "A", 5), clip(tmp_path, "B", 3)]
        number = controller.client.play("a", clips, layer="announcement")
        packets = await phone.hear_many(8)
        assert await controller.event(PlayEnded) == PlayEnded("a", "announcement", number)
    assert [packet.payload for packet in packets] == [frame("A", i) for i in range(5)] + [
        frame("B", i) for i in range(3)
    ]
    assert_continuous(packets)
    assert [packet.marker for packet in packets] == [True] + [False] * 7
    assert {packet.payload_type for packet in packets} == {8}
    await controller.client.disconnect()


@real_time
async def test_music_goes_on_at_the_very_frame_where_the_announcement_paused_it(
    engine: RunningEngine, tmp_path: Path
) -> None:
    controller = await connected(engine)
    with Phone() as phone:
        await controller.call("a", phone)
        controller.client.play("a", [clip(tmp_path, "M", 7)], layer="music", loop=True)
        packets = await phone.hear_many(10)
        controller.client.play("a", [clip(tmp_path, "X", 4)], layer="announcement")
        packets += await phone.hear_many(20)
    assert_continuous(packets)
    payloads = [packet.payload for packet in packets]
    announced = [frame("X", i) for i in range(4)]
    start = payloads.index(announced[0])
    assert payloads[start : start + 4] == announced
    music = payloads[:start] + payloads[start + 4 :]
    assert music == [frame("M", i % 7) for i in range(len(music))]
    await controller.client.disconnect()


@real_time
async def test_a_party_that_said_nothing_for_long_is_heard_when_it_speaks(
    engine: RunningEngine, tmp_path: Path
) -> None:
    controller = await connected(engine)
    with Phone() as phone:
        await controller.call("a", phone)
        music = clip(tmp_path, "M", 7)
        controller.client.play("a", [music], layer="music", loop=True)
        for pause in (200, 10, 200):
            packets = await phone.hear_many(pause)
            assert_continuous(packets)
            for _ in range(3):
                phone.say(b"\x55" * 160)
            phone.press(5, steps=[160, 320, 480])
            assert (await controller.event(DtmfReceived)).digit == "5"
        controller.client.stop("a", "music")
        phone.say(b"\x55" * 160)
        assert (await controller.client.counters("a")).packets_in == 3 * (3 + 6) + 1
    assert controller.nothing_more()
    await controller.client.disconnect()


@real_time
async def test_what_a_silent_party_says_at_once_is_taken_at_once(engine: RunningEngine, tmp_path: Path) -> None:
    controller = await connected(engine)
    with Phone() as phone:
        await controller.call("a", phone)
        controller.client.play("a", [clip(tmp_path, "M", 7)], layer="music", loop=True)
        await phone.hear_many(200)
        for _ in range(60):
            phone.say(b"x" * 160)
        phone.press(5, steps=[160, 320])
        assert (await controller.event(DtmfReceived)).digit == "5"
        # One packet with each of ours would have taken as many frames as there were packets.
        assert len(phone.waiting()) < 60
    await controller.client.disconnect()


@real_time
async def test_a_new_announcement_replaces_the_old_one(engine: RunningEngine, tmp_path: Path) -> None:
    controller = await connected(engine)
    with Phone() as phone:
        await controller.call("a", phone)
        controller.client.play("a", [clip(tmp_path, "L", 250)], layer="announcement")
        packets = await phone.hear_many(2)
        second = controller.client.play("a", [clip(tmp_path, "S", 2)], layer="announcement")
        assert (await controller.event(PlayEnded)).play == second
        while packets[-1].payload != frame("S", 1):
            packets.append(await phone.hear())
    assert_continuous(packets)
    assert [packet.payload for packet in packets[-2:]] == [frame("S", 0), frame("S", 1)]
    assert controller.nothing_more()
    await controller.client.disconnect()


@real_time
async def test_stopping_is_silent_and_the_stream_goes_on_with_the_clock(engine: RunningEngine, tmp_path: Path) -> None:
    controller = await connected(engine)
    client = controller.client
    with Phone() as phone:
        await controller.call("a", phone)
        client.play("a", [clip(tmp_path, "M", 50)], layer="music", loop=True)
        first = await phone.hear_many(3)
        client.stop("a", "music")
        await client.counters("a")
        first += phone.waiting()
        # The pause is as long as another session's announcement.
        with Phone() as other:
            await controller.call("b", other)
            client.play("b", [clip(tmp_path, "P", 10)], layer="announcement")
            await controller.event(PlayEnded)
        assert phone.waiting() == []
        client.play("a", [clip(tmp_path, "N", 3)], layer="announcement")
        later = await phone.hear_many(3)
    assert_continuous(first)
    assert_continuous(later)
    assert later[0].marker
    assert later[0].sequence == (first[-1].sequence + 1) & 0xFFFF
    passed = (later[0].timestamp - first[-1].timestamp) & 0xFFFFFFFF
    assert 10 * 160 <= passed < 400 * 160
    await client.disconnect()


@real_time
async def test_a_clip_of_the_other_law_is_converted(engine: RunningEngine, tmp_path: Path) -> None:
    controller = await connected(engine)
    with Phone() as phone:
        await controller.call("a", phone, codec="PCMU", payload_type=0)
        silence = tmp_path / "silence.pcma"
        silence.write_bytes(b"\xd5" * 160)
        controller.client.play("a", [silence], layer="announcement")
        packet = await phone.hear()
    assert (packet.payload_type, packet.payload) == (0, b"\xfe" * 160)
    await controller.client.disconnect()


@real_time
async def test_nothing_is_sent_while_the_direction_forbids_it_but_announcements_end(
    engine: RunningEngine, tmp_path: Path
) -> None:
    controller = await connected(engine)
    with Phone() as phone:
        await controller.call("a", phone)
        controller.client.configure("a", phone.address, "PCMA", 8, 101, "recvonly")
        controller.client.play("a", [clip(tmp_path, "A", 3)], layer="announcement")
        await controller.event(PlayEnded)
        assert phone.waiting() == []
    await controller.client.disconnect()


@real_time
async def test_a_play_that_cannot_begin_names_the_file_and_why(engine: RunningEngine, tmp_path: Path) -> None:
    controller = await connected(engine)
    torn = tmp_path / "torn.pcma"
    torn.write_bytes(b"x" * 161)
    with Phone() as phone:
        await controller.call("a", phone)
        for path, why in ((tmp_path / "no.pcma", "No such file"), (torn, "160-byte"), (tmp_path / "x.wav", ".pcma")):
            number = controller.client.play("a", [path], layer="music")
            ended = await controller.event(PlayEnded)
            assert (ended.layer, ended.play) == ("music", number)
            assert ended.failed
            assert str(path) in ended.failed
            assert why in ended.failed
        controller.client.stop("nobody", "music")
        failed = await controller.event(CommandFailed)
        assert (failed.session, failed.verb, failed.reason) == ("nobody", "stop", "no such session")
    await controller.client.disconnect()


@real_time
async def test_nothing_is_told_of_a_play_whose_end_nobody_waits_for(engine: RunningEngine, tmp_path: Path) -> None:
    controller = await connected(engine)
    client = controller.client
    with Phone() as phone:
        await controller.call("a", phone)
        client.play("a", [clip(tmp_path, "A", 3)], layer="announcement", told=False)
        packets = await phone.hear_many(3)
        told = client.play("a", [clip(tmp_path, "B", 2)], layer="announcement")
        assert await controller.event(PlayEnded) == PlayEnded("a", "announcement", told)
        client.play("a", [tmp_path / "no.pcma"], layer="announcement", told=False)
        failed = await controller.event(CommandFailed)
        assert (failed.session, failed.verb) == ("a", "play")
    assert [packet.payload for packet in packets] == [frame("A", i) for i in range(3)]
    await client.disconnect()


@real_time
async def test_music_is_followed_without_a_gap_and_resumes_at_the_frame_across_announcements(
    engine: RunningEngine, tmp_path: Path
) -> None:
    controller = await connected(engine)
    client = controller.client
    heard = []
    with Phone() as phone:
        await controller.call("a", phone)
        first = client.play("a", [clip(tmp_path, "A", 40)], layer="music", after=True)
        client.play("a", [clip(tmp_path, "X", 40)], layer="music", after=True)
        second = client.play("a", [clip(tmp_path, "B", 20)], layer="music", after=True)
        # Four parts: the announcement comes after every ten frames or so.
        for _ in range(3):
            heard += await phone.hear_many(10)
            client.play("a", [clip(tmp_path, "P", 5)], layer="announcement")
            await controller.event(PlayEnded)
        assert (await controller.event(PlayEnded)).play == first
        assert (await controller.event(PlayEnded)).play == second
        heard += phone.waiting()
    assert_continuous(heard)
    music = [packet.payload for packet in heard if packet.payload[:1] != b"P"]
    assert music == [frame("A", index) for index in range(40)] + [frame("B", index) for index in range(20)]
    announced = [packet.payload for packet in heard if packet.payload[:1] == b"P"]
    assert announced == [frame("P", index) for index in range(5)] * 3
    await client.disconnect()


@real_time
async def test_stopped_music_is_not_followed(engine: RunningEngine, tmp_path: Path) -> None:
    controller = await connected(engine)
    client = controller.client
    with Phone() as phone:
        await controller.call("a", phone)
        client.play("a", [clip(tmp_path, "A", 40)], layer="music")
        client.play("a", [clip(tmp_path, "B", 40)], layer="music", after=True)
        client.stop("a", "music")
        last = client.play("a", [clip(tmp_path, "C", 3)], layer="announcement")
        assert (await controller.event(PlayEnded)).play == last
        await client.counters("a")
        assert {packet.payload[:1] for packet in phone.waiting()} <= {b"A", b"C"}
        client.play("a", [clip(tmp_path, "A", 40)], layer="music")
        client.play("a", [clip(tmp_path, "B", 40)], layer="music", after=True)
        replacing = client.play("a", [clip(tmp_path, "D", 3)], layer="music")
        assert (await controller.event(PlayEnded)).play == replacing
        assert controller.nothing_more()
        client.play("a", [clip(tmp_path, "D", 3)], layer="announcement", after=True)
        refused = await controller.event(PlayEnded)
        assert refused.failed is not None
        assert "music alone" in refused.failed
    await client.disconnect()
