"""More calls to the menu than a running server can do.

    python -m benchmarks.overload [--keep] [ROW ...]

First the capacity is searched, then twice as much is offered for longer than the server remembers a call.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait

from benchmarks.results import Result, cpu_seconds, memory_kb
from benchmarks.script import command_line, tell
from benchmarks.sipp_calls import Outcome, menu_calls
from benchmarks.whole_server import until_idle, whole_server
from tests.support.server import Server

ROWS = ("overload", "overload-cpu", "overload-refused", "overload-memory")
FIRST_RATE = 100
"""Calls a second where the search for the capacity begins."""
MOST_RATE = 4000
STEP_SECONDS = 4
CALL_SECONDS = 1.0
"""A call with its set-up and end: so much later than the last offer is no backlog."""
CAPACITY_SECONDS = 8
OVERLOAD_SECONDS = 95
FILLED_SECONDS = 50
REMEMBERED_SECONDS = 32
"""The server remembers a call that is over for so long (RFC 3261 §17.2.2, Timer J): later it holds no more."""


def overload(server: Server) -> Iterator[Result]:
    """Offer twice as many calls as were done a second at best."""
    empty = memory_kb([server.pid])
    at_capacity = _capacity(server)
    until_idle(server)
    idle = cpu_seconds([server.pid])
    within = menu_calls(server, at_capacity, at_capacity * CAPACITY_SECONDS)
    best = _done_per_second(within, at_capacity)
    until_idle(server)
    before = cpu_seconds([server.pid])
    beyond, grown = _beyond(server, 2 * at_capacity, empty)
    done = _done_per_second(beyond, 2 * at_capacity)
    until_idle(server)
    at_best, under_load = within.done / (before - idle), beyond.done / (cpu_seconds([server.pid]) - before)
    note = f"whole server; {at_capacity} calls/s at capacity, {done:.0f} done of {2 * at_capacity} offered, SIPp"
    yield Result("overload", done / best, "of the best rate", note)
    yield Result(
        "overload-cpu", under_load / at_best, "of the best", f"{note}; {under_load:.0f} a CPU-second of the server"
    )
    yield Result("overload-refused", beyond.refused / max(1, beyond.offered - beyond.done), "of the rest", note)
    yield Result(
        "overload-memory",
        grown,
        "kB",
        f"{note}; grown from {FILLED_SECONDS} s to {OVERLOAD_SECONDS} s of overload, for as many calls remembered",
    )


def _beyond(server: Server, rate: int, empty: int) -> tuple[Outcome, float]:
    """Offer so many calls a second: what became of them, and kB by which the server grew once it held all it does.

    It remembers more calls where more were done, the machine being faster than before: what these take is not counted.
    """
    with ThreadPoolExecutor(1) as threads:
        offering = threads.submit(menu_calls, server, rate, rate * OVERLOAD_SECONDS)
        wait([offering], FILLED_SECONDS)
        filled = memory_kb([server.pid])
        wait([offering], OVERLOAD_SECONDS - FILLED_SECONDS)
        grown = memory_kb([server.pid]) - filled
        outcome = offering.result()
    first, last = (
        outcome.done_within(second - REMEMBERED_SECONDS, second) for second in (FILLED_SECONDS, OVERLOAD_SECONDS)
    )
    return outcome, grown - (filled - empty) * max(0.0, last - first) / first


def _capacity(server: Server) -> int:
    """The most calls a second that are done when more and more are offered, until not all of them are."""
    rate, best = FIRST_RATE, 0.0
    while best < MOST_RATE:
        done = _done_per_second(menu_calls(server, rate, rate * STEP_SECONDS), rate)
        best = max(best, done)
        if done < 0.95 * rate:
            return max(1, round(best))
        rate = rate * 3 // 2
    raise RuntimeError(f"more than {MOST_RATE} calls a second were done: SIPp cannot offer twice that")


def _done_per_second(outcome: Outcome, rate: int) -> float:
    """What was done a second, while calls were offered or, where a backlog was worked off afterwards, until its end."""
    return outcome.done / max(outcome.offered / rate, outcome.seconds - CALL_SECONDS)


def results() -> Iterator[Result]:
    with whole_server() as server:
        yield from overload(server)


def main() -> None:
    arguments = command_line(__doc__, ROWS).parse_args()
    tell(results(), arguments)


if __name__ == "__main__":
    main()
