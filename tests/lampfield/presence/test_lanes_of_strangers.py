"""What strangers send stays in memory for no moment longer than it takes to refuse it."""

import tracemalloc
from pathlib import Path

import pytest

from lampfield.presence.publish_lane import PublishLane
from sipcore.io.endpoint import LaneCore
from sipcore.refresh_lane import RefreshLane
from sipcore.registrar import Registrar
from sipcore.subscribe_lane import SubscribeLane
from tests.lampfield.presence.test_publications import STRANGER, House

REQUESTS, PADDING = 500, b"Subject: " + b"x" * 60_000 + b"\r\n"
MOST = 4_000_000
"""Bytes kept of thirty million."""


@pytest.mark.parametrize("method", ["REGISTER", "SUBSCRIBE", "PUBLISH"])
def test_long_requests_of_strangers_fill_no_memory(tmp_path: Path, method: str) -> None:
    house = House(tmp_path)
    registrar, authenticator = Registrar(), house.door.authenticator
    lanes: dict[str, LaneCore] = {
        "REGISTER": RefreshLane(registrar, authenticator, lambda: "token"),
        "SUBSCRIBE": SubscribeLane(house.lamps.notifier, authenticator, registrar),
        "PUBLISH": PublishLane(house.publications, authenticator),
    }
    tracemalloc.start()
    try:
        for number in range(REQUESTS):
            head = f"{method} sip:{number}@nordlys.example SIP/2.0\r\nTo: <sip:a@b>;tag={number}\r\nCall-ID: {number}"
            data = head.encode() + b"\r\nEvent: presence\r\n" + PADDING + b"\r\n"
            assert not lanes[method].receive(data, STRANGER, house.now)
        assert tracemalloc.get_traced_memory()[0] < MOST
    finally:
        tracemalloc.stop()
        house.journal.close()
