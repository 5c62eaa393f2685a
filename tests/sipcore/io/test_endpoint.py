"""The endpoint on real loopback sockets, with a core that notes what it is told."""

import asyncio
import socket
import time
from collections.abc import Callable, Coroutine

import pytest

from sipcore.events import Event, TransportFailed
from sipcore.flow import Datagram, Flow
from sipcore.io.clock import WallClock
from sipcore.io.connection import READ_SIZE
from sipcore.io.endpoint import SipEndpoint
from sipcore.io.listener import Listener, ListenError, bind
from sipcore.io.tcp import TcpLimits
from tests.support import virtual_time

OPTIONS = (
    b"OPTIONS sip:lampfield@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bK1\r\n"
    b"From: <sip:a@example.org>;tag=1\r\nTo: <sip:lampfield@127.0.0.1>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n"
    b"Content-Length: 4\r\n\r\nbody"
)


class Core:
    """Stands in for the stack: keeps what it receives, sends back what `answer` makes of it."""

    def __init__(self, answer: Callable[[bytes], bytes | None] = lambda data: None) -> None:
        self.received: list[tuple[bytes, Flow]] = []
        self.failed: list[Flow] = []
        self.advanced: list[float] = []
        self.timeout: float | None = None
        self.out: list[Datagram] = []
        self._answer = answer
        self._events: list[Event] = []
        self._changed = asyncio.Event()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def stir(self) -> None:
        """Let whoever waits look again."""
        self._changed.set()

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        self.received.append((data, flow))
        answer = self._answer(data)
        if answer is not None:
            self.out.append(Datagram(answer, flow))
        self._changed.set()

    def transport_failed(self, flow: Flow, now: float) -> None:
        self.failed.append(flow)
        self._events.append(TransportFailed(flow))
        self._changed.set()

    def take_datagrams(self) -> list[Datagram]:
        out, self.out = self.out, []
        return out

    def take_events(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    def advance(self, now: float) -> None:
        self.advanced.append(now)
        if self.timeout is not None and self.timeout <= now:
            self.timeout = None
        self._changed.set()

    def next_timeout(self) -> float | None:
        return self.timeout


async def open_endpoint(
    core: Core, *listeners: Listener, limits: TcpLimits | None = None, clock: Callable[[], float] | None = None
) -> SipEndpoint:
    endpoint = SipEndpoint(core, None, clock or WallClock(), lambda events: None, limits=limits)
    await endpoint.listen(listeners)
    return endpoint


def run(scenario: Coroutine[None, None, None]) -> None:
    asyncio.run(scenario)


TCP = Listener("tcp", "127.0.0.1", 0)
UDP = Listener("udp", "127.0.0.1", 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_datagram_reaches_the_stack_with_its_flow_and_the_answer_goes_back(host: str) -> None:
    async def scenario() -> None:
        core = Core(lambda data: b"answer to " + data)
        endpoint = await open_endpoint(core, Listener("udp", host, 0))
        local = endpoint.local("udp")
        assert local is not None
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.setblocking(False)
            phone.connect(local)
            await loop.sock_sendall(phone, b"request")
            assert await loop.sock_recv(phone, 100) == b"answer to request"
            assert core.received == [(b"request", Flow("udp", local, phone.getsockname()[:2]))]
        await endpoint.close()

    run(scenario())


def test_keep_alives_over_udp_do_not_reach_the_stack() -> None:
    async def scenario() -> None:
        core = Core()
        endpoint = await open_endpoint(core, UDP)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.connect(endpoint.local("udp") or ())
            for data in (b"\r\n", b"\r\n\r\n", b"\0", b"", b"OPTIONS"):
                phone.send(data)
            await core.until(lambda: bool(core.received))
        assert [data for data, _ in core.received] == [b"OPTIONS"]
        assert endpoint.counters.keepalives == 4
        await endpoint.close()

    run(scenario())


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1000, 100_000])
def test_messages_on_a_connection_arrive_whole_however_the_stream_is_cut(size: int) -> None:
    async def scenario() -> None:
        core = Core()
        endpoint = await open_endpoint(core, TCP)
        local = endpoint.local("tcp")
        assert local is not None
        _, writer = await asyncio.open_connection(*local)
        stream = OPTIONS * 20
        for start in range(0, len(stream), size):
            writer.write(stream[start : start + size])
            await writer.drain()
            await asyncio.sleep(0)
        await core.until(lambda: len(core.received) == 20)
        assert core.received == [(OPTIONS, Flow("tcp", local, writer.get_extra_info("sockname")))] * 20
        writer.close()
        await endpoint.close()

    run(scenario())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_ping_is_answered_with_a_pong(host: str) -> None:
    async def scenario() -> None:
        core = Core()
        endpoint = await open_endpoint(core, Listener("tcp", host, 0))
        reader, writer = await asyncio.open_connection(*(endpoint.local("tcp") or ()))
        writer.write(b"\r\n\r\n")
        assert await reader.readexactly(2) == b"\r\n"
        writer.write(b"\r\n\r\n" + OPTIONS + b"\r\n\r\n")
        assert await reader.readexactly(4) == b"\r\n\r\n"
        assert len(core.received) == 1
        assert core.received[0][1].remote == writer.get_extra_info("sockname")[:2]
        writer.close()
        await endpoint.close()

    run(scenario())


