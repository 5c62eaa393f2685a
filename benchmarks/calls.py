"""Whole calls through a running server: the menu, callers on hold, bridged calls.

    python -m benchmarks.calls [--rtpload PATH] [--rate 200] [--seconds 10] [--keep] [ROW ...]

Calls to the menu are SIPp's. Calls that are held are our own, their RTP is that of `media_load.c`; or both are those of
`rtpload`, a load client of your own, where its path is given by option or in RTPLOAD. CPU is that of the server's whole
process tree.
"""

import argparse
import os
import re
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.held_calls import HeldCalls
from benchmarks.media import BRIDGED_CALLS, CALL_MINUTE, HOLD_CALLERS, SETTLING, Load, compiled_load, expect_all, floor
from benchmarks.results import Result, cpu_seconds
from benchmarks.script import command_line, tell, wanted
from benchmarks.sipp_calls import menu_calls
from benchmarks.whole_server import (
    BRIDGE_NUMBER,
    HOLD_NUMBER,
    POSITION_SECONDS,
    QUEUE_NUMBER,
    register,
    whole_server,
)
from tests.support.ports import LOOPBACK, free_port
from tests.support.server import Server

ROWS = (
    "call-menu",
    "call-menu-450",
    "hold-music",
    "rtp-spacing-p99",
    "queue-waiting",
    "queue-waiting-to-sends",
    "bridge",
    "bridge-delay-p99",
    "call-menu-1350",
)


MENU_SECONDS = 5
"""How long calls to the menu are offered."""
STEADY_RATE = 200
"""Calls a second at which the server sleeps between them: the price of a call that comes alone."""
LIMIT_OF_ASTERISK = 450
"""Calls a second above which Asterisk's collapse; here several of them share a turn of the loop."""
BUSY_RATE = 3 * LIMIT_OF_ASTERISK
"""Calls a second that leave the server little rest, where the price of a call is that of having a processor more."""
FLOOR_SECONDS = 5
"""How long a bare loop sends before and after those who wait."""
ASKED_TO_WAIT = 8.0
"""Seconds after which the last caller, too, has heard to the end that he is to wait."""


def menu(server: Server, row: str, rate: int, meaning: str) -> Iterator[Result]:
    """Calls answered by the menu, half a second each, INVITE to BYE."""
    calls = rate * MENU_SECONDS
    menu_calls(server, 20, 20)
    before = cpu_seconds([server.pid])
    outcome = menu_calls(server, rate, calls)
    used = cpu_seconds([server.pid]) - before
    if outcome.done < calls:
        raise RuntimeError(f"only {outcome.done} of {calls} calls were done at {rate}/s")
    note = f"whole server; {calls} calls at {rate}/s, SIPp; {meaning}"
    yield Result(row, used / calls * 1000, "CPU-s per 1,000", note)


def held(server: Server, directory: Path, seconds: float) -> Iterator[Result]:
    """Callers who wait in a queue and hear nothing but music."""
    note = f"whole server; {HOLD_CALLERS} callers, {seconds:g} s"
    cost, told = _waiting(server, directory, HOLD_NUMBER, seconds)
    yield Result("hold-music", cost, CALL_MINUTE, note)
    yield Result("rtp-spacing-p99", told["spacing_p99"], "ms", note)


def queued(server: Server, directory: Path) -> Iterator[Result]:
    """Callers who wait in a queue with music, for as long as it takes to tell each the position once."""
    sends = floor(directory, FLOOR_SECONDS, "send")
    cost, _ = _waiting(server, directory, QUEUE_NUMBER, POSITION_SECONDS - SETTLING)
    sends = (sends + floor(directory, FLOOR_SECONDS, "send")) / 2
    note = f"whole server; {HOLD_CALLERS} callers, {POSITION_SECONDS} s with one position told to each"
    yield Result("queue-waiting", cost, CALL_MINUTE, note)
    note += f"; the bare sends {sends:.3g} CPU-s per call-minute"
    yield Result("queue-waiting-to-sends", cost / sends, "of the bare sends", note)


def _waiting(server: Server, directory: Path, number: str, seconds: float) -> tuple[float, dict[str, float]]:
    """CPU-seconds for a call-minute of those who wait, and what the load measured."""
    load = Load(directory / "media_load", seconds, sending=False)
    with HeldCalls(server.port, load.ports) as calls:
        calls.call(number, HOLD_CALLERS, legs=1)
        calls.wait(ASKED_TO_WAIT)
        return _loaded(server, load, calls, HOLD_CALLERS, seconds)


