"""Signalling is killed while a thousand phones watch people who come and go: no phone notices, each shows the truth."""

import os
import signal
import time
from pathlib import Path

from tests.support.children import child
from tests.support.lamp_wall import LampWall
from tests.support.server import DOMAIN, Server

PEOPLE = ("anna", "bjorn", "freja", "lars", "sofie", "oskar", "maja", "ingrid", "henrik", "astrid")
WATCHERS = 1000


def bustle(wall: LampWall, seconds: float) -> None:
    """Let people come and go, one after the other."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for person in wall.people:
            wall.come_or_go(person)
            wall.pump(0.02)


def test_no_phone_notices_that_signalling_was_killed_and_each_shows_the_truth_again(tmp_path: Path) -> None:
    settings = {"sip": {"authentication": False}}
    with (
        Server(tmp_path / "server", settings=settings) as server,
        LampWall(server.socket_address, PEOPLE, DOMAIN) as wall,
    ):
        wall.subscribe(WATCHERS, expires=600)
        bustle(wall, 1.0)
        killed = time.monotonic()
        os.kill(child(server, "lampfield.signalling"), signal.SIGKILL)
        bustle(wall, 0.5)
        wall.until(lambda: wall.told_since(killed) and wall.shows_truth(), "every watcher shows the truth")
        bustle(wall, 0.5)
        wall.until(wall.shows_truth, "every watcher shows the truth")
        assert f"{WATCHERS} subscriptions" in server.log()
