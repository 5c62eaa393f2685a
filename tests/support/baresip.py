"""A baresip phone on loopback, headless, driven over its ctrl_tcp socket (netstrings with JSON in them)."""

import json
import re
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.ports import LOOPBACK, free_port, free_ports
from tests.support.until import PATIENCE

MODULES = Path("/usr/lib/baresip/modules")
SAMPLE_RATES = {"PCMA": 8000, "PCMU": 8000, "G722": 16000}
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_CONTACT = re.compile(r"^>?\s*(\w+) .*<(sip:[^>]+)>", re.MULTILINE)

_CONFIG = """\
poll_method epoll
sip_listen {host}:{sip_port}
net_interface {host}
rtp_ports {rtp_low}-{rtp_high}
call_max_calls 4
ctrl_tcp_listen {host}:{control_port}
audio_source {source}
audio_player aubridge,ear
audio_alert aubridge,ear
snd_path {folder}
ringback_disabled yes
menu_bell no
statmode_default off
module_path {modules}
module g711.so
module g722.so
module aufile.so
module aubridge.so
module sndfile.so
module_tmp account.so
module_app contact.so
module_app ctrl_tcp.so
module_app menu.so
module_app mwi.so
module_app presence.so
"""


class BaresipError(AssertionError):
    """The phone refused a command, died, or did not report what was awaited."""


@dataclass(frozen=True, slots=True)
class BaresipEvent:
    """What the phone reported, in its own words (`CALL_ESTABLISHED`, `REGISTER_OK`); `at` is UTC epoch seconds."""

    kind: str
    at: float
    fields: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]


