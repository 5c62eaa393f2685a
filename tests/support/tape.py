"""What came by RTP, every packet of it: no jitter buffer leaves anything out or stretches it."""

import struct
import threading
import wave
from pathlib import Path

import numpy as np

from tests.support import alaw

RATE = 8000
_FRAME = 160
"""Bytes in 20 ms of G.711."""


class Tape:
    """The PCMA packets of one stream, each at the place that its time stamp names."""

    def __init__(self) -> None:
        self._frames: dict[int, bytes] = {}
        """By time stamp, counted from the first packet's."""
        self._numbers: set[int] = set()
        """Sequence numbers, counted likewise."""
        self._first: tuple[int, int] | None = None
        self._changed = threading.Condition()
        self.seconds = 0.0
        """From the beginning to the end of what came."""
        self.sources: set[int] = set()
        """SSRCs; what came from several has no common time."""

    def take(self, packet: bytes) -> None:
        """Keep a packet."""
        number, timestamp, source = struct.unpack(">HII", packet[2:12])
        self._first = self._first or (number, timestamp)
        at = (timestamp - self._first[1]) & 0xFFFFFFFF
        with self._changed:
            self.sources.add(source)
            self._numbers.add((number - self._first[0]) & 0xFFFF)
            self._frames[at] = packet[12:]
            self.seconds = max(self.seconds, (at + _FRAME) / RATE)
            self._changed.notify_all()

    def listen(self, seconds: float) -> None:
        """Return when so much more came; it must come at about its natural pace."""
        with self._changed:
            wanted = self.seconds + seconds
            heard = self._changed.wait_for(lambda: self.seconds >= wanted, seconds * 1.5 + 5.0)
            assert heard, f"heard {self.seconds} s in all, wanted {wanted} s"

    @property
    def missing(self) -> int:
        """Packets that were sent between those that came."""
        return max(self._numbers) + 1 - len(self._numbers) if self._numbers else 0

    @property
    def frames(self) -> list[bytes]:
        """What came, in the order of its time."""
        with self._changed:
            return [frame for _, frame in sorted(self._frames.items())]

    def write(self, path: Path) -> None:
        """Write a WAV, silent where nothing was sent."""
        with self._changed:
            frames = dict(self._frames)
            samples = np.zeros(round(self.seconds * RATE))
        for at, frame in frames.items():
            samples[at : at + len(frame)] = alaw.decode(frame)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes((samples * 32767).astype("<i2").tobytes())
