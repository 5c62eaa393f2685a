"""What it costs that subscriptions outlive a crash: the same work with the journal and without, without sockets.

    python -m benchmarks.durability [--keep] [ROW ...]

CPU seconds are those of the whole process, the journal's thread and its writing to disk among them; a measurement ends
when everything is on disk.
"""

import gc
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import msgspec

from benchmarks.notify import FLOW, request
from benchmarks.results import Result
from benchmarks.script import best, command_line, tell, wanted
from benchmarks.watched_server import DOMAIN, answer, make_lamps, ring, subscribe_bytes
from lampfield.journal import Journal
from lampfield.presence.lamps import Lamps
from sipcore.subscription import SubscriptionEnded

PER_1000 = "CPU-s per 1,000"
SUBSCRIPTIONS = 5000
WATCHERS, ROUNDS = 100, 2000
"""Enough NOTIFYs for each watcher that numbers are reserved anew twice."""
BATCH = 50
"""Requests between two looks at what is to be written, as they come in one turn of a busy loop."""


@contextmanager
def journal(wanted_: bool) -> Iterator[Journal | None]:
    """A journal on disk, or none."""
    if not wanted_:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="lampfield-bench-") as folder:
        opened = Journal(Path(folder) / "journal")
        opened.open()
        yield opened
        opened.close()


def settle(lamps: Lamps, kept: Journal | None) -> None:
    """Write what has changed, as `lampfield.presence.subscriptions` does."""
    for change in lamps.notifier.take_changes():
        if kept is None:
            continue
        if isinstance(change, SubscriptionEnded):
            kept.delete("subscription", change.id)
        else:
            kept.put("subscription", change.id, msgspec.msgpack.encode(change))


def subscribing(durable: bool) -> float:
    """CPU seconds for 1,000 SUBSCRIBEs with response and first NOTIFY."""
    requests = [subscribe_bytes(i, i % 100, "dialog", FLOW.remote) for i in range(SUBSCRIPTIONS)]

    def once() -> float:
        lamps = make_lamps(100)
        with journal(durable) as kept:
            gc.collect()
            gc.freeze()
            started = time.process_time()
            for index, data in enumerate(requests):
                lamps.subscribe(request(data), FLOW, 1000.0, watcher_domain=DOMAIN).to_bytes()
                if index % BATCH == BATCH - 1:
                    settle(lamps, kept)
            if kept is not None:
                kept.flush()
            spent = time.process_time() - started
            gc.unfreeze()
        return spent / SUBSCRIPTIONS * 1000

    return best(once, 3)


def notifying(durable: bool) -> float:
    """CPU seconds for 1,000 NOTIFYs and their responses."""
    lamps = make_lamps(1)
    notifier = lamps.notifier
    calls = count()
    with journal(durable) as kept:
        for i in range(WATCHERS):
            lamps.subscribe(request(subscribe_bytes(i, 0, "dialog", FLOW.remote)), FLOW, 1000.0, watcher_domain=DOMAIN)
        for datagram in notifier.take_datagrams():
            notifier.receive_response(answer(datagram.data), 1000.0)
        settle(lamps, kept)

        def once() -> float:
            spent, now = 0.0, 1000.0
            for _ in range(ROUNDS):
                now += 0.01
                started = time.process_time()
                ring(lamps, 0, next(calls), now)
                datagrams = notifier.take_datagrams()
                settle(lamps, kept)
                spent += time.process_time() - started
                answers = [answer(datagram.data) for datagram in datagrams]
                started = time.process_time()
                for data in answers:
                    notifier.receive_response(data, now)
                spent += time.process_time() - started
            started = time.process_time()
            if kept is not None:
                kept.flush()
            return (spent + time.process_time() - started) / (ROUNDS * WATCHERS) * 1000

        return best(once, 2)


def bytes_kept() -> float:
    """Bytes of the journal for a new subscription."""
    lamps = make_lamps(100)
    with tempfile.TemporaryDirectory(prefix="lampfield-bench-") as folder:
        kept = Journal(Path(folder) / "journal")
        kept.open()
        for i in range(1000):
            data = subscribe_bytes(i, i % 100, "dialog", FLOW.remote)
            lamps.subscribe(request(data), FLOW, 1000.0, watcher_domain=DOMAIN)
        settle(lamps, kept)
        kept.close()
        return (Path(folder) / "journal").stat().st_size / 1000


ON, OFF = "with the journal, until it is on disk", "without the journal"
ROWS: dict[str, tuple[str, Callable[[], float], str]] = {
    "subscribe-kept": (PER_1000, lambda: subscribing(True), ON),
    "subscribe-not-kept": (PER_1000, lambda: subscribing(False), OFF),
    "notify-kept": (PER_1000, lambda: notifying(True), ON),
    "notify-not-kept": (PER_1000, lambda: notifying(False), OFF),
    "subscription-on-disk": ("bytes", bytes_kept, "written for a new one"),
}


def main() -> None:
    arguments = command_line(__doc__, ROWS).parse_args()
    measured = (
        Result(row, measure(), unit, note) for row, (unit, measure, note) in ROWS.items() if wanted(arguments, row)
    )
    tell(measured, arguments)


if __name__ == "__main__":
    main()
