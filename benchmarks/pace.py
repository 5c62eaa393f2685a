"""How fast the machine is at the moment.

On a shared host a processor is at times half as fast as at others, for all programs alike, and changes within a minute.
"""

import socket
import time

TICKS, DATAGRAMS = 50, 250
"""Every 20 ms so many, as a media engine sends them: a second in all."""
TICK_SECONDS = 0.02
DATAGRAM = bytes(172)
"""As long as an RTP packet of 20 ms."""
UNDISTURBED = 1.15
"""A measurement whose pace is at most this many times the best one counts as undisturbed."""


def pace() -> float:
    """CPU-microseconds of a datagram sent and read over loopback, which is what every server's work is made of.

    In bursts, for a processor that a neighbour takes in the pauses comes back to cold caches.
    """
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as reader,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        reader.bind(("127.0.0.1", 0))
        sender.connect(reader.getsockname())
        began, due = time.process_time(), time.perf_counter()
        for _ in range(TICKS):
            for _ in range(DATAGRAMS):
                sender.send(DATAGRAM)
                reader.recv(len(DATAGRAM))
            due += TICK_SECONDS
            time.sleep(max(0.0, due - time.perf_counter()))
        return (time.process_time() - began) / (TICKS * DATAGRAMS) * 1e6
