"""A small durable store of what a restart must not forget: registrations, subscriptions, calls in progress."""

import logging
import threading
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from lampfield.journal_file import JournalDamaged, JournalFile
from lampfield.tail import Tail

log = logging.getLogger(__name__)

_Changes = dict[tuple[str, str], bytes | None]
_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[tuple[str, str, bytes | None]] = msgspec.msgpack.Decoder(
    tuple[str, str, bytes | None]
)


class Journal:
    """Bytes by kind and key. `put` and `delete` never block: a thread writes them in batches, each key's last value.

    What is written outlives the process, whichever way it ends, and a power cut. What is put outlives the process at
    once where there is a `tail`. While the disk is full, what is to be written stays in memory.
    """

    def __init__(
        self, path: Path, tail: Tail | None = None, *, batch_seconds: float = 0.05, retry_seconds: float = 1.0
    ) -> None:
        self._file = JournalFile(path)
        self._tail = tail
        self._batch_seconds = batch_seconds
        self._retry_seconds = retry_seconds
        # Taken for each change: the lock itself is entered at half the cost of the condition.
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._reading = threading.Lock()
        self._pending: _Changes = {}
        self._writing: _Changes = {}
        self._asked = 0
        self._writing_up_to = 0
        self._written = 0
        self._hurry = False
        self._stopping = False
        self._fault: str | None = None
        self._worker = threading.Thread(target=self._run, name="journal", daemon=True)

    @property
    def fault(self) -> str | None:
        """Why nothing can be written at the moment, None when all is well."""
        return self._fault

    def open(self) -> None:
        """Make the file or check it, and start writing. A damaged file is set aside and a new one begun.

        Raises OSError when the file cannot be made, or when another process has it.
        """
        self._file.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._file.open()
        except JournalDamaged as damage:
            self._begin_anew(damage)
        if self._tail is not None:
            # Written once more: of some nobody knows whether they came to the disk.
            self._pending = {(kind, key): value for kind, key, value in map(_decoder.decode, self._tail.entries())}
            self._asked = len(self._pending)
        self._worker.start()

    def put(self, kind: str, key: str, value: bytes) -> None:
        """Remember a value in place of the one before."""
        self._change(kind, key, value)

    def delete(self, kind: str, key: str) -> None:
        """Forget a value; one that is not there is no matter."""
        self._change(kind, key, None)

    def load(self, kind: str) -> dict[str, bytes]:
        """Everything of a kind by key. Reads the whole file: for the start, not for every call."""
        with self._reading:
            with self._changed:
                unwritten = {**self._writing, **self._pending}
            values = self._file.values(kind)
        for (other, key), value in unwritten.items():
            if other == kind:
                values.pop(key, None)
                values |= {} if value is None else {key: value}
        return values

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until everything put or deleted so far is in the file; False when it is not after `timeout` seconds."""
        with self._changed:
            target = self._asked
            self._hurry = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._written >= target, timeout)

    def close(self, timeout: float = 10.0) -> None:
        """Write what is left and end the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._worker.join(timeout)

    def _change(self, kind: str, key: str, value: bytes | None) -> None:
        with self._lock:
            self._pending[kind, key] = value
            self._asked += 1
            if self._tail is not None:
                self._tail.add(_encoder.encode((kind, key, value)))
            if len(self._pending) == 1:
                self._changed.notify_all()

    def _run(self) -> None:
        while self._collect():
            try:
                with self._reading:
                    self._write()
            except OSError as error:
                if not self._try_again_later(error):
                    break
        with self._reading:
            self._file.close()

    def _collect(self) -> bool:
        """Wait for changes and for a batch of them to gather; False when there is nothing left to do."""
        with self._changed:
            self._changed.wait_for(lambda: self._pending or self._stopping)
            self._changed.wait_for(lambda: self._hurry or self._stopping, self._batch_seconds)
            self._hurry = False
            self._writing, self._pending = self._pending, {}
            self._writing_up_to = self._asked
            if self._tail is not None:
                self._tail.turn()
            return bool(self._writing)

    def _write(self) -> None:
        self._file.append(self._writing)
        if self._fault is not None:
            log.info("%s can be written again, no change was lost", self._file.path)
        with self._changed:
            self._fault = None
            self._writing = {}
            self._written = self._writing_up_to
            if self._tail is not None:
                self._tail.written()
            self._changed.notify_all()
        if self._file.wants_compacting:
            self._compact()

    def _compact(self) -> None:
        try:
            self._file.compact()
        except JournalDamaged as damage:
            self._begin_anew(damage)
        except OSError as error:
            log.warning("%s cannot be compacted now and grows on: %s", self._file.path, error)

    def _try_again_later(self, error: OSError) -> bool:
        """Keep what could not be written and wait for a better moment; False when there is no time for one."""
        with self._changed:
            self._pending = {**self._writing, **self._pending}
            self._writing = {}
            if self._stopping:
                log.error("%s: %d changes are lost: %s", self._file.path, len(self._pending), error)
                return False
            if self._fault is None:
                waiting = len(self._pending)
                log.error("%s cannot be written, %d changes wait in memory: %s", self._file.path, waiting, error)
            self._fault = str(error)
            self._changed.wait_for(lambda: self._stopping, self._retry_seconds)
            return True

    def _begin_anew(self, damage: JournalDamaged) -> None:
        """Older values must not come back: a CSeq that goes back makes phones subscribe in a storm."""
        aside = self._file.set_aside(f".damaged-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
        log.error(
            "%s is damaged (%s). It was moved to %s and a new one is begun: phones come back as they register again.",
            self._file.path,
            damage,
            aside,
        )
        self._file.open()
