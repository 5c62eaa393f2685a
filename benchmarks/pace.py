"""How fast the machine is at the moment.

On a shared host a processor is at times half as fast as at others, for all programs alike, and changes within a minute.
"""

import socket
import time

DATAGRAMS = 20_000
DATAGRAM = bytes(172)
"""As long as an RTP packet of 20 ms."""
UNDISTURBED = 1.15
"""A measurement whose pace is at most this many times the best one counts as undisturbed."""


def pace() -> float:
    """CPU-microseconds of a datagram sent and read over loopback, which is what every server's work is made of."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as reader,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        reader.bind(("127.0.0.1", 0))
        sender.connect(reader.getsockname())
        began = time.process_time()
        for _ in range(DATAGRAMS):
            sender.send(DATAGRAM)
            reader.recv(len(DATAGRAM))
        return (time.process_time() - began) / DATAGRAMS * 1e6
