"""Feeds on disk, so that a restart or a server that is away changes nothing."""

import hashlib
import os
from pathlib import Path

import msgspec

from media.on_disk import put_in_place
from routing.hours import ClosedTime


class Kept(msgspec.Struct, frozen=True):
    """A feed as it was fetched last."""

    url: str
    text: bytes
    etag: str = ""
    last_modified: str = ""
    """Both as the server sent them, empty for none (RFC 9110 §8.8)."""
    times: dict[str, tuple[ClosedTime, ...]] = {}
    """What it closes, by the time zone in which its days are meant."""
    read_at: float = 0.0
    """When `times` were made, UTC epoch seconds: they reach only so far ahead."""


class FeedsOnDisk:
    """A folder with one file a feed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, url: str) -> Kept | None:
        """What is kept of a feed; None for nothing that can be read."""
        try:
            kept = msgspec.msgpack.decode(self._path(url).read_bytes(), type=Kept)
        except (OSError, msgspec.DecodeError):
            return None
        return kept if kept.url == url else None

    def save(self, kept: Kept) -> None:
        """Keep a feed in place of the one before. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(kept.url)
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(msgspec.msgpack.encode(kept))
        put_in_place({part: path})

    def forget_all_but(self, urls: set[str]) -> None:
        """Delete feeds that nobody asks for any more."""
        wanted = {self._path(url) for url in urls}
        if self._folder.is_dir():
            for path in self._folder.iterdir():
                if path not in wanted:
                    path.unlink(missing_ok=True)

    def _path(self, url: str) -> Path:
        return self._folder / f"{hashlib.sha256(url.encode()).hexdigest()[:32]}.feed"
