"""The file that keeps call events while the database is away: one event a line, oldest first."""

import logging
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import msgspec

from call_records.event_text import decode_line, encode_line
from call_records.logged_event import LoggedEvent

log = logging.getLogger(__name__)


class Spool:
    """Appended to while the database is away, read from the beginning and cleared when it is back.

    What an earlier run of the server left is there from the start. Used by one thread of one process.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._size = self._whole_lines()

    @property
    def empty(self) -> bool:
        return self._size == 0

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self._size

    def append(self, events: Iterable[LoggedEvent]) -> None:
        """Add events, on disk when this returns. Raises OSError; then none of them is in the file."""
        data = b"".join(encode_line(event) for event in events)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            self._write(file, data)
        finally:
            os.close(file)
        self._size += len(data)

    def _write(self, file: int, data: bytes) -> None:
        try:
            written = 0
            while written < len(data):
                written += os.pwrite(file, data[written:], self._size + written)
            os.fsync(file)
        except OSError:
            # Half of what did not fit must not stand before what is written once there is room again.
            os.ftruncate(file, self._size)
            raise

    def read(self, at_most: int) -> Iterator[list[LoggedEvent]]:
        """All events in the order they were appended, in lists of `at_most`. Raises OSError."""
        if self.empty:
            return
        with self._path.open("rb") as file:
            numbered = enumerate(file, start=1)
            while lines := list(islice(numbered, at_most)):
                yield [event for number, line in lines if (event := self._decoded(number, line)) is not None]

    def clear(self) -> None:
        """Forget everything: it is in the database. Raises OSError."""
        self._path.unlink(missing_ok=True)
        self._size = 0

    def _decoded(self, number: int, line: bytes) -> LoggedEvent | None:
        try:
            return decode_line(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            log.error("%s line %d is damaged and is left out of the call records: %r", self._path, number, line[:200])
            return None

    def _whole_lines(self) -> int:
        """The length of the file up to its last whole line: a crash may have cut the last one off."""
        if not self._path.exists():
            return 0
        data = self._path.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            log.warning("%s ends in the midst of an event, which is left out: %r", self._path, data[whole:][:200])
            os.truncate(self._path, whole)
        return whole
