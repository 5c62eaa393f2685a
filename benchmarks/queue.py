"""A queue's decisions: how many callers its machine serves in a CPU-second, and how that changes with its size.

    python -m benchmarks.queue [--keep] [ROW ...]

One round is what serving a caller takes, in a queue that is full and whose members all talk: a conversation ends, the
member is offered the next caller, misses the offer every fourth time, answers, and a new caller joins the line's end.
"""

import argparse
import time
from collections import deque
from collections.abc import Iterator

from benchmarks.results import Result
from benchmarks.script import command_line, tell, wanted
from routing.model import Queue
from routing.queue.machine import QueueMachine

ROWS = {"queue-decisions-250": (250, 50), "queue-decisions-1000": (1000, 200), "queue-decisions-4000": (4000, 800)}
"""Callers who wait, and members."""

ROUNDS = 4000
REPEATS = 5


class FullQueue:
    """A machine with every member talking and the line full behind them."""

    def __init__(self, callers: int, members: int) -> None:
        queue = Queue("sales", tuple(f"member-{number}" for number in range(members)), max_waiting=callers + members)
        self.machine = QueueMachine(queue)
        self.now = 1_700_000_000.0
        self.calls = 0
        self.decisions = 0
        for person in queue.members:
            self.machine.clear(person, "gone", self.now)
        for _ in range(callers + members):
            self.join()
        self.talks: deque[str] = deque()
        for offer in list(self.machine.state.offers):
            self.answer(offer)

    def join(self) -> None:
        self.calls += 1
        self.machine.join(f"call-{self.calls}", self.now)

    def answer(self, offer: int) -> None:
        self.talks.append(self.machine.state.offers[offer].call)
        self.machine.offer_answered(offer, self.now)

    def serve(self, number: int) -> None:
        """One round."""
        self.now += 0.25
        machine = self.machine
        machine.advance(self.now)
        machine.talk_ended(self.talks.popleft(), self.now)
        offer = machine.state.last_offer
        if number % 4 == 0:
            machine.offer_failed(offer, "rejected", self.now)
            self.now += 5
            machine.advance(self.now)  # the only free member has rested and is offered the caller again
            offer = machine.state.last_offer
        self.answer(offer)
        self.join()
        machine.next_timeout()
        self.decisions += len(machine.take_events())


def measure(callers: int, members: int) -> tuple[float, float]:
    """Callers served and decisions (events) made in a CPU-second: the best of several runs, when nobody disturbs."""
    served = decided = 0.0
    for _ in range(REPEATS):
        queue = FullQueue(callers, members)
        queue.machine.take_events()
        started = time.process_time()
        for number in range(ROUNDS):
            queue.serve(number)
        took = time.process_time() - started
        served, decided = max(served, ROUNDS / took), max(decided, queue.decisions / took)
    return served, decided


def results(arguments: argparse.Namespace) -> Iterator[Result]:
    for row, (callers, members) in ROWS.items():
        if wanted(arguments, row):
            served, decided = measure(callers, members)
            note = f"{callers:,} waiting, {members} members; {served:,.0f} callers served"
            yield Result(row, round(decided, -2), "per CPU-second", note)


def main() -> None:
    arguments = command_line(__doc__, ROWS).parse_args()
    tell(results(arguments), arguments)


if __name__ == "__main__":
    main()
