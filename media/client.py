"""The controller's side of the media engine."""

import asyncio
import contextlib
import itertools
import logging
import socket
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import msgspec

from media.codec import Codec as Codec
from media.control_line import ControlLine, format_line, parse_line, quote_address, quote_value
from media.counters import Counters, counters_of
from media.events import (
    OF_ENGINE,
    CommandFailed,
    ControllerReplaced,
    EngineBack,
    EngineLost,
    Layer,
    MediaEvent,
    PlayEnded,
)
from media.session_info import Direction, SessionInfo, session_info

_logger = logging.getLogger(__name__)

Address = tuple[str, int]
"""Host (an IP literal without brackets) and port."""

PLAYS_PASSED_OVER = 1000
"""Numbers left to plays that another controller began and that wait."""
_PACKET_SIZE = 65536
"""Largest packet on the control socket either way, bytes."""
_NOWHERE = ("0.0.0.0", "::")  # noqa: S104  the address of a hold by the old form, nothing is bound to it
_LATER_SECONDS = 0.02
"""How long a command that has time waits for others to go with: each packet wakes the engine."""
_RETRY_SECONDS = 0.2
"""Between attempts to reach the engine again."""

_quoted_clip = lru_cache(4096)(quote_value)
"""As a command names a clip: callers hear the same ones over and over."""


class MediaError(Exception):
    """The engine refused a command; the text says why."""


class MediaUnavailable(MediaError):
    """The engine is not connected."""