def test_requests_to_a_phone_behind_nat_use_the_connection_it_opened() -> None:
    async def scenario() -> None:
        core = Core()
        endpoint = await open_endpoint(core, TCP)
        reader, writer = await asyncio.open_connection(*(endpoint.local("tcp") or ()))
        writer.write(OPTIONS)
        await core.until(lambda: bool(core.received))
        endpoint.send([Datagram(b"INVITE later", core.received[0][1])])
        assert await reader.readexactly(12) == b"INVITE later"
        assert endpoint.connections == 1
        writer.close()
        await endpoint.close()

    run(scenario())


def test_a_phone_that_hung_up_its_connection_is_not_called_back_on_its_ephemeral_port() -> None:
    async def scenario() -> None:
        core = Core()
        endpoint = await open_endpoint(core, TCP)
        _, writer = await asyncio.open_connection(*(endpoint.local("tcp") or ()))
        writer.write(OPTIONS)
        await core.until(lambda: bool(core.received))
        flow = core.received[0][1]
        writer.close()
        await core.until(lambda: core.failed == [flow])
        endpoint.send([Datagram(b"INVITE", flow)])
        await core.until(lambda: core.failed == [flow, flow])
        assert endpoint.counters.connections_opened == 0
        await endpoint.close()

    run(scenario())


def test_a_phone_that_connects_from_the_port_where_it_listens_is_answered_on_its_new_connection() -> None:
    async def scenario() -> None:
        core = Core(lambda data: b"answer")
        endpoint = await open_endpoint(core, TCP)
        local = endpoint.local("tcp")
        assert local is not None
        loop = asyncio.get_running_loop()
        with socket.create_server(("127.0.0.1", 0), reuse_port=True) as listening, socket.socket() as phone:
            core.out.append(Datagram(OPTIONS, Flow("tcp", local, listening.getsockname())))
            endpoint.flush()
            called, _ = listening.accept()
            phone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            phone.bind(listening.getsockname())
            phone.connect(local)
            phone.setblocking(False)
            with called:
                await loop.sock_sendall(phone, OPTIONS)
                await core.until(lambda: bool(core.received))
            async with asyncio.timeout(5):
                assert await loop.sock_recv(phone, 100) == b"answer"
                await loop.sock_sendall(phone, OPTIONS)
                assert await loop.sock_recv(phone, 100) == b"answer"
            assert endpoint.connections == 1
        await core.until(lambda: len(core.failed) == 2)
        assert endpoint.connections == 0
        await endpoint.close()

    run(scenario())


