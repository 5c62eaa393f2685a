"""A real Lampfield server on loopback, in a folder of its own, with the example company."""

import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import tomli_w
from typer.testing import CliRunner

from lampfield.cli import app
from tests.support.ports import LOOPBACK, free_port

EXAMPLE = Path(__file__).parents[2] / "examples" / "nordlys.toml"
CLIPS = EXAMPLE.parents[1] / ".cache" / "clips"
"""Prompts ready for playing, made once for all servers of all test runs."""
DOMAIN = "nordlys.example"
MAIN_NUMBER = "+4533221100"
OUTSIDE = "127.0.0.2"
"""Where the telephone network lives: the server knows this address as its trunk and asks it for no password."""
START_SECONDS = 120.0
"""What a server is given to begin, on a machine with many others that do."""


class ServerFailed(AssertionError):
    """The server did not start, or did not stop cleanly; the message holds the end of its log."""


class Server:
    """`lampfield serve` with the example company always open; use as a context manager.

    `settings` are merged into the server's configuration; `company` into the company file; both as nested mappings.
    """

    def __init__(
        self,
        folder: Path,
        *,
        settings: Mapping[str, Any] | None = None,
        company: Mapping[str, Any] | None = None,
        port: int | None = None,
    ) -> None:
        self.folder = folder
        self.port = port or free_port()
        self.outside_port = free_port()
        """Where calls to the telephone network arrive, at OUTSIDE."""
        self._settings = settings or {}
        self._company = company or {}

    @property
    def address(self) -> str:
        """`host:port` where phones find it."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def socket_address(self) -> tuple[str, int]:
        """The same, for sockets."""
        return LOOPBACK, self.port

    @property
    def state(self) -> Path:
        """The state directory: database, journal."""
        return self.folder / "state"

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write_files()
        self._import_company()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self.stop()

    def start(self) -> None:
        """Start, and return when it says that it is ready, as a service manager is told."""
        self._log = (self.folder / "server.log").open("ab")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            # In the abstract namespace, where the kernel chooses the name.
            manager.bind("")
            name = manager.getsockname().decode().replace("\0", "@", 1)
            # A session of its own, so that what is left of it can be ended by process group and nothing else.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "lampfield.cli", "serve", "--config", "lampfield.toml"],
                cwd=self.folder,
                env=self._environment() | {"NOTIFY_SOCKET": name},
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                start_new_session=True,
            )
            if not self._says_ready(manager):
                self._give_up()

    def _says_ready(self, manager: socket.socket) -> bool:
        """False when it ends instead, or takes too long."""
        manager.settimeout(0.1)
        deadline = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            with suppress(TimeoutError):
                if manager.recv(4096).startswith(b"READY=1\n"):
                    return True
        return False

    def _give_up(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(5)
        self._log.close()
        raise ServerFailed(f"the server does not begin: {self.log()[-3000:]}")

    @property
    def pid(self) -> int:
        """Process id of the supervisor."""
        return self._process.pid

    def stop_soon(self) -> None:
        """Ask it to stop, and do not wait."""
        self._process.send_signal(signal.SIGTERM)

    def stop(self, seconds: float = 15.0) -> None:
        """Stop cleanly. Raises ServerFailed when it had to be killed or ended with an error."""
        self.stop_soon()
        self.stopped(seconds)

    def stopped(self, seconds: float = 15.0) -> None:
        """Wait until it has stopped, as it was asked to. Raises ServerFailed as `stop` does."""
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(5)
            raise ServerFailed(f"the server did not stop within {seconds} s: {self.log()[-3000:]}") from None
        finally:
            self._log.close()
        if status != 0:
            raise ServerFailed(f"the server ended with status {status}: {self.log()[-3000:]}")

    def log(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")

    def password(self, person: str) -> str:
        return f"secret-of-{person}"

    def finished_calls(self) -> str:
        """What `lampfield calls --since today` tells."""
        return self.command("calls", "--since", "today")

    def _write_files(self) -> None:
        company = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
        for number in company["main_numbers"].values():
            number.pop("hours")
        company["company"]["limits"] = {"shortest_ring_seconds": 1}
        company = merged(company, self._company)
        configuration = {
            "state_directory": "state",
            "sip": {"listen": [f"udp:{self.address}", f"tcp:{self.address}"]},
            "media": {"ports": _rtp_range(), "clips": str(CLIPS)},
            "shutdown": {"drain_seconds": 0},
            "restart": {"spare": False},
            "trunks": {"outside": {"kind": "address", "host": OUTSIDE, "port": self.outside_port}},
            "registrations": {"min_seconds": 10, "default_seconds": 60},
            "subscriptions": {"min_seconds": 10, "default_seconds": 60},
        }
        files = {
            "company.toml": company,
            "lampfield.toml": merged(configuration, self._settings),
            "passwords.toml": {"passwords": {person: self.password(person) for person in company["people"]}},
        }
        for name, content in files.items():
            (self.folder / name).write_text(tomli_w.dumps(content), encoding="utf-8")

    def _import_company(self) -> None:
        """As `lampfield company import` does, in this process: starting a command costs as much as the import."""
        company, passwords, configuration = (
            str(self.folder / name) for name in ("company.toml", "passwords.toml", "lampfield.toml")
        )
        done = CliRunner().invoke(
            app, ["company", "import", "--passwords", passwords, "--config", configuration, company]
        )
        if done.exit_code != 0:
            raise ServerFailed(f"the company was not imported: {done.output}") from done.exception

    def command(self, *arguments: str) -> str:
        """What a `lampfield` command says. Raises ServerFailed unless it ends with status 0."""
        done = subprocess.run(
            [sys.executable, "-m", "lampfield.cli", *arguments],
            cwd=self.folder,
            env=self._environment() | {"LAMPFIELD_CONFIG": "lampfield.toml", "COLUMNS": "250"},
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode != 0:
            raise ServerFailed(f"lampfield {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def _environment(self) -> dict[str, str]:
        """The server is of the same make as what these tests import: Python, or compiled."""
        return os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with the values of `over`; None removes a key."""
    result = dict(base)
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            result[key] = merged(result.get(key, {}), value)
        else:
            result[key] = value
    return result


def _rtp_range() -> str:
    """A range for this server's audio; ranges of servers running side by side seldom meet, and do no harm if so."""
    low = 20000 + os.getpid() * 200 % 9800 // 2 * 2
    return f"{low}-{low + 199}"
