"""A small durable store of what a restart must not forget: registrations, subscriptions, calls in progress."""

import logging
import os
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

log = logging.getLogger(__name__)

_Changes = dict[tuple[str, str], bytes | None]
"""The value that a kind and key shall have, None to be deleted."""

_TABLE = "CREATE TABLE IF NOT EXISTS journal (kind TEXT, key TEXT, value BLOB, PRIMARY KEY (kind, key)) WITHOUT ROWID"


class Journal:
    """Bytes by kind and key. `put` and `delete` never block: a thread writes them in batches, each key's last value.

    What is written outlives the process, whichever way it ends. After a power cut the last moments may be missing:
    phones register and subscribe again by themselves. While the disk is full, what is to be written stays in memory.
    """

    def __init__(self, path: Path, *, batch_seconds: float = 0.1, retry_seconds: float = 1.0) -> None:
        self._path = path
        self._batch_seconds = batch_seconds
        self._retry_seconds = retry_seconds
        self._changed = threading.Condition()
        self._pending: _Changes = {}
        self._writing: _Changes = {}
        self._asked = 0
        self._writing_up_to = 0
        self._written = 0
        self._hurry = False
        self._stopping = False
        self._fault: str | None = None
        self._connection: sqlite3.Connection | None = None
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    @property
    def fault(self) -> str | None:
        """Why nothing can be written at the moment, None when all is well."""
        return self._fault

    def open(self) -> None:
        """Make the file or check it, and start writing. A damaged file is set aside and a new one begun.

        Raises OSError or sqlite3.OperationalError when the file cannot be made or is locked.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600))
        try:
            self._check()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise
            self._set_aside(error)
            self._check()
        self._thread.start()

    def put(self, kind: str, key: str, value: bytes) -> None:
        """Remember a value in place of the one before."""
        self._change(kind, key, value)

    def delete(self, kind: str, key: str) -> None:
        """Forget a value; one that is not there is no matter."""
        self._change(kind, key, None)

    def load(self, kind: str) -> dict[str, bytes]:
        """Everything of a kind by key. Reads the file: for the start, not for every call."""
        with self._changed:
            with closing(_connect(self._path)) as connection:
                values = dict(connection.execute("SELECT key, value FROM journal WHERE kind = ?", (kind,)))
            for (other, key), value in {**self._writing, **self._pending}.items():
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
        self._thread.join(timeout)

    def _change(self, kind: str, key: str, value: bytes | None) -> None:
        with self._changed:
            self._pending[kind, key] = value
            self._asked += 1
            if len(self._pending) == 1:
                self._changed.notify_all()

    def _run(self) -> None:
        while self._collect():
            try:
                self._write()
            except (sqlite3.Error, OSError) as error:
                self._keep(error)
                if not self._may_try_again(error):
                    return
        self._disconnect()

    def _collect(self) -> bool:
        """Wait for changes and for a batch of them to gather; False when there is nothing left to do."""
        with self._changed:
            self._changed.wait_for(lambda: self._pending or self._stopping)
            self._changed.wait_for(lambda: self._hurry or self._stopping, self._batch_seconds)
            self._hurry = False
            self._writing, self._pending = self._pending, {}
            self._writing_up_to = self._asked
            return bool(self._writing)

    def _write(self) -> None:
        if self._connection is None:
            self._connection = _connect(self._path)
        with self._connection as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO journal VALUES (?, ?, ?)",
                [(*key, value) for key, value in self._writing.items() if value is not None],
            )
            connection.executemany(
                "DELETE FROM journal WHERE kind = ? AND key = ?",
                [key for key, value in self._writing.items() if value is None],
            )
        if self._fault is not None:
            log.info("%s can be written again, no change was lost", self._path)
        with self._changed:
            self._fault = None
            self._writing = {}
            self._written = self._writing_up_to
            self._changed.notify_all()

    def _keep(self, error: Exception) -> None:
        """Put what could not be written back to what is to be written."""
        with self._changed:
            self._pending = {**self._writing, **self._pending}
            self._writing = {}
            if self._fault is None:
                log.error("%s cannot be written, %d changes wait in memory: %s", self._path, len(self._pending), error)
            self._fault = str(error)
        self._disconnect()

    def _may_try_again(self, error: Exception) -> bool:
        """Wait for a better moment, or begin a new file where the old one is damaged; False when there is no time."""
        if _is_damage(error):
            try:
                self._set_aside(error)
                self._check()
                return True
            except (sqlite3.Error, OSError) as another:
                log.error("%s: no new one can be begun: %s", self._path, another)
        with self._changed:
            if not self._stopping:
                self._changed.wait_for(lambda: self._stopping, self._retry_seconds)
                return True
            log.error("%s: %d changes are lost: %s", self._path, len(self._pending), error)
            return False

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _check(self) -> None:
        with closing(_connect(self._path)) as connection, connection:
            connection.execute("PRAGMA journal_mode = WAL")
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise sqlite3.DatabaseError(verdict)
            connection.execute(_TABLE)

    def _set_aside(self, error: Exception) -> None:
        """Move the damaged file out of the way, for whoever wants to look into it."""
        aside = self._path.with_name(f"{self._path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
        self._path.rename(aside)
        for companion in ("-wal", "-shm"):
            Path(f"{self._path}{companion}").unlink(missing_ok=True)
        log.error(
            "%s is damaged (%s). It was moved to %s and a new one is begun: phones come back as they register again.",
            self._path,
            error,
            aside,
        )


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=5.0, check_same_thread=False)
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def _is_damage(error: Exception) -> bool:
    """True for a file that is no database or a broken one; a lock or a full disk is an OperationalError."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
