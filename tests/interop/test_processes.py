"""The processes of a server are killed, and what was accepted is not lost."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.children import child, children, kill
from tests.support.event_log import recorded
from tests.support.ports import free_port
from tests.support.server import DOMAIN, MAIN_NUMBER, OUTSIDE, Server
from tests.support.sipp import Sipp, SippFailed
from tests.support.until import until
from tests.support.watcher import Watcher


@pytest.fixture
def own_server(tmp_path: Path) -> "Server":
    return Server(tmp_path / "server", settings={"log": {"level": "info"}})


def test_a_killed_signalling_process_forgets_neither_phones_nor_lamps(own_server: Server, tmp_path: Path) -> None:
    phone = free_port()
    with own_server as server, Watcher(server.address, "ingrid", DOMAIN, server.password("ingrid")) as watcher:
        Sipp(
            tmp_path,
            "register-digest",
            target=server.address,
            port=phone,
            keys={"expires": "600"},
            user="henrik",
            domain=DOMAIN,
            password=server.password("henrik"),
            auth_uri=DOMAIN,
        ).finish()
        watcher.subscribe("209")
        watcher.expect("209", "idle")
        until(lambda: b"subscription" in (server.state / "journal").read_bytes(), "the subscription on disk")
        kill(server, "lampfield.signalling")
        with Sipp(tmp_path, "answer", port=phone, user="henrik") as answering:
            calling = Sipp(
                tmp_path,
                "call",
                target=server.address,
                number="209",
                user="astrid",
                domain=DOMAIN,
                password=server.password("astrid"),
                auth_uri=f"209@{DOMAIN}",
            )
            watcher.expect("209", "ringing")
            watcher.expect("209", "talking")
            calling.finish()
            answering.finish()
        # The watcher itself fails on a CSeq or version that goes back, and it never subscribed again.
        watcher.expect("209", "idle")


def test_a_call_that_lost_its_signalling_and_its_audio_is_on_record_as_lost(own_server: Server, tmp_path: Path) -> None:
    with (
        own_server as server,
        Sipp(tmp_path, "call", target=server.address, number=MAIN_NUMBER, host=OUTSIDE, pause_ms=20000),
    ):
        until(lambda: recorded(server, "MenuEntered"), "the menu on record")
        os.kill(child(server, "media.process"), signal.SIGKILL)
        kill(server, "lampfield.signalling")
        until(lambda: "lost" in server.finished_calls(), "the record of the lost call")


def test_signalling_comes_back_as_the_process_that_stood_by_or_as_a_new_one(tmp_path: Path) -> None:
    def both() -> list[int]:
        return children(server, "lampfield.signalling")

    with Server(tmp_path / "server", settings={"restart": {"spare": True}}) as server:
        until(lambda: len(both()) == 2, "a process stands by")
        first, second = both()
        os.kill(first, signal.SIGKILL)
        until(lambda: f"signalling: ready, process {second}" in server.log(), "the one that stood by serves")
        until(lambda: len(both()) == 2, "another one stands by")
        _, third = both()
        os.kill(third, signal.SIGKILL)
        os.kill(second, signal.SIGKILL)
        until(lambda: server.log().count("signalling: ready") == 3, "a new one serves")
        assert both()[0] not in (first, second, third)


def test_who_is_started_again_goes_by_the_configuration_that_the_server_began_with(own_server: Server) -> None:
    with own_server as server:
        file = server.folder / "lampfield.toml"
        file.write_text(file.read_text() + "\n[sip]\nhalf = ")
        kill(server, "lampfield.signalling")


def test_calls_are_heard_again_after_the_media_process_was_killed(own_server: Server, tmp_path: Path) -> None:
    with own_server as server:
        kill(server, "media.process")
        until(lambda: "the media engine is back" in server.log(), "signalling has the engine again")
        Sipp(tmp_path, "call", target=server.address, number=MAIN_NUMBER, host=OUTSIDE).finish()


def test_a_killed_supervisor_takes_its_children_along_though_there_are_calls(tmp_path: Path) -> None:
    with (
        Server(tmp_path / "server", settings={"shutdown": {"drain_seconds": 600}}) as server,
        Sipp(tmp_path, "call", target=server.address, number=MAIN_NUMBER, host=OUTSIDE, pause_ms=20000),
    ):
        until(lambda: recorded(server, "MenuEntered"), "the menu on record")
        children = [child(server, module) for module in ("lampfield.signalling", "media.process")]
        os.kill(server.pid, signal.SIGKILL)
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children), "the children end")


def test_a_port_in_use_is_told_with_its_address_and_nothing_is_left_running(own_server: Server, tmp_path: Path) -> None:
    with own_server as server:
        second = subprocess.run(
            [sys.executable, "-m", "lampfield.cli", "serve", "--config", "lampfield.toml"],
            cwd=server.folder,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert second.returncode == 1
    assert f"cannot listen on udp:{server.address}: another program uses this port" in second.stderr.replace("\n", "")


def test_an_import_reaches_the_running_server(own_server: Server, tmp_path: Path) -> None:
    with own_server as server:
        file = server.folder / "company.toml"
        file.write_text(file.read_text().replace('extension = "209"', 'extension = "259"'))
        told = server.command("company", "import", "company.toml")
        assert "companies read anew: nordlys.example" in told
        password, uri = server.password("astrid"), f"259@{DOMAIN}"
        with pytest.raises(SippFailed, match="480"):
            Sipp(
                tmp_path,
                "call",
                target=server.address,
                number="259",
                user="astrid",
                domain=DOMAIN,
                password=password,
                auth_uri=uri,
            ).finish()


@pytest.mark.timeout(150)
def test_the_demo_ends_at_ctrl_c_also_in_the_midst_of_the_call() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "lampfield.cli", "demo", "--once"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as demo:
        try:
            assert demo.stdout
            heard = iter(demo.stdout.readline, "")
            assert any("A caller dials" in line for line in heard)
            demo.send_signal(signal.SIGINT)
            told, complaints = demo.communicate(timeout=20)
        finally:
            demo.kill()
    assert "stopped before its end" in told
    assert "Traceback" not in complaints
    assert demo.returncode == 1


def test_the_demo_shows_every_step() -> None:
    played = subprocess.run(
        [sys.executable, "-m", "lampfield.cli", "demo", "--once"],
        capture_output=True,
        text=True,
        timeout=140,
        check=False,
    )
    assert "Every step was seen." in played.stdout, played.stdout + played.stderr
    assert played.returncode == 0
