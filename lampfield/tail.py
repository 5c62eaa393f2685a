"""What somebody who writes to disk was given and has not there yet, in memory that outlives the process.

The supervisor makes the memory and holds it while signalling ends and begins again, so an answer may leave as soon as
what it promises stands here: a kill loses nothing, and no disk is waited for. A power cut loses what was not on disk.
"""

import mmap
import os
import struct
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final, NamedTuple, Self

CAPACITY: Final = 1_000_000
"""Bytes that each half holds: 20 MB a second in batches of 50 ms. What is more is protected by the disk alone."""

_HALVES: Final = (64, 64 + CAPACITY)
"""Where each half begins."""
_NEWER: Final = 16
"""Where the number of the half stands to which is added; the ends of both halves stand before it."""
_NUMBER: Final = struct.Struct("@Q")
"""Native, so that it is stored at once and not byte by byte."""
_LENGTH: Final = struct.Struct("=I")


def make_tail(name: str) -> int:
    """A descriptor of empty memory for a tail (memfd_create(2)), to be handed to whoever writes."""
    descriptor = os.memfd_create(f"lampfield {name}")
    os.ftruncate(descriptor, _HALVES[1] + CAPACITY)
    return descriptor


class Tail:
    """Two halves: one with what is being written to disk, one with what came since. Held by one process at a time.

    A half's end is moved after its bytes are there, so a process that is killed in between leaves whole entries behind.
    """

    def __init__(self, descriptor: int) -> None:
        self._memory = mmap.mmap(descriptor, _HALVES[1] + CAPACITY)
        self._newer = self._number(_NEWER)
        self._end = self._number(8 * self._newer)
        self._is_full = False

    def entries(self) -> Iterator[bytes]:
        """What the last process was given and may not have written, in that order; some of it may be on disk."""
        return chain(self._half(1 - self._newer), self._half(self._newer))

    def add(self, entry: bytes) -> None:
        """Note an entry. Where there is no room both halves are let go: an older value must not stand for a newer."""
        if self._is_full:
            return
        half = _HALVES[self._newer]
        begin = half + self._end
        end = begin + _LENGTH.size + len(entry)
        if end > half + CAPACITY:
            self._is_full = True
            self._set_end(1 - self._newer, 0)
            self._set_end(self._newer, 0)
            return
        self._memory[begin:end] = _LENGTH.pack(len(entry)) + entry
        self._set_end(self._newer, end - half)

    def turn(self) -> None:
        """All entries so far are about to be written: those to come are told apart from them."""
        self._is_full = False
        if self._number(8 * (1 - self._newer)) == 0:
            self._newer = 1 - self._newer
            self._end = 0
            _NUMBER.pack_into(self._memory, _NEWER, self._newer)

    def written(self) -> None:
        """What was to be written at the last `turn` is on disk."""
        self._set_end(1 - self._newer, 0)

    def _half(self, number: int) -> Iterator[bytes]:
        at, end = _HALVES[number], _HALVES[number] + self._number(8 * number)
        while at < end:
            (length,) = _LENGTH.unpack_from(self._memory, at)
            at += _LENGTH.size
            yield self._memory[at : at + length]
            at += length

    def _set_end(self, half: int, end: int) -> None:
        if half == self._newer:
            self._end = end
        _NUMBER.pack_into(self._memory, 8 * half, end)

    def _number(self, at: int) -> int:
        (number,) = _NUMBER.unpack_from(self._memory, at)
        return int(number)


class Tails(NamedTuple):
    """What signalling has of them; None where nobody made one."""

    journal: Tail | None = None
    records: Tail | None = None

    @classmethod
    def of(cls, descriptors: Iterable[str]) -> Self:
        """From a process's arguments: `journal=7`."""
        named = (descriptor.split("=") for descriptor in descriptors)
        return cls(**{name: Tail(int(number)) for name, number in named})
