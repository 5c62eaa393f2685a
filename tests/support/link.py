"""Two stacks in memory joined by a link that loses, doubles and reorders, in virtual time and by a seed."""

import heapq
import itertools
import random
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from sipcore.address import NameAddr, parse_name_addr
from sipcore.events import Event
from sipcore.flow import Datagram, Flow
from sipcore.stack import Invitation, Stack, StackConfig

EPOCH = 1_700_000_000.0
ALICE = ("192.0.2.1", 5060)
BOB = ("192.0.2.2", 5060)


def tokens(prefix: str) -> Callable[[], str]:
    """Fresh tokens that name their maker, the same ones in each run."""
    numbers = itertools.count(1)
    return lambda: f"{prefix}{next(numbers):06d}"


class Node(Protocol):
    """What a link joins: a stack, or something with one inside."""

    def receive(self, data: bytes, flow: Flow, now: float) -> None: ...
    def advance(self, now: float) -> None: ...
    def next_timeout(self) -> float | None: ...
    def take_datagrams(self) -> list[Datagram]: ...
    def take_events(self) -> list[Event]: ...


class Link:
    """The network between stacks. Each datagram arrives after its latency, twice, or never, as the seed says."""

    def __init__(
        self,
        *,
        seed: int = 0,
        loss: float = 0.0,
        duplication: float = 0.0,
        latency: tuple[float, float] = (0.01, 0.01),
        transport: str = "udp",
    ) -> None:
        self.now = EPOCH
        self.loss = loss
        self.duplication = duplication
        self.latency = latency
        self.transport = transport
        self.stacks: dict[tuple[str, int], Node] = {}
        self.events: dict[tuple[str, int], list[Event]] = {}
        self.wire: list[tuple[float, Datagram]] = []
        """Everything that was sent, lost or not, with its time."""
        self.on_event: Callable[[Any, Event, float], None] = lambda stack, event, now: None
        """What the stacks' user does; called for each event as it happens."""
        self.drop: Callable[[bytes], bool] = lambda data: False
        """Datagrams that are lost whatever chance says."""
        self._random = random.Random(seed)
        self._order = itertools.count()
        self._air: list[tuple[float, int, bytes, Flow]] = []

    def join(self, address: tuple[str, int], stack: Node) -> None:
        """Put a stack at an address."""
        self.stacks[address] = stack
        self.events[address] = []

    def flow(self, source: tuple[str, int], destination: tuple[str, int]) -> Flow:
        return Flow(self.transport, source, destination)

    def run(self, seconds: float) -> None:
        """Let virtual time pass, delivering datagrams and firing timers as they are due."""
        end = self.now + seconds
        self.flush()
        while (due := self._next()) is not None and due <= end:
            self.now = max(self.now, due)
            while self._air and self._air[0][0] <= self.now:
                _, _, data, flow = heapq.heappop(self._air)
                if flow.local in self.stacks:
                    self.stacks[flow.local].receive(data, flow, self.now)
                self.flush()
            for stack in self.stacks.values():
                stack.advance(self.now)
            self.flush()
        self.now = end

    def flush(self) -> None:
        """Put what the stacks want to send on the air, and hand their events to `on_event`, until both are quiet."""
        busy = True
        while busy:
            busy = False
            for address, stack in self.stacks.items():
                for event in stack.take_events():
                    busy = True
                    self.events[address].append(event)
                    self.on_event(stack, event, self.now)
                for datagram in stack.take_datagrams():
                    busy = True
                    self._send(datagram)

    def quiet(self) -> bool:
        """True when nothing is on the air and no stack has a timer."""
        return self._next() is None

    def _send(self, datagram: Datagram) -> None:
        self.wire.append((self.now, datagram))
        data, flow = datagram
        arrives = Flow(flow.transport, flow.remote, flow.local)
        if self.drop(data):
            return
        copies = 1
        if not flow.reliable:
            copies = 0 if self._random.random() < self.loss else 1 + (self._random.random() < self.duplication)
        for _ in range(copies):
            at = self.now + self._random.uniform(*self.latency)
            heapq.heappush(self._air, (at, next(self._order), data, arrives))

    def _next(self) -> float | None:
        return min(self._due_times(), default=None)

    def _due_times(self) -> Iterator[float]:
        if self._air:
            yield self._air[0][0]
        for stack in self.stacks.values():
            due = stack.next_timeout()
            if due is not None:
                yield due


class Pair:
    """Alice and Bob, and what tests ask of them."""

    def __init__(
        self, link: Link | None = None, alice: StackConfig | None = None, bob: StackConfig | None = None
    ) -> None:
        self.link = link or Link()
        self.alice = Stack(alice or StackConfig(user_agent="Alice"), tokens("a"))
        self.bob = Stack(bob or StackConfig(user_agent="Bob"), tokens("b"))
        self.link.join(ALICE, self.alice)
        self.link.join(BOB, self.bob)

    @property
    def now(self) -> float:
        return self.link.now

    def run(self, seconds: float = 0.05) -> None:
        self.link.run(seconds)

    def events(self, of: tuple[str, int]) -> list[Event]:
        """The events since the last asking."""
        taken = self.link.events[of][:]
        self.link.events[of].clear()
        return taken

    def sent(self) -> list[str]:
        """The start lines on the wire since the last asking: `INVITE`, `200 INVITE`."""
        lines = [_summary(datagram.data) for _, datagram in self.link.wire]
        self.link.wire.clear()
        return lines

    def invitation(self, **changes: object) -> Invitation:
        fields: dict[str, object] = {
            "uri": "sip:bob@192.0.2.2:5060",
            "flow": self.link.flow(ALICE, BOB),
            "local": address("Alice <sip:alice@192.0.2.1>"),
            "remote": address("<sip:bob@192.0.2.2>"),
            "offer": b"v=0 offer",
        }
        return Invitation(**(fields | changes))  # type: ignore[arg-type]


def address(text: str) -> NameAddr:
    return parse_name_addr(text)


def _summary(data: bytes) -> str:
    """The status or method, and for responses the CSeq method."""
    lines = data.decode("utf-8", "replace").split("\r\n")
    if not lines[0].startswith("SIP/"):
        return lines[0].split(" ")[0]
    cseq = next(line for line in lines if line.lower().startswith("cseq:"))
    return f"{lines[0].split(' ')[1]} {cseq.split(' ')[-1]}"
