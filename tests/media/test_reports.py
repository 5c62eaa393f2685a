"""RTCP: reports as RFC 3550 §6 writes them, and what the peer's reports tell us."""

import struct
from pathlib import Path
from socket import socket as Socket  # noqa: N812

from media.events import DtmfReceived
from media.session_info import Direction
from tests.media.phone import Phone
from tests.media.running_engine import Controller, RunningEngine, clip, connected, real_time, until


def split(compound: bytes) -> list[tuple[int, int, bytes]]:
    """The packets of a compound packet as (type, count, body)."""
    packets = []
    while compound:
        first, kind, words = struct.unpack("!BBH", compound[:4])
        assert first >> 6 == 2
        size = 4 * (words + 1)
        packets.append((kind, first & 0x1F, compound[4:size]))
        assert size <= len(compound)
        compound = compound[size:]
    return packets


@real_time
async def test_a_sender_report_tells_what_was_sent_and_received(engine: RunningEngine, tmp_path: Path) -> None:
    controller = await connected(engine)
    with Phone() as phone:
        await controller.call("a", phone)
        controller.client.play("a", [clip(tmp_path, "M", 5)], layer="music", loop=True)
        for _ in range(8):
            phone.say(b"x" * 160)
        phone.sequence = (phone.sequence + 2) & 0xFFFF
        phone.say(b"x" * 160)
        report, description = split(await phone.hear_report())
        heard = phone.waiting()
    kind, blocks, body = report
    assert (kind, blocks) == (200, 1)
    ssrc, ntp, _, timestamp, packets, octets = struct.unpack("!IIIIII", body[:24])
    assert ssrc == heard[0].ssrc
    assert ntp > 3900000000
    assert octets == packets * 160
    at_report = heard[packets - 1]
    assert 0 <= (timestamp - at_report.timestamp) & 0xFFFFFFFF <= 320
    source, lost, highest, jitter, _, _ = struct.unpack("!IIIIII", body[24:48])
    assert source == phone.ssrc
    assert lost & 0xFFFFFF == 2
    assert lost >> 24 == 2 * 256 // 11
    assert highest == 65536 + 4
    assert jitter < 8000
    kind, count, body = description
    assert (kind, count) == (202, 1)
    assert body[:4] == ssrc.to_bytes(4, "big")
    assert body[4] == 1
    await controller.client.disconnect()


@real_time
async def test_the_end_of_a_session_is_said(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as phone:
        await controller.call("a", phone)
        phone.say(b"x" * 160)
        report, _ = split(await phone.hear_report())
        assert report[0] == 201
        await controller.client.close("a")
        kinds = [kind for kind, _, _ in split(await phone.hear_report())]
        assert kinds == [201, 202, 203]
    await controller.client.disconnect()


@real_time
async def test_the_peers_report_gives_loss_jitter_and_round_trip(engine: RunningEngine, tmp_path: Path) -> None:
    controller = await connected(engine)
    client = controller.client
    with Phone() as phone, Phone() as stranger:
        port = await controller.call("a", phone)
        client.play("a", [clip(tmp_path, "M", 5)], layer="music", loop=True)
        ours = await phone.hear_report()
        ssrc, ntp_high, ntp_low = struct.unpack("!III", ours[4:16])
        # The peer held our report for a tenth of a second; it came here just now.
        last = (ntp_high << 16 | ntp_low >> 16) & 0xFFFFFFFF
        block = struct.pack("!IIIIII", ssrc, 64 << 24 | 3, 100, 80, (last - 6554) & 0xFFFFFFFF, 6554)
        report = struct.pack("!BBHI", 0x81, 201, 7, phone.ssrc) + block
        for bad in (b"", report[:-1], b"\x81\xc8" + report[2:], b"\xa1" + report[1:], report + b"\x00\x00\x00\x00"):
            phone.rtcp.sendto(bad, ("127.0.0.1", port + 1))
        phone.rtcp.sendto(report, ("127.0.0.1", port + 1))
        stranger.rtcp.sendto(report, ("127.0.0.1", port + 1))

        async def told() -> bool:
            return (await client.counters("a")).peer_loss is not None

        await until(told)
        counters = await client.counters("a")
    assert counters.peer_loss == 0.25
    assert counters.peer_jitter_ms == 10.0
    assert counters.round_trip_ms is not None
    assert 0 <= counters.round_trip_ms < 5000
    await client.disconnect()


@real_time
async def test_rtcp_that_comes_on_the_rtp_port_is_not_taken_for_audio(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as phone:
        await controller.call("a", phone)
        phone.say(b"x" * 160)
        phone.send(struct.pack("!BBHI", 0x80, 201, 1, phone.ssrc))
        phone.press(1, steps=[160])
        await controller.event(DtmfReceived)
        counters = await controller.client.counters("a")
    assert (counters.malformed, counters.foreign, counters.packets_in) == (0, 0, 5)
    await controller.client.disconnect()


def agree(controller: Controller, phone: Phone, direction: Direction = "sendrecv") -> None:
    """What an offer of the phone's says, with its port for reports."""
    host, port = phone.address
    controller.client.configure("a", phone.address, "PCMA", 8, 101, direction, remote_rtcp=(host, port + 1))


@real_time
async def test_reports_go_to_a_phone_behind_nat_where_it_is_heard(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as signalled, Phone() as phone, Phone() as elsewhere:
        port = await controller.call("a", signalled)
        agree(controller, signalled)
        await controller.client.counters("a")
        phone.talk_to(port)
        for _ in range(3):
            phone.say(b"n" * 160)
        await phone.hear_report()
        # Held, by an offer with the address that it has behind its NAT.
        agree(controller, signalled, "recvonly")
        await phone.hear_report()
        # Its NAT has given the port for reports another number than the one above.
        elsewhere.rtcp.sendto(struct.pack("!BBHI", 0x80, 201, 1, phone.ssrc), (phone.address[0], port + 1))
        await elsewhere.hear_report()
        assert nothing_came(signalled.rtcp)
    await controller.client.disconnect()


@real_time
async def test_no_report_goes_to_the_address_that_is_none_of_a_hold_of_the_old_form(engine: RunningEngine) -> None:
    controller = await connected(engine)
    with Phone() as held, Phone() as other:
        await controller.call("a", held)
        await controller.call("b", other)
        nowhere = "0.0.0.0"
        port = held.address[1]
        controller.client.configure("a", (nowhere, port), "PCMA", 8, 101, "recvonly", remote_rtcp=(nowhere, port + 1))
        for _ in range(2):
            await other.hear_report()
        assert nothing_came(held.rtcp)
    await controller.client.disconnect()


def nothing_came(socket: Socket) -> bool:
    try:
        socket.recv(2048)
    except BlockingIOError:
        return True
    return False
