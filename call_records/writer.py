"""Writes call events to the database from a thread of its own, so that no call ever waits for a disk."""

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Collection, Sequence
from itertools import islice

import msgspec
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from call_records.event_log import insert_events, unfinished_calls
from call_records.inbox import Flush, Inbox, Stop
from call_records.logged_event import LoggedEvent, MemberLogged
from call_records.spool import Spool
from call_records.unwritten import Memory, Unwritten
from routing.events import AnyCallEvent, CallEnded
from routing.queue.events import AnyMemberEvent, MemberBlocked, MemberCleared

log = logging.getLogger(__name__)

BATCH = 1000
"""Events written in one transaction at most."""
GATHER_SECONDS = 0.1
"""How long events are gathered: a transaction costs as much as a dozen of them."""


class WriterState(msgspec.Struct, frozen=True):
    """How the writer is doing."""

    in_memory: int
    spooled_bytes: int
    lost: int
    """Events given up as memory and disk were full."""
    fault: str | None
    """Why the database does not take events at the moment."""


class EventWriter:
    """Takes events with `put` and sees to it that each comes into the database once, in order.

    While the database is locked or away, events go to the spool file; while that cannot be written either (disk full),
    they stay in memory. When it is back they are written, oldest first, beginning with what an earlier run left. With a
    `memory` that outlives the process, so does what was put.

    `writer` names this run of the server and no other. A database that is away is left alone for `retry_seconds`.
    """

    def __init__(
        self,
        engine: Engine,
        spool: Spool,
        *,
        writer: str,
        memory_events: int = 200_000,
        retry_seconds: float = 1.0,
        memory: Memory | None = None,
    ) -> None:
        self._engine = engine
        self._spool = spool
        self._writer = writer
        self._memory_events = memory_events
        self._retry_seconds = retry_seconds
        self._waiting: deque[LoggedEvent] = deque()
        self._flushes: list[Flush] = []
        self._unwritten = Unwritten(memory) if memory is not None else None
        self.inbox = Inbox(writer, memory_events, self._waiting, self._unwritten)
        """Where events are put."""
        self._queue = self.inbox.queue
        self._left: list[LoggedEvent] = []
        """What an earlier run had put and not written."""
        self._fault: str | None = None
        self._spool_failing = False
        self._retry_at = 0.0
        self._stopping = False
        self._abandoned = False
        self._hurry = threading.Event()
        self._surviving: frozenset[str] | None = None
        self._thread = threading.Thread(target=self._run, name="call-records", daemon=True)

    def start(self, surviving: Collection[str] = ()) -> None:
        """Begin writing. Calls that an earlier run left unfinished are closed as `lost`, but for those that live on."""
        self._surviving = frozenset(surviving)
        if self._unwritten is not None:
            self._left = self._unwritten.left()
        self._thread.start()

    def put(self, event: AnyCallEvent) -> None:
        """Take an event; never blocks and never raises."""
        self.inbox.put(event)

    def put_member(self, company: str, event: AnyMemberEvent) -> None:
        """Take what happened to a member of a company, by its id; never blocks and never raises.

        That a member rings, talks or is busy elsewhere is not kept: calls and their offers tell of it already.
        """
        if not isinstance(event, MemberBlocked | MemberCleared) or event.obstacle == "gone":
            self.inbox.put(MemberLogged(company, event))

    def flush(self, timeout: float) -> bool:
        """Wait until everything put so far is in the database; False when it is not after `timeout` seconds."""
        flush = Flush()
        self._queue.put(flush)
        self._hurry.set()
        return flush.done.wait(timeout)

    def stop(self, timeout: float = 10.0) -> None:
        """Write what is left, into the spool where the database does not take it, and end the thread.

        A database that hangs is not waited for longer than `timeout` seconds.
        """
        self._queue.put(Stop())
        self._hurry.set()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        if self._thread.is_alive():
            # What the database has taken after all, the log will know by its number.
            self._abandoned = True
            self._take_queued(self._memory_events)
            self._set_aside()

    @property
    def state(self) -> WriterState:
        return WriterState(len(self.inbox), self._spool.size, self.inbox.lost, self._fault)

    def _run(self) -> None:
        while not self._stopping:
            self._take()
            if self._stopping or time.monotonic() >= self._retry_at:
                self._write()
            if self._fault is not None and not self._abandoned:
                self._set_aside()

    def _take(self) -> None:
        """Wait for something to do, let more of it gather, and take up to a batch."""
        idle = not self._waiting and not self._left and self._spool.empty and self._surviving is None
        delay = None if idle else max(0.0, self._retry_at - time.monotonic())
        try:
            self._accept(self._queue.get(timeout=delay))
        except queue.Empty:
            return
        if self._queue.qsize() < BATCH:
            self._hurry.wait(GATHER_SECONDS)
            self._hurry.clear()
        if self._unwritten is not None:
            self._unwritten.turn()
        self._take_queued(BATCH)

    def _take_queued(self, at_most: int) -> None:
        try:
            for _ in range(at_most):
                self._accept(self._queue.get_nowait())
        except queue.Empty:
            pass

    def _accept(self, item: LoggedEvent | Flush | Stop) -> None:
        match item:
            case Flush():
                self._flushes.append(item)
            case Stop():
                self._stopping = True
            case _:
                self._waiting.append(item)

    def _write(self) -> None:
        try:
            self._write_spool()
            self._write_left()
            self._close_lost_calls()
            self._write_waiting()
        except (SQLAlchemyError, OSError) as error:
            self._note_fault(error)
            return
        if self._fault is not None:
            log.info("the database takes call events again, all that were kept are written")
        self._fault = None
        for flush in self._flushes:
            flush.done.set()
        self._flushes.clear()

    def _write_spool(self) -> None:
        if self._spool.empty:
            return
        for events in self._spool.read(BATCH):
            self._insert(events)
        # A crash right here writes them again: the log knows each by writer and number, and leaves it as it is.
        self._spool.clear()

    def _write_left(self) -> None:
        if self._left:
            self._insert(self._left)
            self._left = []

    def _close_lost_calls(self) -> None:
        if self._surviving is None:
            return
        with self._engine.begin() as connection:
            lost = unfinished_calls(connection, self._writer, self._surviving)
            ends = [CallEnded(call=call.call, at=call.last_at, cause="lost", by="system", status=500) for call in lost]
            insert_events(connection, [self.inbox.logged(end) for end in ends])
        self._surviving = None
        if lost:
            log.warning("%d calls were cut off when the server ended before; their records say so", len(lost))

    def _write_waiting(self) -> None:
        while self._waiting:
            events = list(islice(self._waiting, BATCH))
            self._insert(events)
            if self._abandoned:
                return
            for _ in events:
                self._waiting.popleft()
            self._are_on_disk(events)

    def _insert(self, events: Sequence[LoggedEvent]) -> None:
        with self._engine.begin() as connection:
            insert_events(connection, events)

    def _note_fault(self, error: Exception) -> None:
        reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        if self._fault is None:
            log.error("the database does not take call events, they are kept until it does: %s", reason)
        self._fault = reason
        self._retry_at = time.monotonic() + self._retry_seconds

    def _set_aside(self) -> None:
        """Move what waits in memory to the spool, where it outlives a crash."""
        aside = [*self._left, *self._waiting]
        if not aside:
            return
        try:
            self._spool.append(aside)
        except OSError as error:
            level = logging.ERROR if self._stopping or not self._spool_failing else logging.DEBUG
            log.log(level, "%d call events are in memory alone: %s", len(aside), error)
            self._spool_failing = True
            return
        self._spool_failing = False
        self._left = []
        if self._waiting:
            self._are_on_disk(self._waiting)
        self._waiting.clear()

    def _are_on_disk(self, events: Sequence[LoggedEvent]) -> None:
        if self._unwritten is not None:
            self._unwritten.on_disk(events[-1].number)