def test_messages_wait_for_an_outgoing_connection_and_share_it() -> None:
    async def scenario() -> None:
        arrived: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        provider = await asyncio.start_server(lambda r, w: arrived.put_nowait((r, w)), "127.0.0.1", 0)
        core = Core()
        endpoint = await open_endpoint(core, TCP)
        flow = Flow("tcp", endpoint.local("tcp") or ("", 0), provider.sockets[0].getsockname())
        endpoint.send([Datagram(b"one", flow), Datagram(b"two", flow)])
        reader, writer = await arrived.get()
        assert await reader.readexactly(6) == b"onetwo"
        writer.write(OPTIONS)
        await core.until(lambda: core.received == [(OPTIONS, flow)])
        assert arrived.empty()
        writer.close()
        await endpoint.close()
        provider.close()

    run(scenario())


def test_a_refused_connection_is_a_failed_flow() -> None:
    async def scenario() -> None:
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))  # bound and not listening
            core = Core()
            endpoint = await open_endpoint(core, TCP)
            flow = Flow("tcp", endpoint.local("tcp") or ("", 0), nobody.getsockname())
            endpoint.send([Datagram(b"one", flow)])
            await core.until(lambda: core.failed == [flow])
            assert endpoint.connections == 0
            assert endpoint.counters.connections_failed == 1
            await endpoint.close()

    run(scenario())


def test_a_peer_that_does_not_read_loses_its_connection_not_our_memory() -> None:
    async def scenario() -> None:
        core = Core()
        endpoint = await open_endpoint(core, TCP, limits=TcpLimits(queue=100_000))
        with socket.socket() as phone:
            phone.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            phone.connect(endpoint.local("tcp") or ())
            phone.sendall(OPTIONS)
            await core.until(lambda: bool(core.received))
            flow = core.received[0][1]
            for _ in range(1000):
                endpoint.send([Datagram(b"x" * 10_000, flow)])
                if endpoint.connections == 0:
                    break
            await core.until(lambda: flow in core.failed)
            assert endpoint.connections == 0
        await endpoint.close()

    run(scenario())


def test_what_is_not_read_is_bounded_over_all_connections() -> None:
    async def scenario() -> None:
        core = Core()
        endpoint = await open_endpoint(core, TCP, limits=TcpLimits(queue=100_000_000, held=100_000))
        with socket.socket() as phone:
            phone.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            phone.connect(endpoint.local("tcp") or ())
            phone.sendall(OPTIONS)
            await core.until(lambda: bool(core.received))
            flow = core.received[0][1]
            for _ in range(1000):
                endpoint.send([Datagram(b"x" * 10_000, flow)])
                if endpoint.connections == 0:
                    break
            await core.until(lambda: flow in core.failed)
        await endpoint.close()

    run(scenario())


def test_of_many_halves_of_messages_the_longest_go_and_small_ones_may_end() -> None:
    async def scenario() -> None:
        core = Core()
        endpoint = await open_endpoint(core, TCP, limits=TcpLimits(held=500_000))
        local = endpoint.local("tcp") or ()
        small, *floods = [await asyncio.open_connection(*local) for _ in range(9)]
        small[1].write(OPTIONS[:-2])
        for number, (_, writer) in enumerate(floods, start=1):
            writer.write(OPTIONS.replace(b"Content-Length: 4", b"Content-Length: 250000") + b"x" * 10_000 * number)
        # 360 kB are held; the next 150 kB are too much, and 375 kB may stay.
        floods[-1][1].write(b"x" * 150_000)
        await core.until(lambda: len(core.failed) == 1)
        assert core.failed[0].remote == floods[-1][1].get_extra_info("sockname")
        small[1].write(OPTIONS[-2:])
        await core.until(lambda: bool(core.received))
        assert endpoint.connections == 8
        for _, writer in (small, *floods):
            writer.close()
        await endpoint.close()

    run(scenario())


