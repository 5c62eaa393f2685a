"""The rows of `benchmarks.peers` by a load client of one's own: PRESLOAD names a program that takes these options.

    --target HOST:PORT --domain DOMAIN --server-pid PID --watcher-prefix p --event presence|dialog
    --user-base K --watchers N --presentities M [--window W | --rate R] --duration SECONDS --quiet --json

It subscribes N watchers `pK`, `pK+1`, ... to M presentities of such names in turn and lets these publish: W of them at
a time, each again when all its watchers have seen the state, or R a second whatever comes. It prints one JSON object.
"""

import subprocess
from collections.abc import Sequence

import msgspec

from benchmarks.watched_server import DOMAIN
from sipcore.flow import Address

SECONDS = 4
WINDOW = 20


class Told(msgspec.Struct, frozen=True):
    """What it tells, as far as it is asked here."""

    lost: int
    superseded: int
    final_missing: int
    subs_failed: int
    server_cpu_per_1000_notify: float
    lat_p99_ms: float


def fan_out(program: str, server: Address, pid: int, event: str, people: Sequence[int], watchers: int) -> float:
    """CPU seconds of a server for 1,000 NOTIFYs with their responses and the PUBLISHes that cause them."""
    options = ["--event", event, *_of(people, watchers)]
    at_once = min(len(people), WINDOW // watchers or 1)
    told = _run(program, server, pid, [*options, "--window", str(at_once), "--duration", str(SECONDS)])
    return told.server_cpu_per_1000_notify


def latency_ms(
    program: str, server: Address, pid: int, people: Sequence[int], watchers: int, per_second: float
) -> float:
    """99th percentile of the time from a PUBLISH to its NOTIFY at the watcher."""
    options = ["--event", "presence", *_of(people, watchers)]
    return _run(program, server, pid, [*options, "--rate", str(per_second), "--duration", str(SECONDS)]).lat_p99_ms


def _of(people: Sequence[int], watchers: int) -> list[str]:
    """Nobody twice: who watched in a row before is gone, but a server that does not know it tells them all the same."""
    return [
        "--user-base",
        str(people[0]),
        "--watchers",
        str(len(people) * watchers),
        "--presentities",
        str(len(people)),
    ]


def _run(program: str, server: Address, pid: int, options: Sequence[str]) -> Told:
    command = [program, "--target", f"{server[0]}:{server[1]}", "--domain", DOMAIN, "--server-pid", str(pid)]
    command += ["--watcher-prefix", "p", "--quiet", "--json", *options]
    said = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=120).stdout
    told = msgspec.json.decode(said, type=Told)
    missing = told.subs_failed + told.final_missing + told.lost - told.superseded
    if missing:
        raise RuntimeError(f"{missing} subscriptions or states are missing: {said.decode()}")
    return told
