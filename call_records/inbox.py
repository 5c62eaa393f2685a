"""Where events wait for the thread that writes them."""

import logging
import queue
import threading
from collections import deque
from itertools import count

from call_records.logged_event import LoggedEvent, MemberLogged, StateLogged
from call_records.unwritten import Unwritten
from routing.events import AnyCallEvent

log = logging.getLogger(__name__)

Logged = AnyCallEvent | MemberLogged | StateLogged
"""What is written."""


class Flush:
    """Asks to be told when all that was put before it is in the database."""

    def __init__(self) -> None:
        self.done = threading.Event()


class Stop:
    """Ends the thread."""


class Inbox:
    """Numbers each event, has it outlive the process where there is memory that does, and queues it.

    `writer` names this run of the server. `most` are in memory at once, those `taken` by the thread and not written yet
    among them; what comes beyond is lost.
    """

    def __init__(self, writer: str, most: int, taken: "deque[LoggedEvent]", unwritten: Unwritten | None) -> None:
        self._writer = writer
        self._most = most
        self._taken = taken
        self._unwritten = unwritten
        self._numbers = count(1)
        self.queue: queue.SimpleQueue[LoggedEvent | Flush | Stop] = queue.SimpleQueue()
        self.lost = 0
        """Events given up as memory and disk were full."""

    def __len__(self) -> int:
        return self.queue.qsize() + len(self._taken)

    def put(self, event: Logged) -> None:
        """Take an event; never blocks and never raises."""
        if len(self) >= self._most:
            self.lost += 1
            if self.lost == 1:
                log.error("%s: the database is away and memory is full: events are being lost", _whose(event))
            return
        logged = self.logged(event)
        if self._unwritten is not None:
            self._unwritten.add(logged)
        self.queue.put(logged)

    def logged(self, event: Logged) -> LoggedEvent:
        """The event with the next place in the log."""
        return LoggedEvent(self._writer, next(self._numbers), event)


def _whose(event: Logged) -> str:
    if isinstance(event, MemberLogged):
        return f"{event.company}, member {event.event.member}"
    if isinstance(event, StateLogged):
        return f"{event.company}, state of {event.person}"
    return f"call {event.call}"
