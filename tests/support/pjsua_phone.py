"""A PJSIP phone on loopback: registers, calls, answers, holds, sends DTMF, watches presence, listens."""

import json
import random
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.support.ports import LOOPBACK
from tests.support.until import PATIENCE

PROJECT = Path(__file__).parents[2]


class PhoneError(AssertionError):
    """The phone refused a command, died, or did not report what was awaited."""


@dataclass(frozen=True, slots=True)
class PhoneEvent:
    """What the phone reported; `at` is UTC epoch seconds."""

    kind: str
    at: float
    fields: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.fields[name]


class PjsuaPhone:
    """One phone process; use as a context manager.

    `codecs` in order of preference, by name (`PCMA`, `PCMU`, `G722`); `host` is the loopback address of SIP and RTP.
    One that is `without_events` names no telephone-event in its SDP. At most 4 calls and 8 accounts.
    """

    def __init__(
        self,
        folder: Path,
        codecs: tuple[str, ...] = ("PCMA", "PCMU", "G722"),
        host: str = LOOPBACK,
        port: int = 0,
        *,
        without_events: bool = False,
    ) -> None:
        self.folder = folder
        self.host = host
        self._codecs = codecs
        self._without_events = without_events
        self.events: list[PhoneEvent] = []
        self._unread: list[PhoneEvent] = []
        self._answers: dict[int, dict[str, Any]] = {}
        self._numbers = 0
        self._gone = False
        self._changed = threading.Condition()
        self.port = port
        """UDP port of SIP; 0 until started when any will do."""

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._stderr = (self.folder / "stderr.txt").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.pjsua_process", str(self.folder)],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        # A range of its own for each phone; PJSIP tries the next pair where another has taken one.
        rtp_port = random.randrange(30000, 60000, 200)
        self.port = self._do(
            "start",
            host=self.host,
            port=self.port,
            codecs=self._codecs,
            rtp_port=rtp_port,
            without_events=self._without_events,
        )["port"]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None and not self._gone:
            try:
                self._do("stop", timeout=5.0)
                self._process.wait(10)
            except (PhoneError, subprocess.TimeoutExpired):
                self._process.kill()
        self._process.wait(10)
        self._reader.join(5)
        for stream in (self._process.stdin, self._process.stdout, self._stderr):
            if stream:
                stream.close()

    def account(
        self,
        name: str,
        uri: str,
        *,
        server: str | None = None,
        user: str = "",
        password: str = "",
        transport: str = "udp",
        register: bool = True,
        mwi: bool = False,
        publish: bool = False,
        expires: int = 300,
    ) -> None:
        """Add an account; `server` is `host:port` of registrar and outbound proxy, None for calls without a server.

        `user` authenticates where that is not the user part of `uri`.
        """
        proxy = f"<sip:{server};transport={transport};lr>" if server else None
        registrar = f"sip:{uri.rsplit('@', 1)[1]}" if server and register else None
        self._do(
            "account",
            name=name,
            uri=uri,
            proxy=proxy,
            registrar=registrar,
            user=user or uri.removeprefix("sip:").rsplit("@", 1)[0],
            password=password,
            transport=transport,
            mwi=mwi,
            publish=publish,
            expires=expires,
        )

    def unregister(self, account: str) -> None:
        self._do("unregister", account=account)

    def watch(self, account: str, uri: str) -> None:
        """Subscribe to `Event: presence`; states come as `buddy` events."""
        self._do("watch", account=account, uri=uri)

    def tell(self, account: str, activity: str, note: str) -> None:
        """Publish what its user does: `away`, `busy` or nothing, with a note; the account must publish."""
        self._do("tell", account=account, activity=activity, note=note)

    def unwatch(self, uri: str) -> None:
        self._do("unwatch", uri=uri)

    def call(self, account: str, uri: str, *, record: Path | None = None, play: Path | None = None) -> "PjsuaCall":
        made = self._do("call", account=account, uri=uri, record_to=_text(record), play_from=_text(play))
        call = PjsuaCall(self, made["call"], made["call_id"], account)
        call._recording = record
        return call

    def incoming(self, account: str | None = None, timeout: float = PATIENCE) -> "PjsuaCall":
        """The next call that rings, on `account` or on any."""
        rings = self.expect("incoming", timeout, **({"account": account} if account else {}))
        return PjsuaCall(self, rings["call"], rings["call_id"], rings["account"], rings["remote"])

    def vanish(self) -> None:
        """Be gone without a word, as a phone whose cable is pulled."""
        self._process.kill()
        self._process.wait(10)

    def expect(self, kind: str, timeout: float = PATIENCE, **fields: Any) -> PhoneEvent:
        """The oldest event of a kind with these fields not handed out yet. Raises PhoneError after `timeout`."""

        def wanted(event: PhoneEvent) -> bool:
            return event.kind == kind and all(event.fields.get(name) == value for name, value in fields.items())

        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                if found := next((event for event in self._unread if wanted(event)), None):
                    self._unread.remove(found)
                    return found
                if not self._wait(deadline):
                    raise PhoneError(
                        f"no {kind} {fields} within {timeout} s; unread: {self._unread}; {self._last_words()}"
                    )

    def _do(self, command: str, timeout: float = 20.0, **arguments: Any) -> dict[str, Any]:
        deadline = time.monotonic() + timeout
        with self._changed:
            self._numbers += 1
            number = self._numbers
            assert self._process.stdin
            self._process.stdin.write(json.dumps({"number": number, "do": command, **arguments}) + "\n")
            self._process.stdin.flush()
            while number not in self._answers:
                if not self._wait(deadline):
                    raise PhoneError(f"no answer to {command!r}; {self._last_words()}")
            answer = self._answers.pop(number)
        if "error" in answer:
            raise PhoneError(f"{command}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _wait(self, deadline: float) -> bool:
        """Sleep until something was reported; False when nothing more is to come or time is up."""
        return not self._gone and self._changed.wait(max(0.0, deadline - time.monotonic()))

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            said = json.loads(line)
            with self._changed:
                if "number" in said:
                    self._answers[said["number"]] = said
                else:
                    event = PhoneEvent(said.pop("event"), said.pop("at"), said)
                    self.events.append(event)
                    self._unread.append(event)
                self._changed.notify_all()
        with self._changed:
            self._gone = True
            self._changed.notify_all()

    def _last_words(self) -> str:
        state = "its process is gone" if self._gone else "its process runs"
        return f"{state}; see {self.folder}: {(self.folder / 'stderr.txt').read_text(errors='replace')[-500:]}"


class PjsuaCall:
    """One call of a phone."""

    def __init__(self, phone: PjsuaPhone, number: int, call_id: str, account: str, remote: str = "") -> None:
        self._phone = phone
        self._number = number
        self.call_id = call_id
        """The Call-ID header."""
        self.account = account
        self._recording: Path | None = None
        self.remote = remote
        """From of an incoming call."""

    def expect(self, state: str, timeout: float = PATIENCE, **fields: Any) -> PhoneEvent:
        """Wait for a state in PJSIP's words: CALLING, EARLY, CONNECTING, CONFIRMED, DISCONNECTED.

        With DISCONNECTED the recording is complete.
        """
        event = self._phone.expect("call", timeout, call=self._number, state=state, call_id=self.call_id, **fields)
        if state == "DISCONNECTED" and self._recording and self._recording.exists():
            self._await_recording(self._recording)
        return event

    def _await_recording(self, recording: Path, timeout: float = 5.0) -> None:
        """PJSIP's audio thread writes the rest after the call; the header tells the length when all is written."""
        deadline = time.monotonic() + timeout
        tick = threading.Event()
        while True:
            content = recording.read_bytes()
            if len(content) > 44 and int.from_bytes(content[4:8], "little") == len(content) - 8:
                return
            if time.monotonic() > deadline:
                raise PhoneError(f"{recording} was not completed within {timeout} s")
            tick.wait(0.02)

    def expect_media(self, status: str = "active", timeout: float = PATIENCE) -> PhoneEvent:
        """Wait for `active`, `local-hold` or `remote-hold`; the event names the `codec`."""
        return self._phone.expect("media", timeout, call=self._number, status=status)

    def expect_dtmf(self, digit: str, timeout: float = PATIENCE) -> PhoneEvent:
        return self._phone.expect("dtmf", timeout, call=self._number, digit=digit)

    def answer(self, code: int = 200, *, record: Path | None = None, play: Path | None = None) -> None:
        self._recording = record or self._recording
        self._phone._do("answer", call=self._number, code=code, record_to=_text(record), play_from=_text(play))

    def hang_up(self, code: int = 0) -> None:
        """BYE, CANCEL or a refusal, as the call's state asks; `code` for a refusal."""
        self._phone._do("hangup", call=self._number, code=code)

    def hold(self) -> None:
        self._phone._do("hold", call=self._number)

    def retrieve(self) -> None:
        self._phone._do("retrieve", call=self._number)

    def transfer(self, to: str) -> None:
        """Send the other party to this URI; what becomes of it comes as `transfer` events."""
        self._phone._do("transfer", call=self._number, to=to)

    def join(self, other: "PjsuaCall") -> None:
        """Join the other party to that of another call of this phone."""
        self._phone._do("join", call=self._number, other=other._number)

    def expect_transfer(self, code: int, timeout: float = PATIENCE) -> PhoneEvent:
        """Wait until the phone is told this of its transfer."""
        return self._phone.expect("transfer", timeout, call=self._number, code=code)

    def dtmf(self, digits: str, method: str = "rfc4733") -> None:
        """Press keys; `method` is `rfc4733` or `info`."""
        self._phone._do("dtmf", call=self._number, digits=digits, method=method)

    def codec(self) -> str:
        """Name of the codec in use."""
        name: str = self._phone._do("codec", call=self._number)["codec"]
        return name

    def listen(self, seconds: float) -> None:
        """Return when so much more audio came; it must come at about its natural pace. Raises PhoneError else."""
        wanted = self.packets()["received"] + round(50 * seconds)
        deadline = time.monotonic() + seconds * 1.5 + 5.0
        tick = threading.Event()
        while self.packets()["received"] < wanted:
            if time.monotonic() > deadline:
                raise PhoneError(f"heard too little: {self.packets()}, wanted {wanted} packets")
            tick.wait(0.1)

    def hear_out(self, pause: float = 0.5, timeout: float = 20.0) -> None:
        """Return when no audio has come for `pause` seconds: a prompt is over. Raises PhoneError after `timeout`."""
        deadline = time.monotonic() + timeout
        tick = threading.Event()
        heard, heard_at = self.packets()["received"], time.monotonic()
        while time.monotonic() - heard_at < pause:
            if time.monotonic() > deadline:
                raise PhoneError(f"still audio after {timeout} s: {self.packets()}")
            tick.wait(0.05)
            if (now := self.packets()["received"]) != heard:
                heard, heard_at = now, time.monotonic()

    def packets(self) -> dict[str, int]:
        """RTP packets `received`, `sent` and `lost` so far."""
        return self._phone._do("media_counters", call=self._number)


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
