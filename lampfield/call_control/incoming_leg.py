"""The caller's leg: fulfils `routing.ports.Caller` with a SIP session and an RTP session."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from lampfield.call_control.codecs import SUPPORTED, common
from lampfield.call_control.identity import Identity
from lampfield.call_control.leg import NO_CODEC, NORMAL_CLEARING, Leg, LegEnd
from lampfield.call_control.recordings import Recording
from lampfield.call_control.services import Services
from media.client import Codec, MediaError
from media.events import RecordFailed
from routing.ports import CallerGone, Ended, Recorded, RecordingFailed
from routing.tasks import stop
from sipcore.errors import ProtocolViolation
from sipcore.events import Event, InviteReceived, SessionCancelled, SessionEstablished

logger = logging.getLogger(__name__)


class IncomingLeg(Leg):
    """Rings, answers, plays, takes keys; every wait ends with CallerGone when the caller hangs up.

    Making one raises ProtocolViolation when the offer in the INVITE is none that we can answer.
    """

    direction = "initiator"

    def __init__(
        self, services: Services, invite: InviteReceived, call: str, domain: str, language: str, caller: Identity
    ) -> None:
        super().__init__(services, call, f"{call}-a", invite.session, domain)
        self._language = language
        self.person = caller.person
        self.caller = caller
        self._answered = False
        self._offer = invite.offer
        if invite.offer is not None:
            self.description.learn(invite.offer)
        self._answering = asyncio.Lock()
        self._acknowledged = asyncio.Event()
        self._rings = False
        self._until_key = False
        """What plays now is cut by a key."""

    @property
    def answered(self) -> bool:
        return self._answered

    @property
    def number(self) -> str:
        return self.caller.number

    @property
    def name(self) -> str:
        return self.caller.name

    @property
    def language(self) -> str:
        return self._language

    def speak(self, language: str) -> None:
        """Play prompts in this language from here on."""
        self._language = language

    def show_name(self, name: str) -> None:
        self.caller = self.caller._replace(name=name)

    @property
    def offered_codecs(self) -> Sequence[str]:
        """Codecs that the caller can do; all of ours while it has not said."""
        return self.description.remote_codecs or SUPPORTED

    def on(self, event: Event) -> None:
        match event:
            case SessionEstablished(sdp=sdp):
                self._established(sdp)
            case SessionCancelled():
                self.finish(LegEnd("abandoned", 487, by_peer=True))
            case _:
                super().on(event)

    def _established(self, sdp: bytes | None) -> None:
        if self._offer is None and self.rtp.codec is None and (sdp is None or not self.take_answer(sdp)):
            self.services.sip.bye(self.session, reason_header=NO_CODEC)
            self.finish(LegEnd("failed", 488, by_peer=False))
        self._acknowledged.set()

    # Before the answer

    def ring(self) -> None:
        """Tell the caller that somebody's phone rings (180), once."""
        if not (self._rings or self.answered or self.ended.done()):
            self._rings = True
            self.services.sip.progress(self.session, 180)
            self.show("early")

    async def early_media(self, codec: str | None) -> None:
        """Let the caller hear what the called network plays before it answers (183 with SDP)."""
        if self._offer is not None and not self.answered and not self.ended.done():
            sdp = await self._describe(codec)
            if not self.answered and not self.ended.done():
                self.services.sip.progress(self.session, 183, sdp=sdp)

    async def answer(self, codec: str | None = None) -> None:
        """Answer (200), with `codec` where the caller has it, so that no re-INVITE is needed. Raises CallerGone."""
        async with self._answering:
            self._there()
            if not self.answered:
                await self._answer(codec)

    async def _answer(self, codec: str | None) -> None:
        try:
            sdp = await self._describe(codec)
        except ProtocolViolation as fault:
            logger.info("%s: the caller's offer cannot be used: %s", self.call, fault.reason)
            self.turn_away("failed", fault.status)
            raise CallerGone from fault
        except MediaError as fault:
            logger.error("%s: no audio, so the call is refused: %s", self.call, fault)
            self.turn_away("failed", 503)
            raise CallerGone from fault
        self._there()
        self._answered = True
        self.services.sip.accept(self.session, sdp)
        self.show("confirmed")
        if self._offer is None:
            await self._acknowledged.wait()
            self._there()

    async def _describe(self, codec: str | None) -> bytes:
        """Our SDP for the caller, made once: the 200 says again what a reliable 183 said (RFC 3262 §5)."""
        port = await self.port()
        if self.description.local is not None:
            return self.description.local
        if self._offer is None:
            return self.description.offer(port, sorted(SUPPORTED, key=lambda name: name != codec))
        joining = common(codec, self.description.remote_codecs) if codec is not None else None
        answer, negotiated = self.description.answer(self._offer, port, joining)
        self.rtp.configure(negotiated)
        return answer

    # Sound and keys

    async def play(self, prompts: Sequence[str | Path], *, until_key: bool = False) -> None:
        """Play prompts without a gap and return after the last, or at a key; cancelling stops them.

        Raises CallerGone.
        """
        self._there()
        clips = await self.services.sounds.spoken(prompts, self._language, self._codec, self.domain)
        self._there()
        if not clips or (until_key and self.keys):
            return
        self._until_key = until_key
        try:
            await self.rtp.announce(clips)
        finally:
            self._until_key = False
        self._there()

    async def record(
        self, *, max_seconds: float, silence_seconds: float, end_keys: str = "#", path: Path | None = None
    ) -> Recorded:
        """Record what the caller says, as the port tells. Raises CallerGone, RecordingFailed."""
        self._there()
        file = path if path is not None else self._new_file()
        recordings, session = self.services.recordings, self.rtp.name
        recording = recordings.start(session, file, longest=max_seconds, silence=silence_seconds)
        try:
            ended_by = await self._said_all(recording, max_seconds, end_keys)
        finally:
            result = await recordings.finish(session, open_still=not self.ended.done())
            if path is None and (self.ended.done() or isinstance(result, RecordFailed)):
                file.unlink(missing_ok=True)
        self._there()
        if isinstance(result, RecordFailed):
            raise RecordingFailed(f"{file}: {result.reason}")
        return Recorded(file, result.seconds, ended_by)

    async def _said_all(
        self, recording: Recording, max_seconds: float, end_keys: str
    ) -> Literal["key", "silence", "length"]:
        """Return when the caller has said what there was to say, has hung up, or nothing more is recorded."""
        key = asyncio.ensure_future(self._one_of(end_keys))
        silence = asyncio.ensure_future(recording.silence.wait())
        try:
            ends: set[asyncio.Future[Any]] = {key, silence, recording.ended, self.ended}
            await asyncio.wait(ends, timeout=max_seconds, return_when=asyncio.FIRST_COMPLETED)
            if key.done():
                return "key"
            return "silence" if silence.done() else "length"
        finally:
            await stop(key, silence)

    async def _one_of(self, keys: str) -> None:
        wanted = set(keys)
        while await self.keys.read(None) not in wanted:
            pass

    def _new_file(self) -> Path:
        try:
            return self.services.recordings.new_file(self.call)
        except OSError as fault:
            raise RecordingFailed(str(fault)) from fault

    async def start_music(self, music: str) -> None:
        """Play a music list without end underneath the announcements."""
        if not self.ended.done():
            await self.music.start(music)

    async def stop_music(self) -> None:
        self.music.stop()

    @property
    def _codec(self) -> Codec:
        codec = self.rtp.codec
        assert codec is not None, "nothing plays before the answer"
        return codec

    async def read_key(self, timeout: float | None) -> str | None:
        """The next key that was not read yet; None after `timeout` seconds. Raises CallerGone."""
        self._there()
        key = await self.keys.read(timeout)
        self._there()
        return key

    def clear_keys(self) -> None:
        self.keys.clear()

    def key_pressed(self, key: str, *, by_info: bool = False) -> None:
        super().key_pressed(key, by_info=by_info)
        if self._until_key:
            self.rtp.cut_announcement()

    # The end

    async def hang_up(self, cause: str, status: int = 480) -> None:
        """End the leg: BYE when answered, else a final response with `status`. Does nothing when it is over."""
        self.turn_away(cause, status)

    def end(self, cause: str) -> None:
        self.turn_away(cause, 480)

    def turn_away(self, cause: str, status: int) -> None:
        """BYE when answered, else a final response with `status`. Does nothing when the leg is over."""
        if self.ended.done():
            return
        if self.answered:
            self.services.sip.bye(self.session, reason_header=NORMAL_CLEARING)
        else:
            self.services.sip.reject(self.session, status)
        self.finish(LegEnd(cause, 200 if self.answered else status, by_peer=False))

    async def gone(self) -> Ended | None:
        """Return when the leg is over: None where the caller hung up, else why it ended."""
        if not self.ended.done():
            await asyncio.wait({self.ended})
        return self.ended.result().untimely

    def finish(self, end: LegEnd) -> None:
        """As every leg, and whoever waits for the caller's voice, key or ACK is woken to learn it."""
        super().finish(end)
        self._acknowledged.set()
        self.keys.wake()

    def _there(self) -> None:
        if self.ended.done():
            raise CallerGone
