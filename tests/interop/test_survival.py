"""Signalling is killed while callers wait in a queue: they wait on, in their order, and hear no gap."""

import os
import signal
import time
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from call_records.models import CallEventRow
from lampfield.database import open_database
from tests.support.children import child, kill
from tests.support.plain_phone import PlainCall, PlainPhone
from tests.support.server import Server
from tests.support.until import until

SALES, ASTRID, HENRIK = "301", "210", "209"

COMPANY = {
    "queues": {
        "sales": {
            "members": ["anna"],
            "ring_seconds": 30,
            "retry_seconds": 60,
            "wrap_up_seconds": 0,
            "welcome_prompt": "",
            "position_every_seconds": 0,
        }
    }
}


@pytest.fixture
def server(tmp_path: Path) -> Server:
    """A server that believes phones who they are."""
    settings = {"sip": {"authentication": False}, "log": {"level": "info"}}
    return Server(tmp_path / "server", settings=settings, company=COMPANY)


def waits(server: Server, phone: PlainPhone) -> PlainCall:
    """A caller in the queue, whose wait is on disk."""
    call = phone.call(SALES)
    call.answered()
    phone.rtp.expect_sound()
    until(lambda: call.id.encode() in (server.state / "journal").read_bytes(), "the waiting caller on disk")
    return call


def is_called_by(phone: PlainPhone, number: str) -> PlainCall:
    call = phone.incoming()
    assert f"sip:{number}@" in call.invite["From"], call.invite
    return call


def queue_left(server: Server) -> list[dict[str, object]]:
    """The ends of places in queues, in their order."""
    engine = open_database(f"sqlite:///{server.state / 'lampfield.sqlite3'}")
    with engine.connect() as connection:
        rows = connection.scalars(
            select(CallEventRow.event).where(CallEventRow.kind == "QueueLeft").order_by(CallEventRow.id)
        ).all()
    engine.dispose()
    return [msgspec.json.decode(row) for row in rows]


def test_callers_wait_on_in_their_order_and_hear_their_music_without_a_gap(server: Server) -> None:
    with (
        server,
        PlainPhone(server.socket_address, "anna") as anna,
        PlainPhone(server.socket_address, "astrid") as astrid,
        PlainPhone(server.socket_address, "henrik") as henrik,
    ):
        anna.register(600)
        joined = time.time()
        first = waits(server, astrid)
        anna.incoming().respond(180)
        second = waits(server, henrik)
        tape = henrik.rtp.record()
        tape.listen(1.0)
        kill(server, "lampfield.signalling")
        again = is_called_by(anna, ASTRID)
        waited = time.time() - joined
        tape.listen(1.0)
        assert len(tape.sources) == 1, "the music is the same stream"
        assert not tape.missing
        again.take()
        anna.rtp.say(again.invite.audio, 0x55)
        astrid.rtp.expect(0x55)
        first.hang_up()
        again.hung_up()
        next_one = is_called_by(anna, HENRIK)
        next_one.respond(180)
        second.hang_up()
        next_one.cancelled()
        until(lambda: len(queue_left(server)) == 2, "both waits on record")
    answered, abandoned = queue_left(server)
    assert (answered["outcome"], abandoned["outcome"]) == ("answered", "abandoned")
    assert isinstance(answered["waited"], float)
    assert answered["waited"] >= waited - 1.0, "the time before the restart counts"


def test_who_hangs_up_while_signalling_is_away_has_left(server: Server) -> None:
    with (
        server,
        PlainPhone(server.socket_address, "anna") as anna,
        PlainPhone(server.socket_address, "astrid") as astrid,
    ):
        anna.register(600)
        call = waits(server, astrid)
        anna.incoming().respond(486)
        pid = child(server, "lampfield.signalling")
        os.kill(pid, signal.SIGSTOP)
        bye = call.request("BYE")
        os.kill(pid, signal.SIGKILL)
        assert astrid.final(bye).status == 200
        until(lambda: [left["outcome"] for left in queue_left(server)] == ["abandoned"], "the wait on record")


def test_who_lost_the_audio_too_is_told(server: Server) -> None:
    with (
        server,
        PlainPhone(server.socket_address, "anna") as anna,
        PlainPhone(server.socket_address, "astrid") as astrid,
    ):
        anna.register(600)
        call = waits(server, astrid)
        anna.incoming().respond(486)
        os.kill(child(server, "media.process"), signal.SIGKILL)
        kill(server, "lampfield.signalling")
        assert "cause=41" in call.hung_up()["Reason"]
        until(lambda: [left["outcome"] for left in queue_left(server)] == ["lost"], "the wait on record")


def test_audio_that_stands_still_begins_again(tmp_path: Path) -> None:
    settings = {"sip": {"authentication": False}, "log": {"level": "info"}, "restart": {"silent_seconds": 5}}
    server = Server(tmp_path / "server", settings=settings, company=COMPANY)
    with (
        server,
        PlainPhone(server.socket_address, "anna") as anna,
        PlainPhone(server.socket_address, "astrid") as astrid,
    ):
        anna.register(600)
        os.kill(child(server, "media.process"), signal.SIGSTOP)
        until(lambda: "the media engine is back" in server.log(), "another engine")
        assert "media: no sign of life for" in server.log()
        call = astrid.call(SALES)
        call.answered()
        astrid.rtp.expect_sound()
