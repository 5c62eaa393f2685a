"""What goes wrong around the server: calls go on, nothing recorded is lost, and the log says what is the matter."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select

from call_records.models import CallEventRow
from tests.support.plain_phone import PlainCall, PlainPhone
from tests.support.ports import free_port
from tests.support.postgres import PostgresServer, running_postgres
from tests.support.server import DOMAIN, MAIN_NUMBER, OUTSIDE, Server
from tests.support.until import until
from tests.support.watcher import Watcher

CALLER = "+4540123456"
NO_PASSWORDS = {"sip": {"authentication": False}}


def outside(server: Server) -> PlainPhone:
    return PlainPhone(server.socket_address, CALLER, host=OUTSIDE)


def phone(server: Server, person: str) -> PlainPhone:
    return PlainPhone(server.socket_address, person)


def in_the_menu(caller: PlainPhone) -> PlainCall:
    """A call to the main number that is answered and heard."""
    call = caller.call(MAIN_NUMBER)
    caller.rtp.say(call.answered().audio, 0x35)
    caller.rtp.expect_sound()
    return call


@pytest.fixture(scope="module")
def broken_greeting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company's own greeting that is no sound."""
    file = tmp_path_factory.mktemp("prompts") / "en" / "greeting.wav"
    file.parent.mkdir()
    file.write_text("This is no sound.")
    return file


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, broken_greeting: Path) -> Iterator[Server]:
    """A server with a greeting that cannot be read, which wonders after 5 s without audio."""
    media = {"prompts": str(broken_greeting.parents[1]), "rtp_timeout_seconds": 5}
    with Server(tmp_path_factory.mktemp("faults"), settings=NO_PASSWORDS | {"media": media}) as running:
        yield running


def talking(caller: PlainPhone, callee: PlainPhone) -> tuple[PlainCall, PlainCall]:
    call = caller.call("209")
    ringing = callee.incoming()
    ringing.take()
    caller.rtp.say(call.answered().audio, 0x35)
    callee.rtp.say(ringing.invite.audio, 0x9C)
    caller.rtp.expect(0x9C)
    return call, ringing


# Configuration


def test_a_wrong_configuration_is_refused_with_every_error_before_anything_is_bound(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "lampfield.toml").write_text(
        f"""
        [sip]
        listen = ["udp:127.0.0.1:{port}", "pigeon:127.0.0.1:5060"]
        colour = "blue"
        [media]
        ports = "29999-20000"
        [limits]
        max_calls = 0
        [trunks.provider]
        kind = "register"
        host = "sip.provider.example"
        """
    )
    command = [sys.executable, "-m", "lampfield.cli", "serve", "--config", "lampfield.toml"]
    with socket.create_server(("127.0.0.1", port)):  # so that an attempt to bind would be told as another error
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False)
    told = " ".join((run.stdout + run.stderr).split())
    assert run.returncode != 0
    for key in ("sip.listen", "sip.colour", "media.ports", "limits.max_calls", "trunks.provider.username"):
        assert key in told, told
    assert "another program" not in told
    assert not (tmp_path / "state").exists()


# Sound


def test_a_prompt_that_cannot_be_read_is_told_and_the_call_goes_on_with_the_rest(
    server: Server, broken_greeting: Path
) -> None:
    with outside(server) as caller:
        in_the_menu(caller).hang_up()
    assert str(broken_greeting) in server.log()


# The database


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with running_postgres() as running:
        yield running


