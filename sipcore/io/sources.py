"""From which of our own addresses the kernel reaches a host."""

import asyncio
import socket
from collections import OrderedDict

KEPT = 1000
"""Hosts of which it is remembered."""
KEPT_SECONDS = 30.0
"""Routes change: with a VPN that comes up, or a line that is gone."""


class SourceAddresses:
    """Asks the kernel's routes, by a socket that sends nothing. Belongs to the loop's thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._known: OrderedDict[str, tuple[str | None, float]] = OrderedDict()
        """By host: the address, and until when it counts by the loop's clock."""

    def towards(self, host: str) -> str | None:
        """The address, as sockets tell it, that packets to an IP address leave from; None where no route leads."""
        source, until = self._known.get(host, (None, 0.0))
        now = self._loop.time()
        if now >= until:
            source = _ask(host)
            self._known[host] = source, now + KEPT_SECONDS
            self._known.move_to_end(host)
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        return source


def _ask(host: str) -> str | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            # For datagrams this chooses a route, and no more.
            asking.connect((host, 9))
            return str(asking.getsockname()[0])
    except OSError:
        return None
