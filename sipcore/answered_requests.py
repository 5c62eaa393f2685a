"""Requests that are answered, and come again: they get the same answer each time (RFC 3261 §17.2.2).

This is the state Completed of the non-INVITE server transaction, beside its table: most that a server does is over
once it is answered, and what it has to keep of that for half a minute would take more room than all else it knows. An
INVITE is treated so that was refused before anything else was said of it. The room has an end: what was answered first
is then forgotten first, before its time.
"""

from collections import deque
from mmap import MAP_ANONYMOUS, MAP_POPULATE, MAP_PRIVATE, mmap
from struct import Struct
from typing import Any, Final

from sipcore.flow import Datagram, Flow
from sipcore.timers import GRANULARITY, TRANSACTION_TIMEOUT, TimerWheel

PAGES: Final = 1 << 18
"""Bytes of one piece of the log; a longer record has one of its own."""
MOST: Final = 1 << 27
"""Bytes of the log; its index takes as much again at most. At 1 kB each, 10,000 answers a second are known for 13 s,
which is longer than anybody waits to send again (T2). Without an end, large requests of strangers take all memory."""
TOGETHER: Final = GRANULARITY / 2
"""Seconds in which answers are given that are forgotten together."""

_HASH: Final = (1 << 60) - 1
"""Of a name's hash is kept what Python holds in the smallest of its numbers."""
_LENGTHS: Final = Struct("=III")
"""Before each record: the length of the names and of the answer, and the place of its flow."""


class Forgetting:
    """What is forgotten together: hashes of names, how many requests they are of, and the last pages these are in."""

    __slots__ = ("count", "hashes", "last")

    def __init__(self) -> None:
        self.hashes: list[int] = []
        self.count = 0
        self.last = 0


class _Pages:
    """A piece of the log: memory of its own, which goes back to the system as a whole, and the flows of its answers."""

    __slots__ = ("flows", "memory", "size", "used")

    def __init__(self, size: int) -> None:
        # Among other objects the records would leave holes that nothing else fits into, and that are not given back.
        # All of it at once: to be given page after page, at the first touch, costs ten times as much.
        self.memory = mmap(-1, size, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE)
        self.size = size
        self.used = 0
        self.flows: list[Flow] = []


class AnsweredRequests:
    """A log of answers, found by the names of their requests, and forgotten 64*T1 later (Timer J).

    A name is what tells the request from others: its head as on the wire, its transaction's key, and what copies of it
    by other paths have in common. An index of hashes leads to the record, where the names stand to be compared.
    """

    def __init__(self, timers: TimerWheel) -> None:
        self._timers = timers
        self._count = 0
        self._index: dict[int, int] = {}
        """By the hash of a name where its record begins: in which pages, and where in them, as one number."""
        self._pages: dict[int, _Pages] = {}
        """The log, by number; those from `_first` to `_last` are there."""
        self._first = 0
        self._last = -1
        self._room = 0
        """Bytes of all pages."""
        self._remembered: deque[Forgetting] = deque()
        """In the order of their answers."""
        self._forgetting: Forgetting | None = None
        """The last of these: of what is answered until `_until`."""
        self._until = 0.0

    def __len__(self) -> int:
        return self._count

    def remember(self, head: bytes | None, key: str, merge_key: str | None, answer: Datagram, now: float) -> None:
        """Keep the answer, given now, for those who ask with one of these names."""
        if self._room > MOST:
            self._make_room()
        forgetting = self._forgetting
        if forgetting is None or now >= self._until:
            forgetting = self._forgetting = Forgetting()
            self._remembered.append(forgetting)
            self._until = now + TOGETHER
            self._timers.start(forgetting, "J", TRANSACTION_TIMEOUT + TOGETHER, now)
        names = _encoded(key if merge_key is None else f"{key}\n{merge_key}")
        if head is not None:
            names = b"%b\n%b" % (head, names)
        # One number for all names, in memory too.
        place: Any = self._write(names, answer)
        self._index_name(key, place, forgetting)
        if head is not None:
            self._index_name(head, place, forgetting)
        if merge_key is not None:
            self._index_name(merge_key, place, forgetting)
        forgetting.count += 1
        forgetting.last = self._last
        self._count += 1

    def find(self, name: bytes | str) -> Datagram | None:
        """The answer to a request of this name, as it was sent; None where none is remembered."""
        place = self._index.get(hash(name) & _HASH)
        if place is None:
            return None
        pages = self._pages[place // PAGES]
        memory, begin = pages.memory, place % PAGES
        of_names, of_answer, flow = _LENGTHS.unpack_from(memory, begin)
        begin += _LENGTHS.size
        end = begin + of_names
        if _encoded(name) not in memory[begin:end]:
            return None
        return Datagram(memory[end : end + of_answer], pages.flows[flow])

    def forget(self, forgetting: Forgetting) -> None:
        """Timer J of these fired."""
        # Else it is forgotten already, and some of it may be known anew.
        if self._remembered and self._remembered[0] is forgetting:
            self._forget_oldest()

    def _make_room(self) -> None:
        while self._room > MOST:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        forgetting = self._remembered.popleft()
        for hashed in forgetting.hashes:
            self._index.pop(hashed, None)
        # Its timer may run on.
        forgetting.hashes = []
        self._count -= forgetting.count
        if self._remembered:
            self._drop_pages(forgetting.last)
        else:
            self._index.clear()
            self._drop_pages(self._last + 1)
            self._forgetting = None

    def _index_name(self, name: bytes | str, place: Any, forgetting: Forgetting) -> None:
        hashed: Any = hash(name) & _HASH
        self._index[hashed] = place
        forgetting.hashes.append(hashed)

    def _write(self, names: bytes, answer: Datagram) -> int:
        """Add a record to the log; its place in the index."""
        data = answer.data
        length = _LENGTHS.size + len(names) + len(data)
        pages = self._pages.get(self._last)
        if pages is None or pages.used + length > pages.size:
            self._last += 1
            pages = self._pages[self._last] = _Pages(max(PAGES, length))
            self._room += pages.size
        begin = pages.used
        lengths = _LENGTHS.pack(len(names), len(data), len(pages.flows))
        pages.used = end = begin + length
        pages.memory[begin:end] = b"".join((lengths, names, data))
        pages.flows.append(answer.flow)
        return self._last * PAGES + begin

    def _drop_pages(self, end: int) -> None:
        """Let go of the pages before that number."""
        while self._first < end:
            self._room -= self._pages.pop(self._first).size
            self._first += 1


def _encoded(name: bytes | str) -> bytes:
    return name if isinstance(name, bytes) else name.encode("utf-8", "surrogateescape")