def events_of(url: str) -> list[str]:
    """Kinds of all events on record, as they were written."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        kinds = list(connection.scalars(select(CallEventRow.kind).order_by(CallEventRow.id)))
    engine.dispose()
    return kinds


def test_events_of_calls_are_written_once_when_the_database_is_back(tmp_path: Path, postgres: PostgresServer) -> None:
    url = postgres.new_database()
    settings = NO_PASSWORDS | {"database": {"url": url}}
    with (
        Server(tmp_path / "server", settings=settings) as server,
        outside(server) as caller,
        phone(server, "henrik") as henrik,
        phone(server, "astrid") as astrid,
    ):
        henrik.register()
        call, ringing = talking(astrid, henrik)
        until(lambda: "CallBridged" in events_of(url), "the talk on record")
        postgres.stop()
        call.phone.rtp.expect(0x9C)
        in_the_menu(caller).hang_up()
        ringing.request("BYE")
        call.hung_up()
        postgres.start()
        until(lambda: events_of(url).count("CallEnded") == 2, "both calls on record")
    kinds = events_of(url)
    assert [kinds.count(kind) for kind in ("CallArrived", "CallAnswered", "CallBridged", "CallEnded")] == [2, 2, 1, 2]


# A full disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk that is soon full."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_with_a_full_disk_calls_go_on_and_are_on_record_when_there_is_room_again(
    tmp_path: Path, small_disk: Path
) -> None:
    settings = NO_PASSWORDS | {"state_directory": str(small_disk / "state")}
    with (
        Server(tmp_path / "server", settings=settings) as server,
        outside(server) as caller,
        phone(server, "henrik") as henrik,
    ):
        in_the_menu(caller).hang_up()
        filler = small_disk / "filler"
        with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
            while True:
                file.write(bytes(4096))
        assert henrik.register().status == 200
        in_the_menu(caller).hang_up()
        until(lambda: "disk" in server.log() or "space" in server.log(), "the log tells of the disk")
        filler.unlink()
        until(lambda: server.finished_calls().count(CALLER) == 2, "both calls on record")


# Stopping


def test_a_stop_gives_calls_their_time_takes_no_new_ones_and_forgets_no_phone(tmp_path: Path) -> None:
    settings = NO_PASSWORDS | {"shutdown": {"drain_seconds": 3}}
    with (
        Server(tmp_path / "server", settings=settings) as server,
        Watcher(server.address, "ingrid", DOMAIN, "") as watcher,
        outside(server) as caller,
        phone(server, "henrik") as henrik,
        phone(server, "astrid") as astrid,
    ):
        henrik.register()
        watcher.subscribe("209")
        watcher.expect("209", "idle")
        call = in_the_menu(caller)
        server.stop_soon()
        until(lambda: "to end" in server.log(), "the server stops")
        assert int(astrid.call("209").refused(503)["Retry-After"]) > 0
        caller.rtp.expect_sound()
        bye = call.expect("BYE")
        until(lambda: caller.has_again(bye), "a BYE that was lost is sent again")
        call.respond(200, request=bye)
        server.stop()
        server.start()
        talk, ringing = talking(astrid, henrik)
        watcher.expect("209", "ringing")
        watcher.expect("209", "talking")
        talk.hang_up()
        ringing.hung_up()
        watcher.expect("209", "idle")


def test_a_second_signal_to_stop_gives_calls_no_more_time(tmp_path: Path) -> None:
    settings = NO_PASSWORDS | {"shutdown": {"drain_seconds": 600}}
    with Server(tmp_path / "server", settings=settings) as server, outside(server) as caller:
        call = in_the_menu(caller)
        server.stop_soon()
        until(lambda: "to end" in server.log(), "the server stops")
        server.stop_soon()
        call.respond(200, request=call.expect("BYE"))
        server.stopped()


# Phones that are gone


def test_a_phone_that_has_forgotten_its_call_is_found_out_and_the_call_is_on_record_as_lost(server: Server) -> None:
    with (
        Watcher(server.address, "ingrid", DOMAIN, "") as watcher,
        phone(server, "henrik") as henrik,
        phone(server, "astrid") as astrid,
    ):
        henrik.register()
        watcher.subscribe("209")
        watcher.expect("209", "idle")
        call, ringing = talking(astrid, henrik)
        watcher.expect("209", "ringing")
        watcher.expect("209", "talking")
        henrik.rtp.hush()
        probe = ringing.expect("INVITE")
        ringing.respond(481, request=probe)  # it was started anew and knows of nothing
        call.hung_up()
        watcher.expect("209", "idle")
        until(lambda: "lost" in server.finished_calls(), "the call on record")
        henrik.register(0)


def test_a_phone_that_is_only_muted_keeps_its_call(server: Server) -> None:
    with phone(server, "henrik") as henrik, phone(server, "astrid") as astrid:
        henrik.register()
        call, ringing = talking(astrid, henrik)
        henrik.rtp.hush()
        probe = ringing.expect("INVITE")
        ringing.respond(200, henrik.sdp(), request=probe)
        ringing.expect("ACK")
        henrik.rtp.expect(0x35)
        call.hang_up()
        ringing.hung_up()
        henrik.register(0)
