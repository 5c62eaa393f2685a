"""The audio of a plain phone: says one sample value all the time and tells which values it hears."""

import socket
import struct
import threading
from collections import Counter

_FRAME = 160
"""Bytes in 20 ms of G.711."""
ENOUGH = 10
"""Packets of one value that count as heard."""


class PlainRtp:
    """One RTP socket with a thread that sends every 20 ms, once it knows where to."""

    def __init__(self, host: str) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = _even_port(family, host)
        self.port: int = self._socket.getsockname()[1]
        self._saying: tuple[tuple[str, int], int, int] | None = None
        self._changed = threading.Condition()
        self._heard: Counter[tuple[int, int]] = Counter()
        self._closed = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._speak, self._listen)]
        for thread in self._threads:
            thread.start()

    def say(self, remote: tuple[str, int], value: int, payload_type: int = 8) -> None:
        """Send packets filled with `value` to `remote` from now on."""
        self._saying = remote, value, payload_type

    def hush(self) -> None:
        self._saying = None

    def expect(self, value: int, payload_type: int = 8, timeout: float = 10.0) -> None:
        """Wait until packets filled with `value` come, from now on."""
        with self._changed:
            self._heard.clear()
            heard = self._changed.wait_for(lambda: self._heard[value, payload_type] >= ENOUGH, timeout)
            assert heard, f"{value:#x} as {payload_type} was not heard: {self._heard}"

    def expect_sound(self, timeout: float = 10.0) -> None:
        """Wait until something comes that is not one value all the time: a prompt or music."""
        with self._changed:
            self._heard.clear()
            heard = self._changed.wait_for(lambda: self._heard[-1, 8] >= ENOUGH, timeout)
            assert heard, f"no sound: {self._heard}"

    def close(self) -> None:
        if not self._closed.is_set():
            self._closed.set()
            # An empty datagram from itself ends the listening thread.
            self._socket.sendto(b"", self._socket.getsockname())
            for thread in self._threads:
                thread.join(5)
            self._socket.close()

    def _speak(self) -> None:
        number = 0
        while not self._closed.wait(0.02):
            if (saying := self._saying) is not None:
                remote, value, payload_type = saying
                number += 1
                header = struct.pack(">BBHII", 0x80, payload_type, number & 0xFFFF, number * _FRAME, 0x1A3F)
                self._socket.sendto(header + bytes([value]) * _FRAME, remote)

    def _listen(self) -> None:
        while data := self._socket.recv(2048):
            values = set(data[12:])
            value = values.pop() if len(values) == 1 else -1
            with self._changed:
                self._heard[value, data[1] & 0x7F] += 1
                self._changed.notify_all()


def _even_port(family: socket.AddressFamily, host: str) -> socket.socket:
    while True:
        bound = socket.socket(family, socket.SOCK_DGRAM)
        bound.bind((host, 0))
        if bound.getsockname()[1] % 2 == 0:
            return bound
        bound.close()
