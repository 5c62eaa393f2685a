"""Taking in sound files from people: each read by a worker process of its own, within limits."""

import asyncio
import contextlib
import secrets
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

from media.file_kind import EXPECTED
from media.on_disk import put_in_place
from media.upload_order import OUT_OF_MEMORY, Progress, Sound, UploadOrder, plain_of

SPEECH_LUFS = -21.0
"""As loud as the packaged prompts, which stand at -20 dBov active speech level."""
MUSIC_LUFS = -24.5
"""As loud as the packaged music: an announcement stands out."""
_PATIENCE = 4.0
"""Seconds of waiting for each second of computing that is allowed: the machine has calls to see to."""
_LEAST_PATIENCE = 60.0
"""Seconds that are always waited: on a machine without a rest, starting to read takes most of them."""


class UploadRefused(Exception):
    """A file that cannot be taken; the text names the file, says what is wrong and what is expected."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.why = why


class UploadLimits(msgspec.Struct, frozen=True):
    """What a file may cost."""

    bytes: int = 100 << 20
    cpu_seconds: int = 60
    memory_bytes: int = 1 << 30


async def take_in(
    source: Path,
    target: Path,
    *,
    longest_seconds: float,
    music: bool = False,
    limits: UploadLimits | None = None,
    progress: Callable[[float], None] = lambda done: None,
) -> Sound:
    """Make a clean WAV (mono, 16 bit, 16 kHz) of a sound file of any kind; speech is trimmed of silence at its ends.

    `progress` is called with what is done, 0 to 1. `target` is there only when all went well, and on disk then.
    Raises UploadRefused.
    """
    limits = limits or UploadLimits()
    # Of two files for one target neither writes into the other's.
    part = target.with_suffix(f".{secrets.token_hex(4)}.part")
    _check_file(source, limits)
    order = UploadOrder(
        source=str(source),
        target=str(part),
        loudness=MUSIC_LUFS if music else SPEECH_LUFS,
        trim=not music,
        longest_seconds=longest_seconds,
        cpu_seconds=limits.cpu_seconds,
        memory_bytes=limits.memory_bytes,
    )
    try:
        sound = await _worked(order, source.name, progress)
        await asyncio.to_thread(put_in_place, {part: target})
        return sound
    except OSError as error:
        raise UploadRefused(source.name, f"{target} cannot be written: {error.strerror or error}") from error
    finally:
        # The worker cannot clean up where it was ended.
        part.unlink(missing_ok=True)
        plain_of(part).unlink(missing_ok=True)


def _check_file(source: Path, limits: UploadLimits) -> None:
    try:
        if not source.is_file():
            raise UploadRefused(str(source), "there is no such file" if not source.exists() else "it is not a file")
        size = source.stat().st_size
    except OSError as error:
        raise UploadRefused(str(source), error.strerror or str(error)) from error
    if not size:
        raise UploadRefused(source.name, f"the file is empty; {EXPECTED}")
    if size > limits.bytes:
        told = f"it has {size / (1 << 20):.0f} MB, and {limits.bytes >> 20} MB is the most that is allowed"
        raise UploadRefused(source.name, f"{told}; an MP3 of the same sound is smaller")


async def _worked(order: UploadOrder, name: str, progress: Callable[[float], None]) -> Sound:
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "media.upload",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert worker.stdin
    assert worker.stdout
    patience = max(_LEAST_PATIENCE, order.cpu_seconds * _PATIENCE)
    try:
        with contextlib.suppress(ConnectionError):
            worker.stdin.write(msgspec.json.encode(order) + b"\n")
            await worker.stdin.drain()
        async with asyncio.timeout(patience):
            while line := await worker.stdout.readline():
                said = msgspec.json.decode(line, type=Progress)
                if said.progress is not None:
                    progress(said.progress)
                if said.sound is not None:
                    return said.sound
                if said.error is not None:
                    raise UploadRefused(name, said.error)
            status = await worker.wait()
        raise UploadRefused(name, _why_ended(status, order))
    except TimeoutError:
        raise UploadRefused(name, f"it was not read within {patience:.0f} seconds; {EXPECTED}") from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
        await worker.wait()


def _why_ended(status: int, order: UploadOrder) -> str:
    if status == -signal.SIGXCPU:
        return f"reading it takes more than {order.cpu_seconds} seconds of computing; {EXPECTED}"
    if status == OUT_OF_MEMORY:
        return f"reading it takes more than {order.memory_bytes >> 20} MB of memory; {EXPECTED}"
    if status == -signal.SIGXFSZ:
        return f"more sound comes out of it than {order.longest_seconds:g} seconds; {EXPECTED}"
    # A library that is refused memory may also end the process by a signal, which tells nothing of why.
    most = f"more than {order.memory_bytes >> 20} MB of memory"
    return f"reading it ended the reader: it takes {most}, is damaged, or made to do harm; {EXPECTED}"
