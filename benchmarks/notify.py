"""NOTIFY fan-out, SUBSCRIBE and the memory of a subscription.

    python -m benchmarks.notify [--keep] [ROW ...]

The lamps' own path, without the rest of the server (`benchmarks.phones` measures the whole): CPU seconds of a process
that runs SipEndpoint, Stack, Lamps and Notifier, over loopback sockets. Rows in memory leave the sockets out too.
"""

import gc
import time
import tracemalloc
from collections.abc import Callable
from itertools import count

from benchmarks.results import Result, memory_kb
from benchmarks.script import best, command_line, tell, wanted
from benchmarks.watched_server import DOMAIN, Watched, answer, make_lamps, ring, subscribe_bytes
from sipcore.flow import Flow
from sipcore.message import Request, parse_message

FLOW = Flow("udp", ("127.0.0.1", 5060), ("127.0.0.1", 9999))
PER_1000 = "CPU-s per 1,000"


def request(data: bytes) -> Request:
    message = parse_message(data)
    assert isinstance(message, Request)
    return message


def fan_out(event: str, people: int, watchers: int, rounds: int) -> float:
    """CPU seconds of the server for 1,000 NOTIFYs and their responses, over sockets."""
    watched = Watched(people)
    everybody = range(people)
    total = people * watchers
    try:
        watched.subscribe(total, people, event)
        watched.settle()

        def once() -> float:
            before = watched.cpu()
            for _ in range(rounds):
                watched.ring(everybody)
                told = 0
                while told < total:
                    told += watched.receive(lambda data: None)[0]
            return (watched.cpu() - before) / (total * rounds) * 1000

        once()
        return best(once, 3)
    finally:
        watched.close()


def subscribing(number: int) -> float:
    """CPU seconds of the server for 1,000 SUBSCRIBEs, each with its response and its first NOTIFY, over sockets."""

    def once() -> float:
        watched = Watched(100)
        try:
            before = watched.cpu()
            watched.subscribe(number, 100, "dialog")
            return (watched.cpu() - before) / number * 1000
        finally:
            watched.close()

    return best(once, 3)


def latency(changes_per_second: int, watchers: int, seconds: float) -> float:
    """99th percentile of the time from a change to its NOTIFY at the watcher, milliseconds."""
    people = 100
    watched = Watched(people)
    times: list[float] = []
    started: dict[bytes, float] = {}

    def told(data: bytes) -> None:
        call = data.partition(b'call-id="call-')[2].partition(b"-")[0]
        times.append(time.perf_counter() - started[call])

    try:
        watched.subscribe(people * watchers, people, "dialog")
        watched.settle()
        begin = time.perf_counter()
        for change in range(int(changes_per_second * seconds)):
            due = begin + change / changes_per_second
            while (now := time.perf_counter()) < due:
                watched.receive(told, due - now)
            started[str(change).encode()] = time.perf_counter()
            watched.ring([change % people])
        while watched.receive(told, 0.2)[0]:
            pass
        return sorted(times)[int(len(times) * 0.99)] * 1000
    finally:
        watched.close()


def call_of(notify: bytes) -> int:
    """The number of the call that a NOTIFY tells of; -1 for none."""
    digits = notify.partition(b'call-id="call-')[2].partition(b"-")[0]
    return int(digits) if digits else -1


def overloaded(seconds: float = 5.0) -> tuple[float, float]:
    """Offer twice the changes that can be told: NOTIFYs a second as share of those at best, and memory grown, kB."""
    people, watchers = 100, 10
    total = people * watchers
    watched = Watched(people)
    newest: dict[int, int] = {}

    def told(data: bytes) -> None:
        phone = int(data.partition(b"sip:w")[2].partition(b"@")[0])
        newest[phone] = max(newest.get(phone, -1), call_of(data))

    def rate(between: Callable[[int], None]) -> float:
        told_so_far, begin = 0, time.perf_counter()
        while time.perf_counter() < begin + seconds:
            told_so_far += watched.receive(told, 0.1)[0]
            between(told_so_far)
        return told_so_far / (time.perf_counter() - begin)

    next_at = 0

    def ring_when_told(told_so_far: int) -> None:
        nonlocal next_at
        if told_so_far >= next_at:
            watched.ring(range(people))
            next_at += total

    try:
        watched.subscribe(total, people, "dialog")
        watched.settle()
        at_best = rate(ring_when_told)
        before = memory_kb([watched.pid])
        watched.storm(seconds, 2 * at_best / watchers)
        in_storm = rate(lambda told_so_far: None)
        grown = memory_kb([watched.pid]) - before
        while watched.receive(told, 1.0)[0]:
            pass
        last = watched.calls()
        missed = sum(call != last[phone % people] for phone, call in newest.items())
        if missed:
            raise RuntimeError(f"{missed} watchers never saw the last state")
        return in_storm / at_best, grown
    finally:
        watched.close()