def test_a_slow_reader_gets_everything_in_order() -> None:
    async def scenario() -> None:
        core = Core()
        endpoint = await open_endpoint(core, TCP, limits=TcpLimits(queue=10_000_000))
        reader, writer = await asyncio.open_connection(*(endpoint.local("tcp") or ()), limit=1000)
        writer.write(OPTIONS)
        await core.until(lambda: bool(core.received))
        sent = [b"%08d" % number * 1000 for number in range(500)]
        endpoint.send([Datagram(data, core.received[0][1]) for data in sent])
        for data in sent:
            assert await reader.readexactly(8000) == data
        writer.close()
        await endpoint.close()

    run(scenario())


def test_lost_framing_closes_the_connection() -> None:
    async def scenario() -> None:
        core = Core()
        endpoint = await open_endpoint(core, TCP)
        reader, writer = await asyncio.open_connection(*(endpoint.local("tcp") or ()))
        writer.write(OPTIONS.replace(b"Content-Length: 4", b"Content-Length: x"))
        assert await reader.read() == b""
        assert core.received == []
        writer.close()
        await endpoint.close()

    run(scenario())


def test_one_host_cannot_take_all_connections() -> None:
    async def scenario() -> None:
        core = Core()
        endpoint = await open_endpoint(core, TCP, limits=TcpLimits(connections_per_host=2))
        local = endpoint.local("tcp") or ()
        kept = [await asyncio.open_connection(*local) for _ in range(2)]
        reader, _ = await asyncio.open_connection(*local)
        assert await reader.read() == b""
        assert endpoint.counters.connections_refused == 1
        kept[0][1].write(OPTIONS)
        await core.until(lambda: bool(core.received))
        for _, writer in kept:
            writer.close()
        await endpoint.close()

    run(scenario())


@pytest.mark.parametrize(
    ("sent", "after"), [(b"", 30), (b"OPTIONS sip:half", 30), (OPTIONS, 7500), (OPTIONS + b"x", 7500)]
)
def test_connections_are_closed_when_silent_or_stalled(sent: bytes, after: float) -> None:
    async def scenario() -> None:
        core = Core()
        endpoint = await open_endpoint(core, TCP, clock=virtual_time.now)
        reader, writer = await asyncio.open_connection(*(endpoint.local("tcp") or ()))
        writer.write(sent)
        began = virtual_time.now()
        assert await reader.read() == b""
        assert after <= virtual_time.now() - began <= after + 10
        writer.close()
        await endpoint.close()

    virtual_time.run(scenario())


def test_the_cores_are_advanced_when_they_asked_for_it() -> None:
    async def scenario() -> None:
        core = Core()
        endpoint = await open_endpoint(core, UDP, clock=virtual_time.now)
        began = virtual_time.now()
        core.timeout = began + 5
        endpoint.wake()
        await asyncio.sleep(1)
        core.timeout = began + 3
        endpoint.wake()
        await core.until(lambda: bool(core.advanced))
        assert core.advanced == [pytest.approx(began + 3, abs=0.01)]
        await endpoint.close()

    virtual_time.run(scenario())


def test_traffic_can_be_watched_both_ways() -> None:
    async def scenario() -> None:
        core = Core(lambda data: b"answer")
        endpoint = await open_endpoint(core, UDP)
        seen = []
        endpoint.on_traffic = lambda direction, data, flow, now: seen.append((direction, data))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.connect(endpoint.local("udp") or ())
            phone.send(b"request")
            await core.until(lambda: bool(core.received))
        assert seen == [("in", b"request"), ("out", b"answer")]
        await endpoint.close()

    run(scenario())


class Notifier(Core):
    """Takes the responses that have its branch."""

    def receive_response(self, data: bytes, now: float) -> bool:
        if b"known" not in data:
            return False
        self.received.append((data, Flow("udp", ("", 0), ("", 0))))
        return True


