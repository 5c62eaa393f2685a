from sipcore.flow import Address

BATCH: int
"""Datagrams that one call can receive."""

def recv_batch(fd: int, max: int, /) -> list[tuple[bytes, Address]]:
    """What waits on a UDP socket, at most `max` and at most 64 datagrams; empty when nothing does. Raises OSError."""

def send_batch(fd: int, datagrams: list[tuple[bytes, Address]], /) -> tuple[int, list[tuple[int, int]]]:
    """Send in order: how many were dealt with, and (index, errno) of those that could not be sent.

    Fewer than given means that the socket is full: send the rest when it is writable. What is not an IP address and a
    port fails with EINVAL.
    """
