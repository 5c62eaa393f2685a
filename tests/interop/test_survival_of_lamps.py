"""Signalling is killed while phones watch people who come and go: no phone notices, each shows the truth."""

import os
import signal
import time
from pathlib import Path

from tests.support.children import child
from tests.support.lamp_wall import LampWall
from tests.support.plain_phone import PlainPhone
from tests.support.server import DOMAIN, Server
from tests.support.until import until

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


def test_what_was_answered_200_outlives_a_kill_in_that_instant(tmp_path: Path) -> None:
    def accepted(method: str, uri: str, fields: dict[str, str], body: str = "") -> None:
        """Ask, and kill signalling as soon as the answer is there."""
        killed.append(process := child(server, "lampfield.signalling"))
        answer = phone.ask(method, uri, fields.items(), body)
        os.kill(process, signal.SIGKILL)
        assert answer.status == 200, answer
        until(lambda: server.log().count("signalling: ready") == len(killed) + 1, "signalling ready again")

    killed: list[int] = []
    settings = {"sip": {"authentication": False}}
    anna = f"sip:anna@{DOMAIN}"
    document = (
        f'<?xml version="1.0"?><presence xmlns="urn:ietf:params:xml:ns:pidf" entity="{anna}">'
        '<tuple id="a"><status><basic>open</basic></status></tuple></presence>'
    )
    with Server(tmp_path / "server", settings=settings) as server, PlainPhone(server.socket_address, "anna") as phone:
        accepted("REGISTER", f"sip:{DOMAIN}", {"To": f"<{anna}>", "Expires": "600"})
        accepted("SUBSCRIBE", f"sip:bjorn@{DOMAIN}", {"Event": "dialog", "Expires": "600"})
        published = {"Event": "presence", "Expires": "600", "Content-Type": "application/pidf+xml"}
        accepted("PUBLISH", anna, published, document)
        assert "taken up from disk: 1 bindings, 1 publications, 1 subscriptions" in server.log()
