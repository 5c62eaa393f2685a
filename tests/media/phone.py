"""A phone's RTP side, made of plain sockets: nothing here is the engine's own code."""

import asyncio
import contextlib
import itertools
import socket
import struct
from collections.abc import Sequence
from types import TracebackType
from typing import NamedTuple

WAIT = 5.0
"""Seconds within which a packet that must come has to come."""


class Rtp(NamedTuple):
    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes

    @classmethod
    def parse(cls, data: bytes) -> "Rtp":
        first, second, sequence, timestamp, ssrc = struct.unpack("!BBHII", data[:12])
        assert first == 0x80, f"version 2, no padding, extension or CSRC: {first:#x}"
        return cls(second & 0x7F, bool(second & 0x80), sequence, timestamp, ssrc, data[12:])

    def to_bytes(self) -> bytes:
        second = self.payload_type | (0x80 if self.marker else 0)
        return struct.pack("!BBHII", 0x80, second, self.sequence, self.timestamp, self.ssrc) + self.payload


class Phone:
    """Sends and receives RTP on a port and RTCP on the next."""

    def __init__(self, host: str = "127.0.0.1", ssrc: int = 0x1234ABCD) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.rtp, self.rtcp = _bind_pair(family, host)
        self.address: tuple[str, int] = self.rtp.getsockname()[:2]
        self.server = (host, 0)
        self.ssrc = ssrc
        self.sequence = 65530
        self.timestamp = 0xFFFFFF00

    def __enter__(self) -> "Phone":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.rtp.close()
        self.rtcp.close()

    def talk_to(self, port: int) -> None:
        self.server = (self.server[0], port)

    def send(self, data: bytes) -> None:
        self.rtp.sendto(data, self.server)

    def say(self, payload: bytes, payload_type: int = 8, *, marker: bool = False) -> Rtp:
        """Send the next 20 ms of audio and return the packet."""
        packet = Rtp(payload_type, marker, self.sequence, self.timestamp, self.ssrc, payload)
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + 160) & 0xFFFFFFFF
        self.send(packet.to_bytes())
        return packet

    def press(
        self, event: int, *, steps: Sequence[int], ends: int = 3, payload_type: int = 101, repeat: int = 1
    ) -> None:
        """Send a telephone event: one packet for each duration in `steps`, then `ends` end packets."""
        last = steps[-1]
        durations = [(step, 0) for step in steps] + [(last, 0x80)] * ends
        for index, (duration, end) in enumerate(durations):
            payload = struct.pack("!BBH", event, end | 10, duration)
            packet = Rtp(payload_type, index == 0, self.sequence, self.timestamp, self.ssrc, payload)
            for _ in range(repeat):
                self.send(packet.to_bytes())
            self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp = (self.timestamp + last + 160) & 0xFFFFFFFF

    async def hear(self) -> Rtp:
        """The next packet."""
        loop = asyncio.get_running_loop()
        return Rtp.parse(await asyncio.wait_for(loop.sock_recv(self.rtp, 2048), WAIT))

    async def hear_many(self, count: int) -> list[Rtp]:
        return [await self.hear() for _ in range(count)]

    async def hear_report(self) -> bytes:
        """The next RTCP packet."""
        loop = asyncio.get_running_loop()
        return await asyncio.wait_for(loop.sock_recv(self.rtcp, 2048), 3 * WAIT)

    def waiting(self) -> list[Rtp]:
        """All packets that are here already."""
        packets = []
        with contextlib.suppress(BlockingIOError):
            while True:
                packets.append(Rtp.parse(self.rtp.recv(2048)))
        return packets


def _bind_pair(family: socket.AddressFamily, host: str) -> tuple[socket.socket, socket.socket]:
    while True:
        rtp = socket.socket(family, socket.SOCK_DGRAM)
        rtcp = socket.socket(family, socket.SOCK_DGRAM)
        rtp.setblocking(False)
        rtcp.setblocking(False)
        rtp.bind((host, 0))
        try:
            rtcp.bind((host, rtp.getsockname()[1] + 1))
        except (OSError, OverflowError):
            rtp.close()
            rtcp.close()
            continue
        return rtp, rtcp


def assert_continuous(packets: Sequence[Rtp]) -> None:
    """One stream: one SSRC, each packet numbered one and timed 160 after the one before."""
    for before, after in itertools.pairwise(packets):
        assert after.ssrc == before.ssrc
        assert after.sequence == (before.sequence + 1) & 0xFFFF
        assert after.timestamp == (before.timestamp + 160) & 0xFFFFFFFF
