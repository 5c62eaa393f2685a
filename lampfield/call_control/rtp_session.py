"""One leg's end in the media engine: its port, what was negotiated, what plays."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from media.client import Codec, MediaClient, MediaError
from media.session_info import SessionInfo
from media.spare_sessions import SpareSessions
from sipcore.offer_answer import Negotiated


class RtpSession:
    """Opened when SDP is needed, closed with its leg."""

    __slots__ = (
        "_announcement",
        "_asked",
        "_closed",
        "_joined_already",
        "_media",
        "_opening",
        "_silence",
        "_spares",
        "_until_key",
        "name",
        "negotiated",
        "port",
    )

    def __init__(self, media: MediaClient, spares: SpareSessions, name: str, silence: float) -> None:
        """`silence`: seconds until `RtpTimeout`."""
        self._media = media
        self._spares = spares
        self._silence = silence
        self.name = name
        """The engine's for it; another one once it is open, where a spare session was taken."""
        self.port: int | None = None
        self.negotiated: Negotiated | None = None
        self._opening: asyncio.Lock | None = None
        """Held while the engine is asked for a port; there once it was."""
        self._asked = False
        """The engine was asked for a port, and may have opened one though nobody waited for its answer."""
        self._closed = False
        self._joined_already: str | None = None
        """The session that the engine has let talk with this one since another run."""
        self._announcement: tuple[int, asyncio.Future[None]] | None = None
        self._until_key = False
        """The announcement is cut by a key."""

    async def open(self) -> int:
        """Reserve the RTP port; the same one however often it is asked.

        Raises MediaError where there is no port or no engine.
        """
        if self.port is not None:
            return self.port
        if self._opening is None:
            self.port = self._spared()
            if self.port is not None:
                return self.port
            self._opening = asyncio.Lock()
        async with self._opening:
            if self._closed:
                raise MediaError("the leg is over")
            if self.port is None:
                self.port = await self._open()
            return self.port

    def _spared(self) -> int | None:
        """The port of a session that was open in advance, which is ours from now on; None where there is none."""
        spare = self._spares.take() if not self._closed else None
        if spare is None:
            return None
        self._asked, self.name = True, spare.name
        return spare.port

    async def _open(self) -> int:
        self._asked = True
        spared = self._spared()
        if spared is not None:
            return spared
        port = await self._spares.open(self.name)
        if self._closed:
            raise MediaError("the leg is over")
        return port

    def take_up(self, audio: SessionInfo, negotiated: Negotiated) -> None:
        """Go on with a session that the engine has from another run."""
        self.name, self.port, self.negotiated = audio.session, audio.port, negotiated
        self._asked = True
        self._joined_already = audio.bridge

    @property
    def codec(self) -> Codec | None:
        """Name of the negotiated codec."""
        return cast(Codec, self.negotiated.codec.name) if self.negotiated is not None else None

    @property
    def hears(self) -> bool:
        """Something may come from the other side."""
        return self.negotiated is not None and self.negotiated.direction in ("sendrecv", "recvonly")

    def configure(self, negotiated: Negotiated) -> None:
        """Send and receive as negotiated from now on."""
        self.negotiated = negotiated
        self._media.configure(
            self.name,
            remote=negotiated.remote,
            codec=cast(Codec, negotiated.codec.name),
            payload_type=negotiated.codec.payload_type,
            dtmf_payload_type=negotiated.dtmf_payload_type,
            own_dtmf_payload_type=negotiated.own_dtmf_payload_type,
            direction=negotiated.direction,
            remote_rtcp=negotiated.remote_rtcp,
            rtp_timeout=self._silence,
        )

    async def announce(
        self, clips: Sequence[Path], *, until_key: bool = False, ends_after: float | None = None
    ) -> None:
        """Play clips over the music and return when the last has ended, or a key cuts them; cancelling stops them.

        The engine tells when that is, unless it is known to be within `ends_after` seconds.
        """
        self.end_announcement()
        self._until_key = until_key
        number = self._media.play(self.name, clips, layer="announcement", told=ends_after is None)
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._announcement = number, ended
        if ends_after is not None:
            asyncio.get_running_loop().call_later(ends_after, self.play_ended, number)
        try:
            await ended
        except asyncio.CancelledError:
            if self._announcement == (number, ended):
                self.cut_announcement()
            raise

    def key_pressed(self) -> None:
        """Cut the announcement where a key does so."""
        if self._until_key:
            self.cut_announcement()

    def cut_announcement(self) -> None:
        """Stop the announcement, and let whoever waits for it go on."""
        if self._announcement is not None:
            self._media.stop(self.name, "announcement")
            self.end_announcement()

    def play_ended(self, number: int) -> None:
        """This play is over."""
        if self._announcement is not None and self._announcement[0] == number:
            self.end_announcement()

    def end_announcement(self) -> None:
        """Let whoever waits for the announcement go on."""
        if self._announcement is not None:
            ended = self._announcement[1]
            self._announcement = None
            if not ended.done():
                ended.set_result(None)

    def play_music(self, clip: Path, *, after: bool = False) -> int:
        """Play a clip under the announcements, now or `after` the music that plays; returns the play's number."""
        return self._media.play(self.name, [clip], layer="music", after=after)

    def stop_music(self) -> None:
        self._media.stop(self.name, "music")

    def bridge(self, other: "RtpSession") -> None:
        # Two who talked over a restart are not parted for a moment.
        already, self._joined_already = self._joined_already, None
        if other.name != already:
            self._media.bridge(self.name, other.name)

    def unbridge(self) -> None:
        self._joined_already = None
        self._media.unbridge(self.name)

    def send_dtmf(self, digits: str) -> None:
        self._media.send_dtmf(self.name, digits)

    def ignore_tones(self) -> None:
        """The party tells its keys otherwise: any that sound in its audio are the same ones."""
        if self.negotiated is not None and self.negotiated.dtmf_payload_type is None:
            self._media.ignore_tones(self.name)

    def close(self) -> None:
        """Give the port back, also one that is being opened."""
        self._closed = True
        self.end_announcement()
        if self._asked:
            self._asked = False
            self.port = None
            self._media.drop(self.name)
