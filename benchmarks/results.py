"""Measured rows: kept in benchmarks/results.json, with what they were measured on and when."""

import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from sipcore import message

RESULTS = Path(__file__).parent / "results.json"


class Result(msgspec.Struct, frozen=True):
    """One row as it was measured."""

    row: str
    value: float
    unit: str
    note: str = ""
    """What it was measured with, where that matters."""
    pace: float = 0.0
    """CPU-microseconds of a datagram just before and after it (`benchmarks.pace`); 0 where nobody looked."""


class Kept(msgspec.Struct, frozen=True):
    """A result as it is kept."""

    row: str
    value: float
    unit: str
    note: str
    machine: str
    date: str
    pace: float = 0.0


def machine() -> str:
    """What this is, in a few words."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    form = "not compiled" if message.__file__.endswith(".py") else "compiled"
    python = f"Python {platform.python_version()}"
    if "/libpython" in Path("/proc/self/maps").read_text():
        python += " in a shared library"
    return f"{os.cpu_count()} cores, {model}, Linux {platform.release()}, {python}, {form}"


def kept(file: Path = RESULTS) -> dict[str, Kept]:
    """What is in the file, by row."""
    if not file.exists():
        return {}
    return {row.row: row for row in msgspec.json.decode(file.read_bytes(), type=list[Kept])}


def keep(results: Iterable[Result], file: Path = RESULTS) -> None:
    """Put results into the file, each in place of the older one of its row."""
    rows = kept(file)
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    for result in results:
        value, pace = round(result.value, 6), round(result.pace, 2)
        rows[result.row] = Kept(result.row, value, result.unit, result.note, machine(), today, pace)
    in_order = [rows[row] for row in sorted(rows)]
    file.write_bytes(msgspec.json.format(msgspec.json.encode(in_order), indent=1) + b"\n")


def parted(row: str) -> tuple[str, str]:
    """The server that a row was measured on and what was measured: `kamailio/register`; "" and the row for others."""
    peer, _, beside = row.rpartition("/")
    return peer, beside


def shown(value: float) -> str:
    """A value with the digits that mean something."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of processes with all their descendants, seconds."""
    ticks = os.sysconf("SC_CLK_TCK")
    return sum(_ticks(pid) for pid in _family(pids)) / ticks


def memory_kb(pids: Iterable[int]) -> int:
    """Proportional set size of processes with all their descendants, kB."""
    total = 0
    for pid in _family(pids):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total


def _family(pids: Iterable[int]) -> set[int]:
    family = set(pids)
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parents[int(entry.name)] = int(_stat(int(entry.name))[1])
            except OSError:
                continue
    grown = True
    while grown:
        children = {pid for pid, parent in parents.items() if parent in family} - family
        family |= children
        grown = bool(children)
    return family


def _ticks(pid: int) -> int:
    stat = _stat(pid)
    return int(stat[11]) + int(stat[12])


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat after the name: state, parent, ... (proc(5))."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
