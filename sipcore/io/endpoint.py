"""The shell around the SIP cores: their sockets, their timers, and the drain after each input."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal, Protocol

from sipcore.events import Event, InviteReceived
from sipcore.flow import Address, Datagram, Flow
from sipcore.io.counters import Counters
from sipcore.io.gathering import Gathering
from sipcore.io.listener import Listener, ListenError, bind
from sipcore.io.sources import SourceAddresses
from sipcore.io.tcp import TcpLimits, TcpTransport
from sipcore.io.udp import UdpSocket

logger = logging.getLogger(__name__)

SHORTEST_MESSAGE: Final = 5
"""Bytes; less are the keep-alives of phones over UDP: CRLF, CRLF CRLF, one NUL, "jaK"."""

Direction = Literal["in", "out"]
TrafficHook = Callable[[Direction, bytes, Flow, float], None]


class Core(Protocol):
    """What is driven by time and leaves datagrams behind."""

    def advance(self, now: float) -> None: ...
    def next_timeout(self) -> float | None: ...
    def take_datagrams(self) -> list[Datagram]: ...


class StackCore(Core, Protocol):
    """The stack, as the sockets see it."""

    def receive(self, data: bytes, flow: Flow, now: float) -> None: ...
    def take_events(self) -> list[Event]: ...
    def transport_failed(self, flow: Flow, now: float) -> None: ...


class NotifierCore(Core, Protocol):
    """The notifier, as the sockets see it."""

    def receive_response(self, data: bytes, now: float) -> bool: ...


class LaneCore(Protocol):
    """A short way for some methods' usual requests (as `sipcore.refresh_lane`), as the sockets see it."""

    @property
    def begins(self) -> tuple[bytes, ...]:
        """How such requests begin: the method and a space."""
        ...

    def receive(self, data: bytes, flow: Flow, now: float) -> bool: ...
    def take_datagrams(self) -> list[Datagram]: ...