class MediaClient:
    """Commands the engine and hands its events to `on_event`, in the order in which they happened.

    `open`, `close`, `counters` and `sessions` wait for the answer. The other commands return at once; all are carried
    out in the order of the calls; one that is refused is told as `CommandFailed`, a play that cannot begin as
    `PlayEnded.failed`. When the engine goes, `EngineLost` is told and the client keeps trying; `EngineBack` says that
    it is there again.
    """

    def __init__(self, on_event: Callable[[MediaEvent], None], awake: Callable[[], None] | None = None) -> None:
        """`awake` is None or calls `flush` in this turn of the loop or the next, after which it may sleep."""
        self._on_event = on_event
        self._awake = awake
        self._path = Path()
        self._socket: socket.socket | None = None
        self._unsent: list[bytes] = []
        self._flush_soon = False
        self._flush_later: asyncio.TimerHandle | None = None
        self._waiting: dict[str, asyncio.Future[ControlLine]] = {}
        self._items: list[ControlLine] = []
        self._ids = itertools.count(1)
        self._plays = 0
        self._reconnecting: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        """True while commands reach the engine."""
        return self._socket is not None

    async def connect(self, path: Path) -> None:
        """Connect to the engine's control socket. Raises OSError when nobody listens there."""
        self._path = path
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        connection.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(connection, str(path))
        except OSError:
            connection.close()
            raise
        self._socket = connection
        asyncio.get_running_loop().add_reader(connection, self._read)

    async def disconnect(self) -> None:
        """Leave the engine to itself; its sessions go on."""
        if self._reconnecting:
            self._reconnecting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reconnecting
        if self._socket:
            self._flush()
            self._drop_connection()

    async def open(self, session: str, address: str, label: str = "", *, rtp_timeout: float = 0) -> int:
        """Open a session on a free port of the IP address and return the RTP port; RTCP is on the next.

        `rtp_timeout`: seconds of silence after which `RtpTimeout` is told, 0 for never. Raises MediaError.
        """
        arguments = {"address": quote_value(address), "label": quote_value(label), "timeout": str(round(rtp_timeout))}
        reply = await self._ask("open", session, arguments)
        return int(reply.arguments["port"])

    async def open_several(self, sessions: Sequence[str], address: str) -> dict[str, int]:
        """Open sessions at once and return their RTP ports; those that the engine refused are left out."""
        arguments = {"address": quote_value(address)}
        asked = [self._ask("open", session, arguments) for session in sessions]
        ports: dict[str, int] = {}
        try:
            # The answers come together and in order: whoever has waited for the first finds the others there.
            for session, answer in zip(sessions, asked, strict=True):
                with contextlib.suppress(MediaError):
                    ports[session] = int((await answer).arguments["port"])
        except asyncio.CancelledError:
            for answer in asked:
                if not answer.cancel() and not answer.cancelled():
                    answer.exception()  # nobody is left to be told
            raise
        return ports

    def configure(
        self,
        session: str,
        remote: Address | None,
        codec: Codec,
        payload_type: int,
        dtmf_payload_type: int | None,
        direction: Direction = "sendrecv",
        *,
        own_dtmf_payload_type: int | None = None,
        remote_rtcp: Address | None = None,
        rtp_timeout: float | None = None,
    ) -> None:
        """Say what was negotiated; again after each new offer and answer.

        Payload types are those that the party has named; keys are also taken by `own_dtmf_payload_type`, which we have.
        Keys of a party without telephone events are tones in the audio, both ways.

        A `remote` of None, or the unspecified address of an old-style hold (RFC 3264 §8.4), is learned from the first
        packets. Learning begins anew with each call.
        """
        arguments = {"codec": codec, "payload": str(payload_type), "direction": direction}
        if dtmf_payload_type is not None:
            arguments["dtmf"] = str(dtmf_payload_type)
        if own_dtmf_payload_type is not None:
            arguments["own_dtmf"] = str(own_dtmf_payload_type)
        if remote and remote[0] not in _NOWHERE:
            arguments["remote"] = quote_address(remote)
        if remote_rtcp and remote_rtcp[0] not in _NOWHERE:
            arguments["rtcp"] = quote_address(remote_rtcp)
        if rtp_timeout is not None:
            arguments["timeout"] = str(round(rtp_timeout))
        self._tell("configure", session, arguments)

    def play(
        self,
        session: str,
        clips: Sequence[Path],
        *,
        layer: Layer,
        loop: bool = False,
        after: bool = False,
        told: bool = True,
    ) -> int:
        """Play clips without a gap; returns the play's number, which `PlayEnded` tells when the last frame was sent.

        Nothing is told of a play that is not `told`, also not that it could not begin, but for `CommandFailed`.
        The clips are files of ready frames (`ClipStore`). An announcement pauses the music, which then goes on at the
        very frame where it paused; a new play replaces the one on its layer. Music `after` other music begins without a
        gap where that ends, and replaces what was to follow it; where none plays it begins at once.
        """
        self._plays += 1
        number = self._plays
        paths = ",".join([_quoted_clip(str(clip)) for clip in clips])
        arguments = {"layer": layer, "clips": paths, "loop": "1" if loop else "0"}
        if told:
            arguments["play"] = str(number)
        if after:
            arguments["after"] = "1"
        self._tell("play", session, arguments)
        return number

    def stop(self, session: str, layer: Layer) -> None:
        """Stop a layer; no `PlayEnded` follows, unless it was under way already."""
        self._tell("stop", session, {"layer": layer})

    def bridge(self, a: str, b: str) -> None:
        """Let two configured sessions talk. Their codecs must be the same, or PCMA and PCMU. Music waits meanwhile."""
        self._tell("bridge", a, {"with": b})

    def unbridge(self, session: str) -> None:
        """Part a session from the one it is bridged with."""
        self._tell("unbridge", session, {})

    def send_dtmf(self, session: str, digits: str, duration_ms: int = 100) -> None:
        """Send keys one after the other, as telephone events (RFC 4733) or tones."""
        self._tell("dtmf", session, {"digits": quote_value(digits), "duration_ms": str(duration_ms)})

    def ignore_tones(self, session: str) -> None:
        """Take no more keys from the audio: the party tells them in another way."""
        self._tell("ignore_tones", session, {})

    def record(
        self, session: str, path: Path, *, said_only: bool = False, longest: float = 0.0, silence: float = 0.0
    ) -> None:
        """Record to a new two-channel WAV file: left what the party says, right what it hears, or `said_only`.

        What comes after `longest` seconds is left out; `RecordSilence` tells that the party said nothing for `silence`
        seconds. 0 is without either.
        """
        arguments = {
            "path": quote_value(str(path)),
            "channels": "1" if said_only else "2",
            "longest_ms": str(round(longest * 1000)),
            "silence_ms": str(round(silence * 1000)),
        }
        self._tell("record", session, arguments)

    def stop_record(self, session: str) -> None:
        """End the recording; `RecordEnded` says when the file is complete."""
        self._tell("stop_record", session, {})

    async def close(self, session: str) -> Counters:
        """Close a session and return its last counters. Raises MediaError."""
        return counters_of(await self._ask("close", session, {}))

    def drop(self, session: str) -> None:
        """Close a session whose last counters nobody asks for; one of an engine that is away is gone already."""
        if self._socket:
            self._send(format_line("close", session, {}), soon=False)

    async def counters(self, session: str) -> Counters:
        """What the session sent and received so far. Raises MediaError."""
        return counters_of(await self._ask("counters", session, {}))

    async def sessions(self) -> list[SessionInfo]:
        """All sessions that the engine has. Raises MediaError."""
        reply = await self._ask("sessions", "", {})
        identifier = reply.arguments["id"]
        mine = [line for line in self._items if line.arguments["id"] == identifier]
        self._items = [line for line in self._items if line.arguments["id"] != identifier]
        found = [session_info(line) for line in mine]
        self._number_plays_after(found)
        return found

    def _number_plays_after(self, sessions: Sequence[SessionInfo]) -> None:
        """What another controller began to play keeps its number alone; one play may wait behind it."""
        positions = [position for info in sessions for position in (info.music, info.announcement) if position]
        highest = max((position.play for position in positions), default=0)
        self._plays = max(self._plays, highest + PLAYS_PASSED_OVER if highest else 0)

    def _ask(self, verb: str, session: str, arguments: dict[str, str]) -> asyncio.Future[ControlLine]:
        if not self._socket:
            raise MediaUnavailable("the media engine is away")
        identifier = str(next(self._ids))
        answer = self._waiting[identifier] = asyncio.get_running_loop().create_future()
        self._send(format_line(verb, session, {**arguments, "id": identifier}))
        return answer

    def _tell(self, verb: str, session: str, arguments: dict[str, str]) -> None:
        if self._socket:
            self._send(format_line(verb, session, arguments))
            return
        refused = {**arguments, "verb": verb, "reason": "the media engine is away"}
        asyncio.get_running_loop().call_soon(self._refused, ControlLine("error", session, refused))

    def _send(self, line: str, *, soon: bool = True) -> None:
        """Send with what else is commanded in this turn of the loop, or, where it has time, with what is next."""
        self._unsent.append(line.encode() + b"\n")
        if soon and not self._flush_soon:
            self._flush_soon = True
            if self._awake is not None:
                self._awake()
            else:
                asyncio.get_running_loop().call_soon(self._flush)
        elif not soon and self._flush_later is None:
            self._flush_later = asyncio.get_running_loop().call_later(_LATER_SECONDS, self._flush)

    def flush(self) -> None:
        """Send what was commanded, but for what has time."""
        if self._flush_soon:
            self._flush()

    def _flush(self) -> None:
        self._flush_soon = False
        if self._flush_later is not None:
            self._flush_later.cancel()
            self._flush_later = None
        while self._socket and self._unsent:
            count, size = 0, 0
            while count < len(self._unsent) and size + len(self._unsent[count]) <= _PACKET_SIZE:
                size += len(self._unsent[count])
                count += 1
            try:
                self._socket.send(b"".join(self._unsent[:count]))
            except BlockingIOError:
                asyncio.get_running_loop().add_writer(self._socket, self._resume)
                return
            except OSError:
                self._lost()
                return
            del self._unsent[:count]

    def _resume(self) -> None:
        if self._socket:
            asyncio.get_running_loop().remove_writer(self._socket)
            self._flush()

    def _read(self) -> None:
        """Take one packet; what is left wakes the loop again."""
        if not self._socket:
            return
        try:
            packet = self._socket.recv(_PACKET_SIZE)
        except BlockingIOError:
            return
        except OSError:
            packet = b""
        if not packet:
            self._lost()
            return
        for line in packet.decode().splitlines():
            self._take(parse_line(line))

    def _take(self, line: ControlLine) -> None:
        if line.word == "item":
            self._items.append(line)
        elif line.word in ("ok", "error"):
            self._take_reply(line)
        elif line.word == "replaced":
            self._drop_connection()
            _logger.error("another controller has taken over the media engine")
            self._on_event(ControllerReplaced(""))
        elif line.word in OF_ENGINE:
            arguments = {"session": line.session, **line.arguments}
            self._on_event(msgspec.convert(arguments, OF_ENGINE[line.word], strict=False))

    def _take_reply(self, line: ControlLine) -> None:
        answer = self._waiting.pop(line.arguments.get("id", ""), None)
        if not answer:
            self._refused(line)
        elif answer.done():
            pass  # Whoever asked was cancelled meanwhile.
        elif line.word == "ok":
            answer.set_result(line)
        else:
            answer.set_exception(MediaError(f"{line.session}: {line.arguments['reason']}"))

    def _refused(self, line: ControlLine) -> None:
        if line.word == "ok":
            return
        verb, reason = line.arguments.get("verb", ""), line.arguments["reason"]
        _logger.warning("%s: the media engine refused %s: %s", line.session, verb, reason)
        if verb == "play" and "play" in line.arguments:
            layer: Layer = "music" if line.arguments["layer"] == "music" else "announcement"
            self._on_event(PlayEnded(line.session, layer, int(line.arguments["play"]), reason))
        else:
            self._on_event(CommandFailed(line.session, verb, reason))

    def _drop_connection(self) -> None:
        if not self._socket:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._socket)
        loop.remove_writer(self._socket)
        self._socket.close()
        self._socket = None
        self._unsent.clear()
        self._items.clear()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(MediaUnavailable("the media engine went away"))
        self._waiting.clear()

    def _lost(self) -> None:
        self._drop_connection()
        _logger.error("the media engine is lost")
        self._on_event(EngineLost(""))
        self._reconnecting = asyncio.get_running_loop().create_task(self._reconnect())

    async def _reconnect(self) -> None:
        while self._socket is None:
            await asyncio.sleep(_RETRY_SECONDS)
            with contextlib.suppress(OSError):
                await self.connect(self._path)
        _logger.info("the media engine is back")
        self._on_event(EngineBack(""))