def fan_out_in_memory(event: str, people: int, watchers: int, rounds: int) -> float:
    """CPU seconds for 1,000 NOTIFYs and their responses, without sockets."""
    lamps = make_lamps(people)
    notifier = lamps.notifier
    now = 1000.0
    for i in range(people * watchers):
        data = subscribe_bytes(i, i % people, event, FLOW.remote)
        assert lamps.subscribe(request(data), FLOW, now, watcher_domain=DOMAIN).status == 200
    for datagram in notifier.take_datagrams():
        notifier.receive_response(answer(datagram.data), now)
    calls = count()

    def once() -> float:
        spent = 0.0
        sent = 0
        for _ in range(rounds):
            nonlocal now
            now += 0.01
            started = time.process_time()
            for person in range(people):
                ring(lamps, person, next(calls), now)
            datagrams = notifier.take_datagrams()
            spent += time.process_time() - started
            answers = [answer(datagram.data) for datagram in datagrams]
            sent += len(answers)
            started = time.process_time()
            for data in answers:
                notifier.receive_response(data, now)
            notifier.advance(now)
            spent += time.process_time() - started
        assert sent == people * watchers * rounds
        return spent / sent * 1000

    gc.collect()
    gc.freeze()
    cost = best(once, 3)
    gc.unfreeze()
    return cost


def subscribing_in_memory(number: int) -> float:
    """CPU seconds for 1,000 SUBSCRIBEs with response and first NOTIFY, parsed but without stack and sockets."""
    requests = [subscribe_bytes(i, i % 100, "dialog", FLOW.remote) for i in range(number)]

    def once() -> float:
        lamps = make_lamps(100)
        gc.collect()
        gc.freeze()
        started = time.process_time()
        for data in requests:
            lamps.subscribe(request(data), FLOW, 1000.0, watcher_domain=DOMAIN).to_bytes()
        lamps.notifier.take_datagrams()
        lamps.notifier.take_changes()
        spent = time.process_time() - started
        gc.unfreeze()
        return spent / number * 1000

    return best(once, 3)


def memory(number: int) -> float:
    """kB of a subscription at rest, as tracemalloc counts them."""
    lamps = make_lamps(100)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for i in range(number):
        data = subscribe_bytes(i, i % 100, "dialog", FLOW.remote)
        lamps.subscribe(request(data), FLOW, 1000.0, watcher_domain=DOMAIN)
        for datagram in lamps.notifier.take_datagrams():
            lamps.notifier.receive_response(answer(datagram.data), 1000.0)
    lamps.notifier.take_changes()
    lamps.notifier.advance(1100.0)
    gc.collect()
    used = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return used / number / 1000


SOCKETS = "over sockets: endpoint, stack, lamps and notifier in one process, nothing on disk"
MEMORY = "without sockets"
ROWS: dict[str, tuple[str, Callable[[], float], str]] = {
    "component-notify-pidf-1000x1": (PER_1000, lambda: fan_out("presence", 1, 1000, 10), SOCKETS),
    "component-notify-pidf-10x100": (PER_1000, lambda: fan_out("presence", 100, 10, 10), SOCKETS),
    "component-notify-dialog-1000x1": (PER_1000, lambda: fan_out("dialog", 1, 1000, 10), SOCKETS),
    "component-notify-dialog-10x100": (PER_1000, lambda: fan_out("dialog", 100, 10, 10), SOCKETS),
    "component-notify-latency-p99": ("ms", lambda: latency(100, 10, 5.0), SOCKETS),
    "lamp-overload": ("of the best rate", lambda: overloaded()[0], SOCKETS),
    "lamp-overload-memory": ("kB grown", lambda: overloaded()[1], SOCKETS),
    "component-subscribe": (PER_1000, lambda: subscribing(2000), SOCKETS),
    "in-memory-subscription": ("kB", lambda: memory(5000), MEMORY),
    "in-memory-notify-pidf-1000x1": (PER_1000, lambda: fan_out_in_memory("presence", 1, 1000, 5), MEMORY),
    "in-memory-notify-pidf-10x100": (PER_1000, lambda: fan_out_in_memory("presence", 100, 10, 5), MEMORY),
    "in-memory-notify-dialog-1000x1": (PER_1000, lambda: fan_out_in_memory("dialog", 1, 1000, 5), MEMORY),
    "in-memory-notify-dialog-10x100": (PER_1000, lambda: fan_out_in_memory("dialog", 100, 10, 5), MEMORY),
    "in-memory-subscribe": (PER_1000, lambda: subscribing_in_memory(2000), MEMORY),
}


def main() -> None:
    arguments = command_line(__doc__, ROWS).parse_args()
    measured = (
        Result(row, measure(), unit, note) for row, (unit, measure, note) in ROWS.items() if wanted(arguments, row)
    )
    tell(measured, arguments)


if __name__ == "__main__":
    main()
