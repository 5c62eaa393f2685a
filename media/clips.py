"""Audio files as clips: ready 20 ms frames, made once for each content and kept."""

import asyncio
import contextlib
import hashlib
import json
import os
import re
import sys
import time
from collections.abc import Collection
from pathlib import Path

from media.codec import Codec
from media.on_disk import put_in_place

_CODECS: tuple[Codec, ...] = ("PCMA", "PCMU", "G722")
_RECIPE = b"lampfield clip 1\n"
"""Part of each content's name; a change in how clips are made changes it."""
_FRAME_BYTES = 160
_FRAME_SECONDS = 0.02
_TIMEOUT = 120.0
"""Seconds after which a transcoding is given up."""
_OURS = re.compile(r"[0-9a-f]{64}\.(pcma|pcmu|g722)(\.[0-9]+\.part)?")
"""Names of clips, and of those that are being made."""
_TIDY_EVERY = 86_400.0
_KEEP_UNUSED = 30 * 86_400.0
"""Seconds after which a clip goes that no server has asked for."""


class ClipError(Exception):
    """A file that cannot be played; the text names the file and says why."""

    def __init__(self, source: Path, why: str) -> None:
        super().__init__(f"{source}: {why}")
        self.source = source
        self.why = why


class ClipStore:
    """Makes clips of audio files in a worker process and keeps them in `cache_dir`, by content.

    A file that was replaced is noticed by its size or time of change. All three codecs are made at once, so that a call
    never waits for a second transcoding.
    """

    def __init__(self, cache_dir: Path) -> None:
        self._cache_dir = cache_dir
        self._names: dict[tuple[Path, int, int], str] = {}
        self._warm: dict[Path, float] = {}
        """Clips that are on disk and in the page cache: how long they last, seconds."""
        self._making: dict[str, asyncio.Task[None]] = {}
        self._worker: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def clip(self, source: Path, codec: Codec) -> Path:
        """The path of the file's frames in this codec, for `MediaClient.play`. Raises ClipError."""
        name = await self._name_of(source)
        path = self._path(name, codec)
        if path not in self._warm:
            await self._warmed(path, name, source)
        return path

    def seconds(self, clip: Path) -> float:
        """How long a clip lasts that `clip` has given; 0 for one that is forgotten."""
        return self._warm.get(clip, 0.0)

    async def forget(self, source: Path) -> None:
        """Remove the clips of a file that is there still, for its sound shall not outlive it. Raises OSError."""
        try:
            name = await self._name_of(source)
        except ClipError:
            return
        self._names = {key: known for key, known in self._names.items() if key[0] != source}
        if name in self._names.values():
            return  # another file has the same sound
        for codec in _CODECS:
            path = self._path(name, codec)
            self._warm.pop(path, None)
            await asyncio.to_thread(path.unlink, missing_ok=True)

    async def keep_tidy(self) -> None:
        """Tidy up once a day, until cancelled."""
        while True:
            await asyncio.sleep(_TIDY_EVERY)
            await self.tidy()

    async def tidy(self) -> None:
        """Remove what nobody has asked for in a month: its file may be gone, or have been replaced.

        What this run was asked for stays, however long ago, and is marked as in use for others who share the folder.
        """
        for path in await asyncio.to_thread(_tidy, self._cache_dir, list(self._warm)):
            self._warm.pop(path, None)

    async def close(self) -> None:
        """End the worker; it is started again when it is needed."""
        for task in list(self._making.values()):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, ClipError):
                await task
        await self._end_worker()

    def _path(self, name: str, codec: Codec) -> Path:
        return self._cache_dir / f"{name}.{codec.lower()}"

    async def _name_of(self, source: Path) -> str:
        try:
            status = await asyncio.to_thread(source.stat)
            key = (source, status.st_size, status.st_mtime_ns)
            if key not in self._names:
                self._names[key] = await asyncio.to_thread(_content_name, source)
            return self._names[key]
        except OSError as error:
            raise ClipError(source, error.strerror or str(error)) from error

    async def _warmed(self, path: Path, name: str, source: Path) -> None:
        """Have the clip on disk and in the page cache: the engine's packet loop must not wait for the disk."""
        try:
            if not await asyncio.to_thread(_is_whole, path):
                await self._made(name, source)
            frames = await asyncio.to_thread(_read, path)
        except OSError as error:
            raise ClipError(source, f"{path} cannot be read: {error.strerror}") from error
        self._warm[path] = len(frames) // _FRAME_BYTES * _FRAME_SECONDS

    async def _made(self, name: str, source: Path) -> None:
        """Wait until the clips of this content are made, whoever asked first."""
        task = self._making.get(name)
        if not task:
            task = asyncio.create_task(self._make(name, source))
            self._making[name] = task
            task.add_done_callback(lambda _: self._making.pop(name, None))
        await asyncio.shield(task)

    async def _make(self, name: str, source: Path) -> None:
        try:
            self._cache_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ClipError(source, f"{self._cache_dir} cannot be made: {error.strerror}") from error
        parts = {codec: self._cache_dir / f"{name}.{codec.lower()}.{os.getpid()}.part" for codec in _CODECS}
        try:
            async with self._turn:
                await self._transcode(source, parts)
            # Under its own name only when it is whole: the engine may read it at once.
            await asyncio.to_thread(put_in_place, {part: self._path(name, codec) for codec, part in parts.items()})
        except OSError as error:
            raise ClipError(source, error.strerror or str(error)) from error
        finally:
            for part in parts.values():
                part.unlink(missing_ok=True)

    async def _transcode(self, source: Path, targets: dict[Codec, Path]) -> None:
        request = {"source": str(source), "targets": {codec: str(path) for codec, path in targets.items()}}
        try:
            async with asyncio.timeout(_TIMEOUT):
                answer = await self._ask_worker(json.dumps(request).encode() + b"\n")
        except TimeoutError:
            await self._end_worker()
            raise ClipError(source, f"not read within {_TIMEOUT:.0f} seconds") from None
        except asyncio.CancelledError:
            await self._end_worker()
            raise
        if not answer:
            await self._end_worker()
            raise ClipError(source, "reading it ended the transcoder")
        if why := json.loads(answer).get("error"):
            raise ClipError(source, why)

    async def _ask_worker(self, request: bytes) -> bytes:
        if not self._worker or self._worker.returncode is not None:
            self._worker = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "media.transcode", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
            )
        worker = self._worker
        assert worker.stdin
        assert worker.stdout
        try:
            worker.stdin.write(request)
            await worker.stdin.drain()
        except ConnectionError:
            return b""
        return await worker.stdout.readline()

    async def _end_worker(self) -> None:
        worker, self._worker = self._worker, None
        if worker:
            with contextlib.suppress(ProcessLookupError):
                worker.kill()
            await worker.wait()


def _is_whole(clip: Path) -> bool:
    """Whether the clip is there; one that a power cut left without its end is not."""
    try:
        size = clip.stat().st_size
    except FileNotFoundError:
        return False
    return size > 0 and size % _FRAME_BYTES == 0


def _read(clip: Path) -> bytes:
    """The frames; the clip is marked as in use before."""
    if time.time() - clip.stat().st_mtime > _TIDY_EVERY:
        _mark(clip)
    return clip.read_bytes()


def _mark(clip: Path) -> None:
    """A clip was asked for at the time of its last change or later."""
    with contextlib.suppress(OSError):
        os.utime(clip)


def _tidy(cache_dir: Path, in_use: Collection[Path]) -> list[Path]:
    """Mark those in use, and remove what is unused for too long; what was removed."""
    for clip in in_use:
        _mark(clip)
    removed: list[Path] = []
    for path in cache_dir.glob("*"):
        with contextlib.suppress(OSError):
            if _OURS.fullmatch(path.name) and time.time() - path.stat().st_mtime > _KEEP_UNUSED:
                path.unlink()
                removed.append(path)
    return removed


def _content_name(source: Path) -> str:
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    digest.update(_RECIPE)
    return digest.hexdigest()