class Lane(Core):
    """Takes a REGISTER that it knows, and answers it."""

    begins = (b"REGISTER ",)

    def receive(self, data: bytes, flow: Flow, now: float) -> bool:  # type: ignore[override]
        if b"known" not in data:
            return False
        super().receive(data, flow, now)
        return True


def test_notifier_and_lane_get_theirs_and_the_stack_the_rest() -> None:
    async def scenario() -> None:
        stack, notifier, lane = Core(), Notifier(), Lane(lambda data: b"short answer")
        endpoint = SipEndpoint(stack, notifier, WallClock(), lambda events: None, lanes=[lane])
        await endpoint.listen([UDP])
        for_notifier = b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKn.known\r\n"
        for_lane = b"REGISTER sip:known SIP/2.0\r\n"
        for_stack = [for_notifier.replace(b"known", b"other"), b"SIP/2.0 200 OK\r\n", for_lane.replace(b"kn", b"un")]
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.setblocking(False)
            phone.connect(endpoint.local("udp") or ())
            for data in [for_notifier, for_lane, *for_stack]:
                phone.send(data)
            assert await loop.sock_recv(phone, 100) == b"short answer"
            await stack.until(lambda: len(stack.received) == 3)
        assert [data for data, _ in stack.received] == for_stack
        assert [data for data, _ in notifier.received] == [for_notifier]
        assert [data for data, _ in lane.received] == [for_lane]
        await endpoint.close()

    run(scenario())


def test_what_the_answers_promise_is_settled_before_any_leaves() -> None:
    async def scenario() -> None:
        promised: list[str] = []
        kept: list[list[str]] = []

        def answer(who: str) -> Callable[[bytes], bytes]:
            def respond(data: bytes) -> bytes:
                promised.append(who)
                return who.encode()

            return respond

        def settle() -> None:
            kept.append(list(promised))

        stack, lane = Core(answer("stack")), Lane(answer("lane"))
        endpoint = SipEndpoint(stack, None, WallClock(), lambda events: None, settle=settle, lanes=[lane])
        await endpoint.listen([UDP])
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.setblocking(False)
            phone.connect(endpoint.local("udp") or ())
            for request, who in [(b"REGISTER sip:known SIP/2.0\r\n", "lane"), (OPTIONS, "stack")]:
                await loop.sock_sendall(phone, request)
                assert await loop.sock_recv(phone, 100) == who.encode()
                assert who in kept[-1]
        await endpoint.close()

    run(scenario())


