"""Free ports on loopback for servers and phones that want to be told theirs."""

import socket

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A port that is free for both UDP and TCP now; the kernel hands out others to other processes meanwhile."""
    while True:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        ):
            tcp.bind((LOOPBACK, 0))
            port: int = tcp.getsockname()[1]
            try:
                udp.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
