"""A whole server, `lampfield serve`, for measurements: its trunk is this machine, and it asks nobody for a password."""

import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.results import cpu_seconds
from tests.support.ports import LOOPBACK
from tests.support.server import Server, merged

MENU_NUMBER, HOLD_NUMBER, BRIDGE_NUMBER, QUEUE_NUMBER = (f"+453322110{index}" for index in range(4))
POSITION_SECONDS = 30
"""How often a caller to QUEUE_NUMBER is told the position; one to HOLD_NUMBER never is."""
_QUEUE: dict[str, Any] = {"members": ["astrid"], "ring_seconds": 40, "max_waiting": 1000}
COMPANY: dict[str, Any] = {
    "company": {"limits": {"waiting_per_queue": 1000}},
    "main_numbers": {
        MENU_NUMBER: {"greeting": None},
        HOLD_NUMBER: {"open": "queue:hold", "closed": "hangup"},
        BRIDGE_NUMBER: {"open": "person:henrik", "closed": "hangup"},
        QUEUE_NUMBER: {"open": "queue:waiting", "closed": "hangup"},
    },
    "queues": {
        "hold": _QUEUE | {"position_every_seconds": 0},
        "waiting": _QUEUE | {"position_every_seconds": POSITION_SECONDS},
    },
}
SETTINGS: dict[str, Any] = {
    "sip": {"authentication": False},
    "trunks": {"outside": {"sources": [LOOPBACK]}},
    "limits": {"max_calls": 5000, "calls_per_second": 5000},
    "media": {"ports": "20000-29999", "rtp_timeout_seconds": 3600},
    "registrations": {"default_seconds": 3600},
    "subscriptions": {"default_seconds": 3600},
    "log": {"level": "warning"},
    "restart": {"spare": True},
}
RESTING = 0.02
"""CPU-seconds in a second that a server at rest may use."""
QUIET_SECONDS = 3
"""Seconds in a row for which it must be so: between two prompts that are made ready it rests as well."""


@contextmanager
def whole_server(
    settings: Mapping[str, Any] | None = None, company: Mapping[str, Any] | None = None
) -> Iterator[Server]:
    """A running server at rest, with numbers for each kind of call; `settings` and `company` go over its own."""
    with (
        tempfile.TemporaryDirectory(prefix="lampfield-bench-") as folder,
        Server(
            Path(folder), settings=merged(SETTINGS, settings or {}), company=merged(COMPANY, company or {})
        ) as server,
    ):
        until_idle(server)
        yield server


def until_idle(server: Server) -> None:
    """Wait until the server has made its prompts ready and rests."""
    used, quiet = cpu_seconds([server.pid]), 0
    for _ in range(120):
        time.sleep(1.0)
        before, used = used, cpu_seconds([server.pid])
        quiet = quiet + 1 if used - before < RESTING else 0
        if quiet == QUIET_SECONDS:
            return
    raise RuntimeError("the server does not come to rest")


def register(server: Server, person: str, extension: int, contact: str) -> None:
    """Bind a person to a contact, from a socket of its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.settimeout(5)
        phone.connect((LOOPBACK, server.port))
        host, port = phone.getsockname()
        aor = f"<sip:{person}@nordlys.example>"
        phone.send(
            f"REGISTER sip:nordlys.example SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{person};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: {aor};tag=1\r\nTo: {aor}\r\nCall-ID: {person}\r\nCSeq: 1 REGISTER\r\n"
            f"Contact: <sip:{extension}@{contact}>\r\nExpires: 3600\r\nContent-Length: 0\r\n\r\n".encode()
        )
        answer = phone.recv(4096)
        if b" 200 " not in answer.split(b"\r\n", 1)[0]:
            raise RuntimeError(f"registration of {person}: {answer.decode()}")