@pytest.mark.parametrize("listener", [UDP, TCP])
def test_what_waits_before_a_socket_is_told_as_a_backlog_until_it_is_worked_off(listener: Listener) -> None:
    async def scenario() -> None:
        told: list[tuple[bool, int]] = []
        core = Core(slowly)
        endpoint = await open_endpoint(core, listener)

        def tell(behind: bool) -> None:
            told.append((behind, len(core.received)))
            core.stir()

        endpoint.on_backlog = tell
        # 64 are what one look takes, datagrams or bytes of a connection: the last look finds nothing behind it.
        message = OPTIONS.replace(b"Call-ID: 1", b"Call-ID: " + b"1" * (READ_SIZE // 64 - len(OPTIONS) + 1))
        loop, kind = asyncio.get_running_loop(), socket.SOCK_DGRAM if listener is UDP else socket.SOCK_STREAM
        with socket.socket(socket.AF_INET, kind) as phone:
            phone.setblocking(False)
            await loop.sock_connect(phone, endpoint.local(listener.transport) or ())
            for _ in range(64 * 8):
                await loop.sock_sendall(phone, message)
            await core.until(lambda: len(core.received) == 64 * 8)
            await core.until(lambda: len(told) == 2)
        assert [behind for behind, _ in told] == [True, False]
        # Each 64 take 0.16 s: not before the fourth has it lasted, and behind the eighth nothing waits.
        assert 3 * 64 <= told[0][1] < told[1][1]
        assert told[1][1] >= 7 * 64
        await endpoint.close()

    run(scenario())


def test_a_connection_that_is_lost_amid_its_backlog_leaves_none() -> None:
    async def scenario() -> None:
        told: list[bool] = []
        core = Core(slowly)
        endpoint = await open_endpoint(core, TCP)
        endpoint.on_backlog = told.append
        _, writer = await asyncio.open_connection(*(endpoint.local("tcp") or ()))
        writer.write(OPTIONS * 800)
        await core.until(lambda: bool(told))
        writer.transport.abort()
        await core.until(lambda: bool(core.failed))
        assert told == [True, False]
        await endpoint.close()

    run(scenario())


def slowly(data: bytes) -> None:
    """Work that takes 2.5 ms."""
    done = time.perf_counter() + 0.0025
    while time.perf_counter() < done:
        pass


def test_an_error_in_the_layer_above_does_not_stop_the_sockets() -> None:
    async def scenario() -> None:
        core = Core(lambda data: b"answer")

        def fail(events: list[Event]) -> None:
            raise RuntimeError

        endpoint = SipEndpoint(core, None, WallClock(), fail)
        await endpoint.listen([UDP])
        local = endpoint.local("udp")
        assert local is not None
        core.transport_failed(Flow("udp", local, local), 0.0)
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.setblocking(False)
            phone.connect(local)
            await loop.sock_sendall(phone, b"request")
            assert await loop.sock_recv(phone, 100) == b"answer"
        await endpoint.close()

    run(scenario())


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_ports_in_use_are_all_named_and_nothing_stays_bound(transport: str) -> None:
    async def scenario() -> None:
        free = Listener("udp", "127.0.0.1", 0)
        taken = bind(Listener(transport, "127.0.0.1", 0))  # type: ignore[arg-type]
        port = taken.getsockname()[1]
        endpoint = SipEndpoint(Core(), None, WallClock(), lambda events: None)
        wanted = [free, Listener(transport, "127.0.0.1", port), Listener("udp", "192.0.2.1", 5060)]  # type: ignore[arg-type]
        with pytest.raises(ListenError) as error:
            await endpoint.listen(wanted)
        assert str(error.value) == (
            f"cannot listen on {transport}:127.0.0.1:{port}: another program uses this port; "
            "cannot listen on udp:192.0.2.1:5060: this machine does not have the address"
        )
        assert endpoint.listening == []
        taken.close()

    run(scenario())


def test_a_socket_that_the_supervisor_bound_is_taken_over() -> None:
    async def scenario() -> None:
        bound = bind(UDP)
        host, port = bound.getsockname()
        endpoint = await open_endpoint(Core(), Listener("udp", host, port, fd=bound.detach()))
        assert endpoint.local("udp") == (host, port)
        await endpoint.close()

    run(scenario())


@pytest.mark.parametrize(
    ("listens", "towards", "local"),
    [
        (["127.0.0.2", "127.0.0.1"], "127.0.0.9", "127.0.0.1"),
        (["127.0.0.2", "::1", "127.0.0.1"], "::1", "::1"),
        (["127.0.0.2", "0.0.0.0"], "127.0.0.9", "0.0.0.0"),
        (["127.0.0.2", "127.0.0.3"], "127.0.0.9", "127.0.0.2"),
        (["127.0.0.2"], "127.0.0.9", "127.0.0.2"),
        (["127.0.0.2", "127.0.0.1"], "::1", None),
    ],
)
def test_a_flow_begins_where_the_route_leaves_from(listens: list[str], towards: str, local: str | None) -> None:
    async def scenario() -> None:
        for transport in ("udp", "tcp"):
            endpoint = await open_endpoint(Core(), *(Listener(transport, host, 0) for host in listens))
            found = endpoint.local_towards(transport, towards)
            assert (found[0] if found else None) == local
            assert endpoint.local_towards(transport, towards) == found
            await endpoint.close()

    asyncio.run(scenario())