class SipEndpoint:
    """Binds the sockets and moves bytes, time and events between them and the cores.

    `on_events` gets the stack's events in order, after each batch of input and each timer; it may call the stack, what
    that leaves behind is sent in the same drain. `settle` is called before anything is sent: what the answers promise
    is to be kept by then. Code that calls the cores at any other time calls `wake` (or `flush`) afterwards.
    `on_traffic` is None or sees every message both ways. `on_backlog` is None or told when what comes has to wait
    before it is read, and when it has not any more. `lanes` are offered requests before the stack.
    All methods belong to the loop's thread.
    """

    def __init__(
        self,
        stack: StackCore,
        notifier: NotifierCore | None,
        clock: Callable[[], float],
        on_events: Callable[[list[Event]], None],
        *,
        settle: Callable[[], None] = lambda: None,
        lanes: Sequence[LaneCore] = (),
        limits: TcpLimits | None = None,
    ) -> None:
        self.counters = Counters()
        self.on_traffic: TrafficHook | None = None
        self.on_backlog: Callable[[bool], None] | None = None
        self._stack = stack
        self._notifier = notifier
        self._lanes = tuple(lanes)
        self._ways = {begin: lane for lane in lanes for begin in lane.begins}
        self._begins = tuple(self._ways)
        self._clock = clock
        self._on_events = on_events
        self._settle = settle
        self._limits = limits or TcpLimits()
        self._loop = asyncio.get_running_loop()
        self._udp: dict[Address, UdpSocket] = {}
        self._tcp: TcpTransport | None = None
        self._listening: list[Listener] = []
        self._sources = SourceAddresses()
        self._gathering = Gathering(self._work_on)
        self._failed: list[Flow] = []
        self._flushing = False
        self._woken = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = float("inf")

    @property
    def listening(self) -> list[Listener]:
        """The addresses as bound, with the ports that port 0 became."""
        return list(self._listening)

    @property
    def connections(self) -> int:
        """TCP connections open or opening."""
        return self._tcp.connections if self._tcp else 0

    def local(self, transport: str, family: int | None = None) -> Address | None:
        """The first listening address of a transport, of IP version `family` (4 or 6) if given, for new flows."""
        for listener in self._listening:
            if listener.transport == transport and family in (None, 6 if ":" in listener.host else 4):
                return listener.host, listener.port
        return None

    def local_towards(self, transport: str, host: str) -> Address | None:
        """The listening address of a transport for flows to an IP address: the one that the kernel's route leaves from.

        Else one that means all addresses, else the first. None where none is of the same IP version.
        """
        is_ipv6 = ":" in host
        ours = [
            (listener.host, listener.port)
            for listener in self._listening
            if listener.transport == transport and (":" in listener.host) == is_ipv6
        ]
        if len(ours) < 2:
            return ours[0] if ours else None
        source = self._sources.towards(host)
        for wanted in (source, "::" if is_ipv6 else "0.0.0.0"):  # noqa: S104  compared, not bound
            for address in ours:
                if address[0] == wanted:
                    return address
        return ours[0]

    async def listen(self, listeners: Sequence[Listener]) -> None:
        """Bind all of `listeners`, or none: raises ListenError that names every address that cannot be bound."""
        bound, errors = [], []
        for listener in listeners:
            try:
                bound.append((bind(listener), listener))
            except ListenError as error:
                errors.append(str(error))
        if errors:
            for opened, _ in bound:
                opened.close()
            raise ListenError("; ".join(errors))
        for opened, listener in bound:
            host, port = local = opened.getsockname()[:2]
            self._listening.append(Listener(listener.transport, host, port, listener.fd))
            if listener.transport == "udp":
                self._udp[local] = UdpSocket(
                    opened, local, self._received, self._failed_later, self._backlog_turned, self.counters
                )
            else:
                self._tcp_transport().listen(opened, local)
        self.wake()

    async def close(self) -> None:
        """Send what is waiting and close every socket. The cores are left as they are."""
        self._gathering.release()
        self.flush()
        if self._timer is not None:
            self._timer.cancel()
        for udp in self._udp.values():
            udp.close()
        if self._tcp is not None:
            self._tcp.close()

    def send(self, datagrams: Iterable[Datagram]) -> None:
        """Send each on its flow, those of one socket together. What cannot be sent comes back as a failed flow."""
        on_traffic, now = self.on_traffic, 0.0
        if on_traffic is not None:
            now = self._clock()
        batches: dict[Address, list[tuple[bytes, Address]]] = {}
        streams: dict[Flow, list[bytes]] = {}
        for datagram in datagrams:
            data, flow = datagram.data, datagram.flow
            if on_traffic is not None:
                on_traffic("out", data, flow, now)
            transport, local, remote = flow
            if transport == "udp":
                batch = batches.get(local)
                if batch is None:
                    batch = batches[local] = []
                batch.append((data, remote))
            else:
                streams.setdefault(flow, []).append(data)
        for flow, messages in streams.items():
            self._tcp_transport().send(messages, flow)
        for local, batch in batches.items():
            udp = self._udp.get(local)
            if udp is not None:
                udp.send(batch)
            else:
                for _, remote in batch:
                    self._failed_later(Flow("udp", local, remote))

    def listens(self, flow: Flow) -> None:
        """A peer listens at the end of this flow, though it may have connected to us from there itself."""
        if flow.reliable:
            self._tcp_transport().listens(flow)

    def give_up(self, flow: Flow, silent: float) -> None:
        """Close a connection on which nothing was heard for `silent` seconds, so that the next request opens another.

        For who has waited for an answer in vain: a peer, or a firewall, may have forgotten a connection that stands
        here. It comes back as a failed flow.
        """
        if self._tcp is not None:
            self._tcp.give_up(flow, silent)

    def wake(self) -> None:
        """Drain the cores soon, once for all that call before; what is commanded in a drain goes with that."""
        if not (self._woken or self._flushing):
            self._woken = True
            self._loop.call_soon(self._awake)

    def flush(self) -> None:
        """Drain the cores now: events to `on_events`, datagrams to the sockets, until nothing is left."""
        self._flush(patient=False)

    def _flush(self, *, patient: bool) -> None:
        if self._flushing:
            return
        self._flushing, waits = True, False
        try:
            waits = self._drain(patient)
        finally:
            self._flushing = False
        if waits:
            self.wake()
        else:
            self._schedule()

    def _awake(self) -> None:
        self._woken = False
        self.flush()

    def _drain(self, patient: bool) -> bool:
        """True where what is to be sent waits for the next turn of the loop."""
        stack = self._stack
        events = stack.take_events()
        while True:
            while self._failed:
                stack.transport_failed(self._failed.pop(), self._clock())
                events += stack.take_events()
            self._hand_on(events)
            if patient and any(isinstance(event, InviteReceived) for event in events):
                # The treatment of a call begins in the next turn and mostly answers in it: then no 100 is needed.
                return True
            self._send_all()
            events = stack.take_events()
            if not (events or self._failed):
                return False

    def _hand_on(self, events: list[Event]) -> None:
        try:
            if events:
                self._on_events(events)
            self._settle()
        except Exception:
            logger.exception("the handling of stack events failed; the sockets go on")

    def _send_all(self) -> None:
        datagrams, notifier = self._stack.take_datagrams(), self._notifier
        if notifier is not None:
            more = notifier.take_datagrams()
            if more:
                datagrams = datagrams + more if datagrams else more
        for lane in self._lanes:
            answers = lane.take_datagrams()
            if answers:
                datagrams = answers + datagrams
        if datagrams:
            self.send(datagrams)

    def _received(self, batch: list[tuple[bytes, Flow]]) -> None:
        if self.on_traffic is not None:
            now = self._clock()
            for data, flow in batch:
                if len(data) >= SHORTEST_MESSAGE:
                    self.on_traffic("in", data, flow, now)
        self._gathering.receive(batch)

    def _work_on(self, batch: list[tuple[bytes, Flow]]) -> None:
        now = self._clock()
        stack, notifier, begins = self._stack, self._notifier, self._begins
        for data, flow in batch:
            if len(data) < SHORTEST_MESSAGE:
                self.counters.keepalives += 1
                continue
            if notifier is not None and data.startswith(b"SIP/") and notifier.receive_response(data, now):
                continue
            if data.startswith(begins) and self._ways[data[: data.index(b" ") + 1]].receive(data, flow, now):
                continue
            stack.receive(data, flow, now)
        self._flush(patient=True)

    def _failed_later(self, flow: Flow) -> None:
        """A flow is gone: told to the stack in the next drain, never in the middle of a send."""
        self._failed.append(flow)
        self.wake()

    def _backlog_turned(self) -> None:
        if self.on_backlog is not None:
            over_tcp = self._tcp is not None and self._tcp.is_behind
            self.on_backlog(over_tcp or any(udp.is_behind for udp in self._udp.values()))

    def _tcp_transport(self) -> TcpTransport:
        if self._tcp is None:
            self._tcp = TcpTransport(
                self._received, self._failed_later, self._backlog_turned, self.counters, self._limits
            )
        return self._tcp

    # -- time ---------------------------------------------------------------------------------------------------------

    def _schedule(self) -> None:
        """See that the one timer fires no later than the cores ask. A later wish is left to the timer to find."""
        at = self._stack.next_timeout()
        if self._notifier is not None:
            other = self._notifier.next_timeout()
            if at is None or (other is not None and other < at):
                at = other
        if at is None or at >= self._timer_at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        self._timer = self._loop.call_later(max(0.0, at - self._clock()), self._expired)

    def _expired(self) -> None:
        self._timer = None
        self._timer_at = float("inf")
        now = self._clock()
        self._stack.advance(now)
        if self._notifier is not None:
            self._notifier.advance(now)
        self.flush()
