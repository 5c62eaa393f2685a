"""The audio of a plain phone: says one sample value or a voice all the time, and tells what it hears."""

import socket
import struct
import threading
import time
from collections import Counter, deque
from itertools import count

from tests.support.tape import Tape
from tests.support.until import PATIENCE

_FRAME = 160
"""Bytes in 20 ms of G.711."""
ENOUGH = 10
"""Packets of one value that count as heard."""
_PCMA, _EVENTS = 8, 101
_KEYS = "0123456789*#"


class PlainRtp:
    """One RTP socket with a thread that sends every 20 ms, once it knows where to."""

    def __init__(self, host: str) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = _even_port(family, host)
        self.port: int = self._socket.getsockname()[1]
        self._tape: Tape | None = None
        self._saying: tuple[tuple[str, int], bytes, int] | None = None
        self._pressed: deque[bytes] = deque()
        """Payloads of telephone events that stand in for what is being said."""
        self._changed = threading.Condition()
        self._heard: Counter[tuple[int, int]] = Counter()
        self._closed = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._speak, self._listen)]
        for thread in self._threads:
            thread.start()

    def say(self, remote: tuple[str, int], value: int, payload_type: int = 8) -> None:
        """Send packets filled with `value` to `remote` from now on."""
        self.speak(remote, bytes([value]) * _FRAME, payload_type)

    def speak(self, remote: tuple[str, int], voice: bytes, payload_type: int = _PCMA) -> None:
        """Send whole frames to `remote` from now on, again and again."""
        self._saying = remote, voice, payload_type

    def press(self, key: str) -> None:
        """Send a key of 100 ms as telephone event (RFC 4733 §2.5) in place of what is being said."""
        held = [struct.pack(">BBH", _KEYS.index(key), 10, duration) for duration in range(_FRAME, 801, _FRAME)]
        # An empty one at the end is a frame of what is being said: it parts this key from the next.
        self._pressed.extend([*held, *[struct.pack(">BBH", _KEYS.index(key), 0x80 | 10, 800)] * 3, b""])

    def hush(self) -> None:
        self._saying = None

    def expect(self, value: int, payload_type: int = 8, timeout: float = PATIENCE) -> None:
        """Wait until packets filled with `value` come, from now on."""
        with self._changed:
            self._heard.clear()
            heard = self._changed.wait_for(lambda: self._heard[value, payload_type] >= ENOUGH, timeout)
            assert heard, f"{value:#x} as {payload_type} was not heard: {self._heard}"

    def expect_sound(self, timeout: float = PATIENCE) -> None:
        """Wait until something comes that is not one value all the time: a prompt or music."""
        with self._changed:
            self._heard.clear()
            heard = self._changed.wait_for(lambda: self._heard[-1, 8] >= ENOUGH, timeout)
            assert heard, f"no sound: {self._heard}"

    def record(self) -> Tape:
        """Keep all PCMA that comes from now on."""
        with self._changed:
            self._tape = Tape()
            return self._tape

    def hear_out(self, pause: float = 0.5, timeout: float = 20.0) -> None:
        """Return when nothing has come for `pause` seconds: a prompt is over."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while self._changed.wait(pause):
                assert time.monotonic() < deadline, f"still audio after {timeout} s"

    def close(self) -> None:
        if not self._closed.is_set():
            self._closed.set()
            # An empty datagram from itself ends the listening thread.
            self._socket.sendto(b"", self._socket.getsockname())
            for thread in self._threads:
                thread.join(5)
            self._socket.close()

    def _speak(self) -> None:
        event_began = 0
        began = time.monotonic()
        for number in count(1):
            # By the clock, also when the machine is busy: what is late is caught up with.
            if self._closed.wait(max(0.0, began + number * 0.02 - time.monotonic())):
                return
            if (saying := self._saying) is None:
                continue
            remote, voice, payload_type = saying
            timestamp, at = number * _FRAME, number * _FRAME % len(voice)
            payload = voice[at : at + _FRAME]
            if self._pressed and (pressed := self._pressed.popleft()):
                # All packets of an event carry the time stamp of its beginning.
                event_began = event_began or timestamp
                payload_type, timestamp, payload = _EVENTS, event_began, pressed
            else:
                event_began = 0
            header = struct.pack(">BBHII", 0x80, payload_type, number & 0xFFFF, timestamp, 0x1A3F)
            self._socket.sendto(header + payload, remote)

    def _listen(self) -> None:
        while data := self._socket.recv(2048):
            values = set(data[12:])
            value = values.pop() if len(values) == 1 else -1
            with self._changed:
                if self._tape is not None and data[1] & 0x7F == _PCMA:
                    self._tape.take(data)
                self._heard[value, data[1] & 0x7F] += 1
                self._changed.notify_all()


def _even_port(family: socket.AddressFamily, host: str) -> socket.socket:
    while True:
        bound = socket.socket(family, socket.SOCK_DGRAM)
        bound.bind((host, 0))
        if bound.getsockname()[1] % 2 == 0:
            return bound
        bound.close()
