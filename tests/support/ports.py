"""Free ports on loopback for servers and phones that want to be told theirs."""

import random
import socket
import sys
from pathlib import Path

LOOPBACK = "127.0.0.1"
PORTS = range(14_000, 20_000)
"""Below those that the kernel hands out by itself (`net.ipv4.ip_local_port_range`), so that no socket is given one."""

_dice = random.SystemRandom()


def free_port() -> int:
    """A port that is free for both UDP and TCP; that somebody else chooses the same meanwhile is unlikely."""
    return free_ports(1)


def free_ports(number: int) -> int:
    """The first of so many free ports in a row, which is even where RTP and RTCP share them (RFC 3550 §11)."""
    while True:
        first = _dice.randrange(PORTS.start, PORTS.stop - number, 2 if number > 1 else 1)
        if all(_is_free(port) for port in range(first, first + number)):
            return first


def is_bound(host: str, port: int) -> bool:
    """Whether a process has this UDP port at an IPv4 address; read (proc(5)), since a try takes it from others."""
    local = f" {int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{port:04X} "
    return local in Path("/proc/net/udp").read_text()


def _is_free(port: int) -> bool:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        try:
            tcp.bind((LOOPBACK, port))
            udp.bind((LOOPBACK, port))
        except OSError:
            return False
        return True
