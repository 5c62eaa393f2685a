"""The journal's file: changes appended one after the other, each with its checksum, and now and then compacted.

A database was measured at 20 to 30 µs of CPU for each change; appending takes 2. With thousands of phones registering a
second that is the difference between a tenth of their cost and most of it.

    file    = header *record
    record  = length check checksum payload     ; three unsigned 32-bit numbers, big-endian, then `length` bytes
    check   = CRC-32 of the four bytes of length
    payload = MessagePack of a list of [kind, key, value], value nil for deleted
"""

import fcntl
import mmap
import os
import struct
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import TypeVar
from zlib import crc32

import msgspec

from media.on_disk import sync_folder

HEADER = b"lampfield journal 1\n"
COMPACT_FROM = 4_000_000
"""Bytes below which a file is left as it is, however much of it is out of date."""
COMPACT_FACTOR = 4
"""A file is compacted when it has grown to so many times what is worth keeping."""
RECORD_CHANGES = 500
"""Changes in one record at most. A long read lets other threads go on after each."""

Changes = Mapping[tuple[str, str], bytes | None]
"""The value that a kind and key shall have, None to be deleted."""

K = TypeVar("K")
_Change = tuple[str, str, bytes | None]
_PREFIX = struct.Struct(">III")
_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[list[_Change]] = msgspec.msgpack.Decoder(list[_Change])


class JournalDamaged(Exception):
    """The file holds something else than a journal, or a journal with a broken record."""


class JournalFile:
    """One file, held by one process. Every method may raise OSError, those that read JournalDamaged too."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = -1
        self._lock = -1
        self._size = 0
        self._compact_at = COMPACT_FROM

    def open(self) -> None:
        """Make or check the file. What a crash has cut off in the midst of being written is left out."""
        if self._lock < 0:
            self._lock = _locked(self.path.with_name(f"{self.path.name}.lock"))
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._size = os.fstat(self._file).st_size
        if self._size < len(HEADER) and HEADER.startswith(os.pread(self._file, len(HEADER), 0)):
            self._size = _write_all(self._file, HEADER, 0)
        self._size = self._whole_records()
        os.ftruncate(self._file, self._size)

    def close(self) -> None:
        """Put everything on disk and let go of the file."""
        if self._file >= 0:
            os.fsync(self._file)
            os.close(self._file)
            os.close(self._lock)
            self._file = self._lock = -1

    def append(self, changes: Changes) -> None:
        """Write changes, on disk when this returns; all of them or, with OSError, none."""
        data = _packed((kind, key, value) for (kind, key), value in changes.items())
        try:
            _write_all(self._file, data, self._size)
            os.fdatasync(self._file)
        except OSError:
            # Half of what did not fit must not stand before what is written once there is room again.
            os.ftruncate(self._file, self._size)
            raise
        self._size += len(data)

    def values(self, kind: str) -> dict[str, bytes]:
        """Everything of a kind by key."""
        values: dict[str, bytes] = {}
        with self._mapped() as data:
            for _, changes in _records(data):
                for other, key, value in changes:
                    if other == kind:
                        _apply(values, key, value)
        return values

    @property
    def wants_compacting(self) -> bool:
        return self._size >= self._compact_at

    def compact(self) -> None:
        """Write what is still of use into a new file, and put that in the old one's place."""
        self._compact_at = self._size * 2
        new_path = self.path.with_name(f"{self.path.name}.new")
        new = os.open(new_path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with self._mapped() as data:
                kept: dict[tuple[str, str], bytes] = {}
                for _, changes in _records(data):
                    for kind, key, value in changes:
                        _apply(kept, (kind, key), value)
            size = _write_all(new, HEADER + _packed((*key, value) for key, value in kept.items()), 0)
            os.fsync(new)
            new_path.replace(self.path)
        except BaseException:
            os.close(new)
            new_path.unlink(missing_ok=True)
            raise
        os.close(self._file)
        self._file, self._size = new, size
        self._compact_at = max(COMPACT_FROM, size * COMPACT_FACTOR)
        # Without it a power cut brings the old file back. That it failed takes the new one's name from nobody.
        sync_folder(self.path.parent)

    def set_aside(self, suffix: str) -> Path:
        """Move a damaged file out of the way, for whoever wants to look into it."""
        aside = self.path.with_name(self.path.name + suffix)
        self.path.rename(aside)
        os.close(self._file)
        self._file = -1
        return aside

    @contextmanager
    def _mapped(self) -> Iterator[mmap.mmap]:
        with closing(mmap.mmap(self._file, self._size, access=mmap.ACCESS_READ)) as data:
            yield data

    def _whole_records(self) -> int:
        with self._mapped() as data:
            return max((end for end, _ in _records(data)), default=len(HEADER))


def _locked(path: Path) -> int:
    """Two processes that write one journal would ruin it. The lock goes with the process that holds it."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise BlockingIOError(
            error.errno, "another Lampfield is running with this state directory", str(path)
        ) from None
    return lock


def _apply(values: dict[K, bytes], key: K, value: bytes | None) -> None:
    if value is None:
        values.pop(key, None)
    else:
        values[key] = value


def _packed(changes: Iterable[_Change]) -> bytes:
    """Changes as records."""
    remaining = iter(changes)
    records: list[bytes] = []
    while part := list(islice(remaining, RECORD_CHANGES)):
        payload = _encoder.encode(part)
        length = len(payload)
        records += (_PREFIX.pack(length, crc32(length.to_bytes(4)), crc32(payload)), payload)
        time.sleep(0)
    return b"".join(records)


def _records(data: mmap.mmap) -> Iterator[tuple[int, list[_Change]]]:
    """End and content of each record, up to one that a crash or a power cut left half written."""
    if data[: len(HEADER)] != HEADER:
        raise JournalDamaged("it does not begin as a journal does")
    at = len(HEADER)
    while at < len(data):
        end = _end_of_record(data, at)
        if end is None:
            # Writes are synced one by one, so only the last can be half there. Whole ones after it: that is damage.
            if any(_end_of_record(data, later) is not None for later in range(at + 1, len(data))):
                raise JournalDamaged(f"the record at byte {at} is broken")
            return
        try:
            yield end, _decoder.decode(data[at + _PREFIX.size : end])
        except msgspec.DecodeError as error:
            raise JournalDamaged(f"the record at byte {at} is none of ours: {error}") from None
        at = end
        time.sleep(0)


def _end_of_record(data: mmap.mmap, at: int) -> int | None:
    """Where the record at a place ends, None where there is no whole one."""
    if at + _PREFIX.size > len(data):
        return None
    prefix: tuple[int, int, int] = _PREFIX.unpack_from(data, at)
    length, check, checksum = prefix
    start, end = at + _PREFIX.size, at + _PREFIX.size + length
    if end > len(data) or crc32(length.to_bytes(4)) != check or crc32(data[start:end]) != checksum:
        return None
    return end


def _write_all(file: int, data: bytes, offset: int) -> int:
    """Write all of the data at an offset and return where it ends."""
    view = memoryview(data)
    while view:
        written = os.pwrite(file, view, offset)
        view, offset = view[written:], offset + written
    return offset
