"""Events that were put and are not in the database yet, in memory that outlives the process."""

import logging
import threading
from collections.abc import Iterator
from typing import Protocol

import msgspec

from call_records.event_text import decode_line, encode_line
from call_records.logged_event import LoggedEvent

log = logging.getLogger(__name__)


class Memory(Protocol):
    """Entries in two parts: those that are being written, and those that came since. Not for two threads at once."""

    def entries(self) -> Iterator[bytes]: ...
    def add(self, entry: bytes) -> None: ...
    def turn(self) -> None: ...
    def written(self) -> None: ...


class Unwritten:
    """Knows by their numbers which events are on disk: those of one run rise by the order in which they are put."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._lock = threading.Lock()
        self._last = 0
        self._turned_at: int | None = None
        """The last event before the memory was turned; None when all of those are on disk."""

    def left(self) -> list[LoggedEvent]:
        """What an earlier run had not written, oldest first; some of it may be in the database.

        That run may have been another version, some of whose events this one cannot read: those are left out.
        """
        events = []
        for entry in self._memory.entries():
            try:
                events.append(decode_line(entry))
            except (msgspec.DecodeError, UnicodeDecodeError):
                log.error("an event of an earlier run is left out of the call records: %r", entry[:200])
        return events

    def add(self, event: LoggedEvent) -> None:
        """Keep an event, before it is put."""
        with self._lock:
            self._memory.add(encode_line(event))
            self._last = event.number

    def turn(self) -> None:
        """Tell the events so far from those to come, unless some before an earlier turn are not on disk."""
        if self._turned_at is None:
            with self._lock:
                self._memory.turn()
                self._turned_at = self._last

    def on_disk(self, number: int) -> None:
        """Events up to this one, and all that was left, are in the database or in the spool."""
        if self._turned_at is not None and number >= self._turned_at:
            with self._lock:
                self._memory.written()
            self._turned_at = None