class Baresip:
    """One phone with one account; use as a context manager.

    `server` is `host:port` of registrar and outbound proxy, None for calls without a server. `voice` is a WAV in the
    codec's sample rate; baresip hangs up when it ends, so it must be longer than the call.
    """

    def __init__(
        self,
        folder: Path,
        uri: str,
        *,
        voice: Path,
        codec: str = "PCMA",
        server: str | None = None,
        password: str = "",
        transport: str = "udp",
        mwi: bool = False,
        watch: Sequence[str] = (),
        expires: int = 300,
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.events: list[BaresipEvent] = []
        self._unread: list[BaresipEvent] = []
        self._answers: dict[str, dict[str, Any]] = {}
        self._control_port = free_port()
        self._tokens = 0
        self._gone = False
        self._changed = threading.Condition()
        self._voice = voice
        user = uri.split("sip:", 1)[1].split("@", 1)[0]
        account = [
            f"<{uri};transport={transport}>",
            "answermode=manual",
            f"audio_codecs={codec}/{SAMPLE_RATES[codec]}/1",
            f"mwi={'yes' if mwi else 'no'}",
        ]
        account += [f"auth_user={user}", f"auth_pass={password}"] if password else []
        account += [f'outbound="sip:{server};transport={transport}"', f"regint={expires}"] if server else ["regint=0"]
        self._account = ";".join(account)
        self._contacts = "".join(f'"{uri}" <{uri}>;presence=p2p\n' for uri in watch)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        rtp_low = free_ports(2)
        config = _CONFIG.format(
            host=LOOPBACK,
            sip_port=self.port,
            rtp_low=rtp_low,
            rtp_high=rtp_low + 40,
            control_port=self._control_port,
            source=f"aufile,{self._voice}",
            folder=self.folder,
            modules=MODULES,
        )
        (self.folder / "config").write_text(config)
        (self.folder / "accounts").write_text("# The account comes when every module is up.\n")
        (self.folder / "contacts").write_text(self._contacts)
        self._output = (self.folder / "output.txt").open("wb")
        self._process = subprocess.Popen(
            ["baresip", "-4", "-f", str(self.folder)],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
        )
        self._control = self._connect(time.monotonic() + 10)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        # A registrar that answers within the millisecond after the modules' start would make the mwi module of
        # baresip 1.0 subscribe without end: its timer walks a list to which each step adds. So it registers later.
        self.command("uanew", self._account)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
        self._control.close()
        self._reader.join(5)
        self._output.close()

    def expect_registered(self, timeout: float = PATIENCE) -> None:
        """Wait until the account is registered; that may be before the control socket is there, so it is asked."""
        self._poll(lambda: " OK " in _ANSI.sub("", self.command("reginfo")), "not registered", timeout)

    def call(self, uri: str) -> None:
        self.command("dial", uri)

    def answer(self) -> None:
        self.command("accept")

    def hang_up(self) -> None:
        self.command("hangup")

    def hold(self) -> None:
        self.command("hold")

    def retrieve(self) -> None:
        self.command("resume")

    def dtmf(self, digits: str) -> None:
        """Press keys one after the other, as RFC 4733 events."""
        for digit in digits:
            self.command("sndcode", digit)

    def heard(self) -> Path:
        """The recording of what the last call brought; complete when the call is over."""
        recordings = sorted(self.folder.glob("dump-*-dec.wav"))
        if not recordings:
            raise BaresipError(f"nothing was recorded; {self._last_words()}")
        return recordings[-1]

    def presence(self) -> dict[str, str]:
        """What each watched contact's lamp shows now: Unknown, Online, Offline or Busy."""
        listed = _ANSI.sub("", self.command("contacts"))
        return {uri: status for status, uri in _CONTACT.findall(listed)}

    def expect_presence(self, uri: str, status: str, timeout: float = PATIENCE) -> None:
        """Wait until a contact's lamp shows `status`; baresip tells of changes only when asked."""
        self._poll(lambda: self.presence().get(uri) == status, f"{uri} does not show {status}", timeout)

    def expect_output(self, text: str, timeout: float = PATIENCE) -> None:
        """Wait until baresip has printed `text`: what may happen before the control socket is there to tell of it."""
        printed = self.folder / "output.txt"
        self._poll(lambda: text in printed.read_text(errors="replace"), f"{text!r} was not printed", timeout)

    def expect(self, kind: str, timeout: float = PATIENCE, **fields: Any) -> BaresipEvent:
        """The oldest event of a kind with these fields not handed out yet. Raises BaresipError after `timeout`."""

        def wanted(event: BaresipEvent) -> bool:
            return event.kind == kind and all(event.fields.get(name) == value for name, value in fields.items())

        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                if found := next((event for event in self._unread if wanted(event)), None):
                    self._unread.remove(found)
                    return found
                if not self._wait(deadline):
                    unread = [(event.kind, event.fields.get("param")) for event in self._unread]
                    raise BaresipError(f"no {kind} {fields} within {timeout} s; unread: {unread}; {self._last_words()}")

    def command(self, name: str, parameters: str = "", timeout: float = PATIENCE) -> str:
        """Give a command of baresip's menu and return what it printed."""
        deadline = time.monotonic() + timeout
        with self._changed:
            self._tokens += 1
            token = str(self._tokens)
            text = json.dumps({"command": name, "params": parameters, "token": token}).encode()
            self._control.sendall(b"%d:%s," % (len(text), text))
            while token not in self._answers:
                if not self._wait(deadline):
                    raise BaresipError(f"no answer to {name!r}; {self._last_words()}")
            answer = self._answers.pop(token)
        if not answer["ok"]:
            raise BaresipError(f"{name} {parameters}: {answer['data']}; {self._last_words()}")
        said: str = answer["data"]
        return said

    def _poll(self, condition: Callable[[], bool], complaint: str, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                raise BaresipError(f"{complaint} within {timeout} s; {self._last_words()}")
            with self._changed:
                self._changed.wait(0.1)

    def _connect(self, deadline: float) -> socket.socket:
        while True:
            try:
                connection = socket.create_connection((LOOPBACK, self._control_port), timeout=5)
            except ConnectionRefusedError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise BaresipError(f"baresip did not start; {self._last_words()}") from None
                with self._changed:
                    self._changed.wait(0.02)
            else:
                connection.settimeout(None)
                return connection

    def _wait(self, deadline: float) -> bool:
        return not self._gone and self._changed.wait(max(0.0, deadline - time.monotonic()))

    def _read(self) -> None:
        pending = b""
        while data := self._receive():
            pending += data
            while b":" in pending:
                length, _, rest = pending.partition(b":")
                size = int(length)
                if len(rest) < size + 1:
                    break
                self._take(json.loads(rest[:size]))
                pending = rest[size + 1 :]
        with self._changed:
            self._gone = True
            self._changed.notify_all()

    def _receive(self) -> bytes:
        try:
            return self._control.recv(65536)
        except OSError:
            return b""

    def _take(self, said: dict[str, Any]) -> None:
        with self._changed:
            if said.get("response"):
                self._answers[said["token"]] = said
            elif said["type"] != "CALL_RTCP":
                event = BaresipEvent(said["type"], time.time(), said)
                self.events.append(event)
                self._unread.append(event)
            self._changed.notify_all()

    def _last_words(self) -> str:
        return f"see {self.folder}: {(self.folder / 'output.txt').read_text(errors='replace')[-500:]}"
