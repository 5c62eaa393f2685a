"""What a service manager is told, and the unit that is given to systemd."""

import os
import shlex
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lampfield.cli import app
from lampfield.config_sections import Shutdown
from lampfield.supervisor import GRACE_SECONDS
from tests.support.ports import free_port
from tests.support.until import until

UNIT = Path(__file__).parents[2] / "examples" / "lampfield.service"
ADDRESS = f"udp:127.0.0.1:{free_port()}"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Starts a server that is told where its manager is; what it says goes to the file `said`."""
    (tmp_path / "lampfield.toml").write_text(
        f'state_directory = "state"\n[sip]\nlisten = ["{ADDRESS}"]\n[restart]\nspare = false\n'
    )
    started = []

    def start(manager: str) -> subprocess.Popen[bytes]:
        with (tmp_path / "said").open("wb") as said:
            server = subprocess.Popen(
                [sys.executable, "-m", "lampfield.cli", "serve", "--config", "lampfield.toml"],
                cwd=tmp_path,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "NOTIFY_SOCKET": manager},
                stderr=said,
            )
        started.append(server)
        return server

    yield start
    for server in started:
        server.kill()
        server.wait()


def test_it_hears_when_phones_are_served_and_when_calls_end(
    tmp_path: Path, running: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "manager"))
        manager.settimeout(60)
        server = running(str(tmp_path / "manager"))
        assert manager.recv(4096).decode() == f"READY=1\nSTATUS=serves {ADDRESS}"
        server.send_signal(signal.SIGTERM)
        assert manager.recv(4096).decode().startswith("STOPPING=1\n")
        assert server.wait(60) == 0


def test_it_hears_while_the_server_goes_without_its_database(
    tmp_path: Path, running: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    file = tmp_path / "state" / "lampfield.sqlite3"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "manager"))
        manager.settimeout(60)

        def hears(beginning: str) -> str:
            said = manager.recv(4096).decode()
            assert said.startswith(beginning), said
            return said

        server = running(str(tmp_path / "manager"))
        hears("READY=1")
        until((tmp_path / "state" / "companies").exists, "what was read on disk")
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
        hears("STOPPING=1")
        file.rename(aside := file.with_name("aside"))
        file.mkdir()
        server = running(str(tmp_path / "manager"))
        hears("READY=1")
        assert "without the database" in hears(f"STATUS=serves {ADDRESS}")
        file.rmdir()
        aside.rename(file)
        assert hears("STATUS=") == f"STATUS=serves {ADDRESS}"
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0


def test_a_server_that_still_begins_stops_when_it_is_told_to(
    tmp_path: Path, running: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    (tmp_path / "state").mkdir()
    said = tmp_path / "said"
    with closing(sqlite3.connect(tmp_path / "state" / "lampfield.sqlite3")) as database:
        database.execute("BEGIN IMMEDIATE")  # which holds up who brings it up to date
        server = running("")
        until(lambda: "media: ready" in said.read_text(), "signalling is begun next")
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0
    assert "database is locked" not in said.read_text()


def test_a_server_runs_though_nobody_hears_that_it_is_ready(
    tmp_path: Path, running: Callable[[str], subprocess.Popen[bytes]]
) -> None:
    server = running(nobody := str(tmp_path / "nobody"))
    said = tmp_path / "said"
    until(lambda: f"the service manager at {nobody} cannot be told" in said.read_text(), "the complaint")
    assert server.poll() is None
    server.send_signal(signal.SIGTERM)
    assert server.wait(60) == 0


@pytest.fixture
def unit() -> ConfigParser:
    """What is given to systemd."""
    read = ConfigParser(interpolation=None, delimiters=("=",))
    read.optionxform = str  # type: ignore[assignment,method-assign]  # systemd tells capitals apart
    read.read(UNIT)
    return read


def test_the_unit_starts_what_there_is_and_waits_for_its_end(unit: ConfigParser) -> None:
    service = unit["Service"]
    program, *arguments = shlex.split(service["ExecStart"])
    assert program.endswith("/bin/lampfield")
    assert arguments[1] == "--config"
    assert CliRunner().invoke(app, [arguments[0], "--help"]).exit_code == 0
    assert service["Type"] == "notify"
    assert float(service["TimeoutStopSec"]) > Shutdown().drain_seconds + 4 * GRACE_SECONDS


def test_the_unit_starts_again_for_as_long_as_the_database_is_away(unit: ConfigParser) -> None:
    # Five starts in ten seconds would be the last ones (systemd.unit(5)), and one without a database takes one or two.
    assert unit["Service"]["Restart"] == "on-failure"
    assert float(unit["Service"]["RestartSec"]) >= 1
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
