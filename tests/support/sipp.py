"""Runs SIPp scenarios from `sip-scenarios/` with bounded calls and time, and tells what was sent and received."""

import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Self

import numpy as np

from tests.support.ports import LOOPBACK, free_port, free_ports, is_bound

SCENARIOS = Path(__file__).parents[2] / "sip-scenarios"
_SEPARATOR = re.compile(r"^-{20,} (\S+ \S+).*$", re.MULTILINE)
_HEAD = re.compile(r"\A\s*(?:UDP|TCP) message (sent|received) .*?:\n\n", re.DOTALL)


class SippFailed(AssertionError):
    """A scenario did not go as written; the message holds what SIPp says of it."""


@dataclass(frozen=True, slots=True)
class Message:
    """One SIP message that SIPp `sent` or received."""

    sent: bool
    text: str

    @property
    def start_line(self) -> str:
        return self.text.split("\n", 1)[0].strip()

    @property
    def body(self) -> str:
        return self.text.partition("\n\n")[2].strip()

    def header(self, name: str) -> str | None:
        """Value of the first header field of that full name."""
        found = re.search(
            rf"^{re.escape(name)}\s*:\s*(.*)$", self.text.partition("\n\n")[0], re.IGNORECASE | re.MULTILINE
        )
        return found.group(1).strip() if found else None


class Sipp:
    """A scenario being run; as a context manager it is ended with the block, else by `finish`.

    `target` is `host:port` of the server, None for a scenario that only answers. Account, keys and dialled number are
    those that the scenario's comment asks for. `calls` are made at most, within `seconds`.
    """

    def __init__(
        self,
        folder: Path,
        scenario: str,
        *,
        target: str | None = None,
        number: str = "service",
        user: str = "sipp",
        domain: str = LOOPBACK,
        password: str = "",
        auth_uri: str = "",
        keys: Mapping[str, str] | None = None,
        calls: int = 1,
        pause_ms: int = 500,
        seconds: float = 30.0,
        port: int | None = None,
        host: str = LOOPBACK,
        options: Sequence[str] = (),
    ) -> None:
        self.folder = folder / f"sipp-{scenario}-{free_port()}"
        self.folder.mkdir(parents=True)
        self.scenario = scenario
        self.host, self.port = host, port or free_port()
        self._seconds = seconds
        # Two of a-law's quietest values make a soft buzz: sound, so that nobody takes the line for dead.
        (self.folder / "voice.alaw").write_bytes(bytes(np.resize(np.array([0xD5] * 40 + [0xC5] * 40, np.uint8), 16000)))
        command = ["sipp", *([target] if target else []), "-sf", str(SCENARIOS / f"{scenario}.xml"), "-i", host]
        command += ["-p", str(self.port), "-mi", host, "-bind_local", "-nostdin", "-m", str(calls)]
        command += [
            "-l",
            str(calls),
            "-r",
            "20",
            "-s",
            number,
            "-d",
            str(pause_ms),
            "-timeout",
            f"{int(seconds)}s",
            "-timeout_error",
        ]
        command += ["-mp", str(free_ports(4))]
        command += ["-trace_err", "-error_file", "errors.txt", "-trace_msg", "-message_file", "messages.txt"]
        command += ["-trace_logs", "-log_file", "log.txt", "-key", "user", user, "-key", "domain", domain]
        command += ["-au", user, "-ap", password] if password else []
        command += ["-auth_uri", auth_uri] if auth_uri else []
        for key, value in (keys or {}).items():
            command += ["-key", key, value]
        self._screen = (self.folder / "screen.txt").open("wb")
        self._process = subprocess.Popen(
            [*command, *options],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=self._screen,
            stderr=subprocess.STDOUT,
        )
        self._wait_until_bound()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(10)
        self._screen.close()

    def finish(self) -> list[Message]:
        """Wait for the end and return all messages in order. Raises SippFailed unless every call went as written."""
        try:
            status = self._process.wait(self._seconds + 5)
        except subprocess.TimeoutExpired:
            status = -1
        self.__exit__(None, None, None)
        if status != 0:
            raise SippFailed(f"{self.scenario}: {self._complaint()}\n{self._last_messages()}")
        return self.messages()

    def expect_received(self, method: str, count: int, timeout: float = 10.0) -> None:
        """Wait until so many requests of a method were received. Raises SippFailed after `timeout`."""
        deadline = time.monotonic() + timeout
        tick = Event()
        while (had := sum(not m.sent and m.start_line.startswith(f"{method} ") for m in self.messages())) < count:
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise SippFailed(
                    f"{self.scenario}: {had} of {count} {method} received, {self._complaint()}\n{self._last_messages()}"
                )
            tick.wait(0.05)

    def messages(self) -> list[Message]:
        """What was sent and received until now."""
        parts = _SEPARATOR.split(self._said("messages.txt"))[2::2]
        heads = [(_HEAD.match(part), part) for part in parts]
        return [Message(head.group(1) == "sent", part[head.end() :].strip() + "\n") for head, part in heads if head]

    def logged(self) -> list[str]:
        """Lines of the scenario's own `<log>` actions."""
        return self._said("log.txt").splitlines()

    def _said(self, name: str) -> str:
        path = self.folder / name
        return path.read_text(errors="replace").replace("\r", "") if path.exists() else ""

    def _complaint(self) -> str:
        said = self._said("errors.txt") or self._said("screen.txt")
        return f"status {self._process.poll()}\n{said[-3000:]}"

    def _last_messages(self) -> str:
        return "\n\n".join(f"{'sent' if m.sent else 'received'}:\n{m.text}" for m in self.messages()[-4:])

    def _wait_until_bound(self) -> None:
        deadline = time.monotonic() + 10
        tick = Event()
        while not is_bound(self.host, self.port) and self._process.poll() is None and time.monotonic() < deadline:
            tick.wait(0.01)
        if self._process.poll():
            raise SippFailed(f"{self.scenario}: {self._complaint()}")


def available() -> bool:
    return shutil.which("sipp") is not None
