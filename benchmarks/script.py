"""What every script of measurements has in common: its command line, and how it tells and keeps its rows.

A script has `ROWS`, the rows it can measure, and measures those that its command line names, or all.
"""

import argparse
import signal
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

import msgspec

from benchmarks.pace import pace
from benchmarks.results import RESULTS, Result, keep, machine, shown


def command_line(description: str | None, rows: Collection[str]) -> argparse.ArgumentParser:
    """The options of every script: which rows, and whether and where to keep them."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", choices=[*rows, []], metavar="ROW", help=", ".join(rows))
    parser.add_argument("--keep", action="store_true", help="put the results into the file")
    parser.add_argument("--file", type=Path, default=RESULTS, help="benchmarks/results.json")
    return parser


def wanted(arguments: argparse.Namespace, *rows: str) -> bool:
    """Whether one of the rows is to be measured."""
    return not arguments.rows or any(row in arguments.rows for row in rows)


def interruptible() -> None:
    """Let SIGTERM and SIGINT end this process by KeyboardInterrupt, so that it ends its servers.

    Python leaves SIGINT ignored in what a shell starts in the background.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)


def tell(results: Iterable[Result], arguments: argparse.Namespace) -> None:
    """Print each wanted result as it comes, and keep it if that is asked."""
    interruptible()
    print(machine(), flush=True)
    for result in _paced(results):
        if wanted(arguments, result.row):
            print(f"{result.row:32} {shown(result.value):>10} {result.unit:24} {result.note}", flush=True)
            if arguments.keep:
                keep([result], arguments.file)


def _paced(results: Iterable[Result]) -> Iterator[Result]:
    """The results, each with the machine's pace while it was measured: the mean of before and after."""
    before = pace()
    for result in results:
        after = pace()
        yield msgspec.structs.replace(result, pace=(before + after) / 2)
        before = after


def best(work: Callable[[], float], rounds: int = 5) -> float:
    """The least of several rounds: what it costs when nobody else disturbs."""
    return min(work() for _ in range(rounds))
