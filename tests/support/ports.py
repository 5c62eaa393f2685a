"""Free ports on loopback for servers and phones that want to be told theirs."""

import os
import random
import socket
import sys
from pathlib import Path

LOOPBACK = "127.0.0.1"
PORTS = range(14_000, 20_000)
"""Below those that the kernel hands out by itself (`net.ipv4.ip_local_port_range`), so that no socket is given one."""

APART = 16
"""Between those that are given one after the other: phones take some that they were not told, as baresip for TLS."""


def _own_ports() -> range:
    """This test worker's share: to look whether a port is free is to bind it, which takes it from another worker."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    share = len(PORTS) // workers // 2 * 2
    return PORTS[worker * share : (worker + 1) * share]


class _Round:
    """Goes round the ports, so that one that was given, and is not bound yet, is not given again soon."""

    def __init__(self, ports: range) -> None:
        self._ports = ports
        self._at = random.SystemRandom().randrange(len(ports))

    def take(self, number: int) -> int:
        """The first of so many in a row, even where they are several."""
        first = self._at + self._at % 2 if number > 1 else self._at
        if first + number > len(self._ports):
            first = 0
        self._at = (first + number + APART) % len(self._ports)
        return self._ports[first]


_round = _Round(_own_ports())


def free_port() -> int:
    """A port that is free for both UDP and TCP."""
    return free_ports(1)


def free_ports(number: int) -> int:
    """The first of so many free ports in a row, which is even where RTP and RTCP share them (RFC 3550 §11)."""
    while True:
        first = _round.take(number)
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