@contextmanager
def member_who_does_not_answer(server: Server) -> Iterator[None]:
    """The queues' one member, at a phone that is silent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((LOOPBACK, 0))
        register(server, "astrid", 210, f"{LOOPBACK}:{silent.getsockname()[1]}")
        yield


def bridged(server: Server, directory: Path, seconds: float) -> Iterator[Result]:
    """Calls between two parties who both speak."""
    note = f"whole server; {BRIDGED_CALLS} calls, {seconds:g} s"
    load = Load(directory / "media_load", seconds, sending=True)
    with HeldCalls(server.port, load.ports) as calls:
        register(server, "henrik", 209, calls.contact)
        calls.call(BRIDGE_NUMBER, BRIDGED_CALLS, legs=2)
        cost, told = _loaded(server, load, calls, BRIDGED_CALLS, seconds)
    yield Result("bridge", cost, CALL_MINUTE, note)
    yield Result("bridge-delay-p99", told["delay_p99"], "ms", note)


def _loaded(
    server: Server, load: Load, calls: HeldCalls, number: int, seconds: float
) -> tuple[float, dict[str, float]]:
    """CPU-seconds for a call-minute under the load, and what the load measured."""
    before = cpu_seconds([server.pid])
    told = load.run(calls.engine_ports)
    used = cpu_seconds([server.pid]) - before
    expect_all(told, len(calls.engine_ports), seconds)
    return used / (number * (seconds + SETTLING) / 60), told


def rtpload_held(program: Path, server: Server, seconds: float) -> Iterator[Result]:
    """Callers who wait in a queue with music, by rtpload."""
    note = f"whole server; {HOLD_CALLERS} callers, {seconds:g} s, rtpload"
    told = _rtpload(program, server, HOLD_NUMBER, HOLD_CALLERS, seconds, [])
    yield Result("hold-music", _figure(r"cpu_s_per_call_minute=([0-9.]+)", told), CALL_MINUTE, note)
    yield Result("rtp-spacing-p99", _figure(r"dev20ms_us p50=[0-9.]+ p99=([0-9.]+)", told) / 1000, "ms", note)


def rtpload_bridged(program: Path, server: Server, seconds: float) -> Iterator[Result]:
    """Calls between two parties who both speak, by rtpload."""
    note = f"whole server; {BRIDGED_CALLS} calls, {seconds:g} s, rtpload"
    port = free_port()
    register(server, "henrik", 209, f"{LOOPBACK}:{port}")
    told = _rtpload(program, server, BRIDGE_NUMBER, BRIDGED_CALLS, seconds, ["--uas", str(port), "--send"])
    yield Result("bridge", _figure(r"cpu_s_per_call_minute=([0-9.]+)", told), CALL_MINUTE, note)
    yield Result("bridge-delay-p99", _figure(r"relay_lat_us p50=[0-9.]+ p99=([0-9.]+)", told) / 1000, "ms", note)


def _rtpload(program: Path, server: Server, number: str, calls: int, seconds: float, more: list[str]) -> str:
    command = [str(program), "--server", server.address, "--pid", str(server.pid), "--calls", str(calls)]
    command += ["--rate", "50", "--secs", f"{seconds:.0f}", "--ext", number.removeprefix("+45"), *more]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def _figure(pattern: str, told: str) -> float:
    found = re.search(pattern, told)
    if found is None:
        raise RuntimeError(f"rtpload did not tell {pattern}: {told}")
    return float(found[1])


def results(arguments: argparse.Namespace) -> Iterator[Result]:
    with (
        tempfile.TemporaryDirectory(prefix="lampfield-bench-") as name,
        whole_server() as server,
        member_who_does_not_answer(server),
    ):
        if wanted(arguments, "call-menu"):
            yield from menu(server, "call-menu", arguments.rate, "calls that come one by one")
        if wanted(arguments, "call-menu-450"):
            yield from menu(server, "call-menu-450", LIMIT_OF_ASTERISK, "as many as Asterisk can do")
        own, seconds = compiled_load(Path(name)), arguments.seconds
        if wanted(arguments, "hold-music", "rtp-spacing-p99"):
            program = arguments.rtpload
            yield from rtpload_held(program, server, seconds) if program else held(server, own, seconds)
        if wanted(arguments, "queue-waiting", "queue-waiting-to-sends"):
            yield from queued(server, own)
        if wanted(arguments, "bridge", "bridge-delay-p99"):
            program = arguments.rtpload
            yield from rtpload_bridged(program, server, seconds) if program else bridged(server, own, seconds)
        if wanted(arguments, "call-menu-1350"):
            yield from menu(server, "call-menu-1350", BUSY_RATE, "three times as many, beside SIPp")


def main() -> None:
    parser = command_line(__doc__, ROWS)
    given = os.environ.get("RTPLOAD")
    parser.add_argument("--rtpload", type=Path, default=Path(given) if given else None)
    parser.add_argument("--rate", type=int, default=STEADY_RATE, help="of calls to the menu a second")
    parser.add_argument("--seconds", type=float, default=10, help="that calls are held")
    arguments = parser.parse_args()
    tell(results(arguments), arguments)


if __name__ == "__main__":
    main()
