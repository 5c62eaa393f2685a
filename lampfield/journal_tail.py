"""What a journal was asked to keep and has not on disk yet, in memory that outlives the process.

The supervisor makes the memory and holds it while signalling ends and begins again, so an answer may leave as soon as
what it promises stands here: a kill loses nothing, and no disk is waited for. A power cut loses what the journal's
thread had not written.
"""

import mmap
import os
import struct
from collections.abc import Iterator
from itertools import chain
from typing import Final

import msgspec

CAPACITY: Final = 1_000_000
"""Bytes that each half holds: 50 MB a second in batches of 20 ms. What is more is protected by the disk alone."""

_HALVES: Final = (64, 64 + CAPACITY)
"""Where each half begins."""
_NEWER: Final = 16
"""Where the number of the half stands to which changes are added; the ends of both halves stand before it."""
_NUMBER: Final = struct.Struct("@Q")
"""Native, so that it is stored at once and not byte by byte."""
_LENGTH: Final = struct.Struct("=I")

Change = tuple[str, str, bytes | None]
"""Kind, key and value, None for deleted."""

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Change] = msgspec.msgpack.Decoder(Change)


def make_tail() -> int:
    """A descriptor of empty memory for a tail (memfd_create(2)), to be handed to whoever writes the journal."""
    descriptor = os.memfd_create("lampfield journal")
    os.ftruncate(descriptor, _HALVES[1] + CAPACITY)
    return descriptor


class JournalTail:
    """Two halves: one with what is being written to disk, one with what came since. Held by one process at a time.

    A half's end is moved after its bytes are there, so a process that is killed in between leaves whole changes behind.
    """

    def __init__(self, descriptor: int) -> None:
        self._memory = mmap.mmap(descriptor, _HALVES[1] + CAPACITY)
        self._newer = self._number(_NEWER)
        self._end = self._number(8 * self._newer)
        self._is_full = False

    def changes(self) -> Iterator[Change]:
        """What the last process was asked for and may not have written, in that order; some of it may be on disk."""
        return chain(self._half(1 - self._newer), self._half(self._newer))

    def add(self, kind: str, key: str, value: bytes | None) -> None:
        """Note a change. Where there is no room both halves are let go: an older value must not stand for a newer."""
        if self._is_full:
            return
        change = _encoder.encode((kind, key, value))
        begin = _HALVES[self._newer] + self._end
        middle = begin + _LENGTH.size
        end = middle + len(change)
        if end > _HALVES[self._newer] + CAPACITY:
            self._is_full = True
            self._set_end(1 - self._newer, 0)
            self._set_end(self._newer, 0)
            return
        _LENGTH.pack_into(self._memory, begin, len(change))
        self._memory[middle:end] = change
        self._set_end(self._newer, end - _HALVES[self._newer])

    def turn(self) -> None:
        """All changes so far are about to be written: those to come are told apart from them."""
        self._is_full = False
        if self._number(8 * (1 - self._newer)) == 0:
            self._newer = 1 - self._newer
            self._end = 0
            _NUMBER.pack_into(self._memory, _NEWER, self._newer)

    def written(self) -> None:
        """What was to be written at the last `turn` is on disk."""
        self._set_end(1 - self._newer, 0)

    def _half(self, number: int) -> Iterator[Change]:
        at, end = _HALVES[number], _HALVES[number] + self._number(8 * number)
        while at < end:
            (length,) = _LENGTH.unpack_from(self._memory, at)
            at += _LENGTH.size
            yield _decoder.decode(self._memory[at : at + length])
            at += length

    def _set_end(self, half: int, end: int) -> None:
        if half == self._newer:
            self._end = end
        _NUMBER.pack_into(self._memory, 8 * half, end)

    def _number(self, at: int) -> int:
        (number,) = _NUMBER.unpack_from(self._memory, at)
        return int(number)
