"""A leg with a person on it: what they hear, the keys they press, what they say. Every wait ends when they hang up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from lampfield.call_control.codecs import SUPPORTED
from lampfield.call_control.diversions import NO_EARLIER
from lampfield.call_control.identity import Identity
from lampfield.call_control.kept_call import KeptLeg
from lampfield.call_control.leg import Leg, LegEnd
from lampfield.call_control.recordings import Recording
from lampfield.call_control.services import Services
from media.client import Codec
from media.events import RecordEnded, RecordFailed
from media.session_info import SessionInfo
from routing.beat import beat_from
from routing.diversion import Diversion
from routing.ports import CallerGone, Ended, Recorded, RecordingFailed
from routing.tasks import followed_by, stop
from sipcore.invitation import MAX_FORWARDS


class VoiceLeg(Leg):
    """What the caller's leg and that of somebody who was called have in common, once they are answered."""

    def __init__(
        self, services: Services, call: str, leg: str, session: str, domain: str, caller: Identity, language: str
    ) -> None:
        super().__init__(services, call, leg, session, domain)
        self._language = language
        self.caller = caller
        """Who is at the phone, as others are shown it."""
        self.number = caller.number
        self.trunk = ""
        """Name of the trunk that the party is at; empty for phones of the house."""
        self.diversions: tuple[Diversion, ...] = ()
        """By whom the call was forwarded, in order."""
        self.earlier = NO_EARLIER
        """The forwardings that the call brought with it."""
        self.hops = MAX_FORWARDS
        """How many hops the call may still go (RFC 7332 §4)."""
        self.answered_elsewhere = False
        """The caller has gone because somebody answered to whom the network put the call as well (RFC 3326)."""
        self.taken_elsewhere = False
        """As `answered_elsewhere`, or in an exchange's own words: phones that rang note no missed call."""
        self.rang: str | None = None
        """Id of the person for whom it rang, where this leg's has taken the call in their place."""

    def take_up(self, kept: KeptLeg, audio: SessionInfo) -> None:
        """Go on with the leg as another run of the process left it, answered, with what the engine plays.

        Raises ProtocolViolation where the descriptions do not fit together.
        """
        session = kept.session
        self.session, self.peer, self.started = session.id, kept.peer, kept.started
        self.person, self.trunk = kept.party.person, kept.trunk
        negotiated = self.description.take_up(session.local_sdp or b"", session.remote_sdp or b"")
        self.rtp.take_up(audio, negotiated)
        if audio.music is not None:
            self.music.take_up(audio.music.play)

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

    def divert(self, diversion: Diversion) -> None:
        """From here on who is called is told of this forwarding too."""
        self.diversions = (*self.diversions, diversion)

    @property
    def offered_codecs(self) -> Sequence[str]:
        """Codecs that the phone can do; all of ours while it has not said."""
        return self.description.remote_codecs or SUPPORTED

    async def answer(self, codec: str | None = None) -> None:
        """See to it that the leg is answered, with `codec` where it is still to choose. Raises CallerGone."""
        raise NotImplementedError

    async def comes(self, codec: str | None) -> bool:
        """As `answer`; False for who has gone before it came to that."""
        try:
            await self.answer(codec)
        except CallerGone:
            return False
        return True

    def ring(self) -> None:
        """Tell the phone that somebody's phone rings; only one that calls and is not answered has to be told."""

    async def early_media(self, codec: str | None) -> None:
        """Let the phone hear what the called network plays; only one that calls and is not answered needs it."""

    # Sound and keys

    async def play(self, prompts: Sequence[str | Path], *, until_key: bool = False, unhurried: bool = False) -> None:
        """Play prompts without a gap and return after the last, or at a key; cancelling stops them.

        Where it is `unhurried`, at the next beat. Raises CallerGone.
        """
        self._there()
        clips = await self.services.sounds.spoken(prompts, self._language, self._codec, self.domain)
        self._there()
        if not clips or (until_key and self.keys):
            return
        ends_after = self._until_beat(self.services.sounds.seconds(clips)) if unhurried else None
        await self.rtp.announce(clips, until_key=until_key, ends_after=ends_after)
        self._there()

    def _until_beat(self, seconds: float) -> float:
        """Seconds until the first beat that is at least so far away."""
        now = self.services.clock()
        return beat_from(now + seconds) - now

    async def record(
        self, *, max_seconds: float, silence_seconds: float, end_keys: str = "#", path: Path | None = None
    ) -> Recorded:
        """Record what the caller says, as the port tells. Raises CallerGone, RecordingFailed."""
        self._there()
        file = path if path is not None else self._new_file()
        recordings, session = self.services.recordings, self.rtp.name
        recording = recordings.start(session, file, longest=max_seconds, silence=silence_seconds)
        said_all = self._said_all(recording, max_seconds, end_keys)
        ended_by, result = await followed_by(
            said_all, lambda: self._recorded(session, file, asked_for=path is not None)
        )
        self._there()
        if isinstance(result, RecordFailed):
            raise RecordingFailed(f"{file}: {result.reason}")
        return Recorded(file, result.seconds, ended_by)

    async def _recorded(self, session: str, file: Path, *, asked_for: bool) -> RecordEnded | RecordFailed:
        """How the recording ended; a file that nobody can ask for is removed."""
        result = await self.services.recordings.finish(session, open_still=not self.ended.done())
        if not asked_for and (self.ended.done() or isinstance(result, RecordFailed)):
            self.services.recordings.remove(file)
        return result

    async def _said_all(
        self, recording: Recording, max_seconds: float, end_keys: str
    ) -> Literal["key", "silence", "length"]:
        """Return when the caller has said what there was to say, has hung up, or nothing more is recorded."""
        key = asyncio.ensure_future(self._one_of(end_keys))
        silence = asyncio.ensure_future(recording.silence.wait())
        ends: set[asyncio.Future[Any]] = {key, silence, recording.ended, self.ended}
        waiting = asyncio.wait(ends, timeout=max_seconds, return_when=asyncio.FIRST_COMPLETED)
        (done, _), _ = await followed_by(waiting, lambda: stop(key, silence))
        if key in done:
            return "key"
        return "silence" if silence in done else "length"

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

    def stop_music(self) -> None:
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
        self.rtp.key_pressed()

    def hang_up(self, cause: str, status: int = 480) -> None:
        """End the leg, with `status` where it is not answered and was calling. Does nothing when it is over."""
        self.end(cause)

    async def gone(self) -> Ended | None:
        """Return when the leg is over: None where the phone hung up, else why it ended."""
        if not self.ended.done():
            await asyncio.wait({self.ended})
        return self.ended.result().untimely

    def finish(self, end: LegEnd) -> None:
        """As every leg, and whoever waits for the voice or a key is woken to learn it."""
        super().finish(end)
        self.keys.wake()

    def _there(self) -> None:
        if self.ended.done():
            raise CallerGone
