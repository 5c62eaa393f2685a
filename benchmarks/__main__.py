"""`make bench`: every script of measurements, one after the other, each in a process of its own.

    python -m benchmarks [--runs 3] [--only ROW|SCRIPT ...]

All rows are measured once, and those with a figure to reach or a peer's beside them `--runs` times, of which the median
counts: that of the runs during which the machine was at its full pace, where it changes (`benchmarks.pace`). They are
kept in benchmarks/results.json and told in docs/performance.md.
"""

import argparse
import importlib
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks import report
from benchmarks.kamailio import why_not
from benchmarks.pace import UNDISTURBED
from benchmarks.results import Result, keep, kept, machine, parted, shown
from benchmarks.script import interruptible
from benchmarks.targets import Target, load_targets

SCRIPTS = (
    "parser",
    "transactions",
    "sockets",
    "queue",
    "media",
    "register",
    "notify",
    "statuses",
    "reports",
    "report_latency",
    "phones",
    "calls",
    "overload",
    "peers",
    "survival",
    "durability",
)
MOST_SECONDS = 300
"""A script that takes longer is ended."""


class ScriptFailed(Exception):
    """A script ended with an error or took too long; the message holds the end of what it said."""


def rows_of(script: str) -> tuple[str, ...]:
    """What a script can measure."""
    return tuple(importlib.import_module(f"benchmarks.{script}").ROWS)


def chosen(only: Sequence[str], rows: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The rows to measure, by script. Raises KeyError for what is neither a script nor a row."""
    known = {*rows, *(row for script in rows.values() for row in script)}
    for name in only:
        if name not in known:
            raise KeyError(name)
    wanted = {
        script: [row for row in measured if not only or script in only or row in only]
        for script, measured in rows.items()
    }
    return {script: measured for script, measured in wanted.items() if measured}


def repeated(rows: Mapping[str, Sequence[str]], goals: Mapping[str, Target], run: int) -> dict[str, list[str]]:
    """The rows that are measured once more in the run of that number: those with a figure to reach, peers' too."""
    wanted = {
        script: [row for row in measured if (goal := goals.get(parted(row)[1])) and run <= goal.runs]
        for script, measured in rows.items()
    }
    return {script: measured for script, measured in wanted.items() if measured}


def measure(script: str, rows: Sequence[str], file: Path) -> Iterator[str]:
    """Run a script into a file; yields what it tells of each row. Raises ScriptFailed."""
    command = ["timeout", "--signal=INT", "--kill-after=30", str(MOST_SECONDS)]
    command += [sys.executable, "-m", f"benchmarks.{script}", "--keep", "--file", str(file), *rows]
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        assert process.stdout
        try:
            for line in process.stdout:
                if line.partition(" ")[0] in rows:
                    yield line.rstrip()
        except BaseException:
            # The script ends its servers by itself when it is interrupted.
            process.send_signal(signal.SIGINT)
            raise
        if process.wait() != 0:
            errors.seek(0)
            raise ScriptFailed(f"benchmarks.{script} ended with status {process.returncode}: {errors.read()[-2000:]}")


def medians(runs: Sequence[Sequence[Result]]) -> list[Result]:
    """The median of each row over its undisturbed runs, with their range where there were several.

    Undisturbed is a run at the best pace of all that is given, or nearly; of a row without one, all runs count.
    """
    by_row: dict[str, list[Result]] = {}
    for run in runs:
        for result in run:
            by_row.setdefault(result.row, []).append(result)
    full_pace = min((result.pace for run in runs for result in run), default=0.0)
    return [_median(results, full_pace * UNDISTURBED) for results in by_row.values()]


def _median(results: Sequence[Result], slowest: float) -> Result:
    undisturbed = [result for result in results if result.pace <= slowest]
    counted = undisturbed or results
    values = sorted(result.value for result in counted)
    last = counted[-1]
    notes = [last.note] if last.note else []
    if len(results) > 1:
        of_all = f"{len(counted)} of {len(results)}" if len(counted) < len(results) else f"{len(results)}"
        notes.append(f"median of {of_all}: {shown(values[0])} to {shown(values[-1])}")
    if not undisturbed:
        notes.append("none undisturbed")
    return Result(last.row, statistics.median(values), last.unit, "; ".join(notes), last.pace)


def run_all(plan: Sequence[dict[str, list[str]]], console: Console) -> tuple[list[Result], list[str]]:
    """Carry out the plan, one mapping of scripts to rows for each run: the medians, and what failed."""
    columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    files: list[Path] = []
    failures: list[str] = []
    with tempfile.TemporaryDirectory(prefix="lampfield-bench-") as folder:
        with Progress(*columns, console=console) as bar:
            task = bar.add_task("", total=sum(len(rows) for run in plan for rows in run.values()))
            try:
                for number, scripts in enumerate(plan, 1):
                    files.append(Path(folder) / f"{number}.json")
                    for script, rows in scripts.items():
                        bar.update(task, description=f"run {number} of {len(plan)}: {script}")
                        failures += run_script(script, rows, files[-1], lambda: bar.advance(task), console)
            except KeyboardInterrupt:
                failures.append("Interrupted: what was measured until then is kept.")
        runs = [
            [Result(row.row, row.value, row.unit, row.note, row.pace) for row in kept(file).values()] for file in files
        ]
    return medians(runs), failures


def run_script(
    script: str, rows: Sequence[str], file: Path, advance: Callable[[], None], console: Console
) -> list[str]:
    """Run a script, and tell its rows as they come; what failed."""
    try:
        for line in measure(script, rows, file):
            advance()
            console.print(line, markup=False, highlight=False, no_wrap=True, overflow="ellipsis")
    except ScriptFailed as failed:
        return [str(failed)]
    return []


def table(results: Sequence[Result]) -> Table:
    """What was measured, beside what is to be reached."""
    goals = load_targets().by_row()
    shape = Table("row", "value", "unit", "to reach", "reached", title=machine())
    for result in results:
        goal = goals.get(result.row)
        reached = "" if goal is None else "[green]yes" if goal.reached(result.value) else "[red]no"
        shape.add_row(result.row, shown(result.value), result.unit, shown(goal.reach) if goal else "", reached)
    return shape


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3, help="for the rows with a figure to reach (3)")
    parser.add_argument("--only", nargs="+", default=[], metavar="ROW|SCRIPT", help="a row, or all rows of a script")
    arguments = parser.parse_args()
    interruptible()
    console = Console()
    try:
        first = chosen(arguments.only, {script: rows_of(script) for script in SCRIPTS})
    except KeyError as unknown:
        parser.error(f"{unknown.args[0]} is neither a row nor one of the scripts {', '.join(SCRIPTS)}")
    if "peers" in first and (reason := why_not()):
        console.print(f"benchmarks.peers is skipped: {reason}", style="yellow", markup=False)
        del first["peers"]
    goals = load_targets().by_row()
    again = [repeated(first, goals, run) for run in range(2, arguments.runs + 1)]
    results, failures = run_all([first, *again], console)
    keep(results)
    report.write()
    console.print(table(results))
    for failure in failures:
        console.print(failure, style="red", markup=False)
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
