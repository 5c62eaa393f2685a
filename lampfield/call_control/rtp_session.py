"""One leg's end in the media engine: its port, what was negotiated, what plays."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from media.client import Counters, MediaClient
from sipcore.offer_answer import Negotiated

Layer = Literal["music", "announcement"]


class RtpSession:
    """Opened when SDP is needed, closed with its leg."""

    __slots__ = ("_media", "_opening", "_playing", "name", "negotiated", "port")

    def __init__(self, media: MediaClient, name: str) -> None:
        self._media = media
        self.name = name
        self.port: int | None = None
        self.negotiated: Negotiated | None = None
        self._opening = asyncio.Lock()
        self._playing: asyncio.Future[None] | None = None

    async def open(self, address: str, label: str) -> int:
        """Reserve the RTP port; the same one however often it is asked."""
        async with self._opening:
            if self.port is None:
                self.port = await self._media.open(self.name, address, label)
            return self.port

    @property
    def codec(self) -> str | None:
        """Name of the negotiated codec."""
        return self.negotiated.codec.name if self.negotiated is not None else None

    def configure(self, negotiated: Negotiated) -> None:
        """Send and receive as negotiated from now on."""
        self.negotiated = negotiated
        self._media.configure(
            self.name,
            remote=negotiated.remote,
            codec=negotiated.codec.name,
            payload_type=negotiated.codec.payload_type,
            dtmf_payload_type=negotiated.dtmf_payload_type,
            direction=negotiated.direction,
        )

    async def announce(self, clips: Sequence[Path]) -> None:
        """Play clips over the music and return when the last has ended; cancelling stops them."""
        if self._playing is not None and not self._playing.done():
            self._playing.set_result(None)
        self._playing = playing = asyncio.get_running_loop().create_future()
        self._media.play(self.name, clips, layer="announcement")
        try:
            await playing
        finally:
            if self._playing is playing:
                self._playing = None
                if playing.cancelled():
                    self._media.stop(self.name, "announcement")

    def announcement_ended(self) -> None:
        """The engine said that the announcement is over."""
        if self._playing is not None and not self._playing.done():
            self._playing.set_result(None)

    def start_music(self, clips: Sequence[Path]) -> None:
        self._media.play(self.name, clips, layer="music", loop=True)

    def stop_music(self) -> None:
        self._media.stop(self.name, "music")

    def bridge(self, other: "RtpSession") -> None:
        self._media.bridge(self.name, other.name)

    def unbridge(self) -> None:
        self._media.unbridge(self.name)

    def send_dtmf(self, digits: str) -> None:
        self._media.send_dtmf(self.name, digits)

    async def close(self) -> Counters | None:
        """Give the port back; None where it was never opened."""
        if self.port is None:
            return None
        self.port = None
        self.announcement_ended()
        return await self._media.close(self.name)
