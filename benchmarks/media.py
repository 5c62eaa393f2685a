"""The media engine's figures: callers on hold and bridged calls, in CPU-seconds and milliseconds.

    python -m benchmarks.media [--seconds 10] [--no-io-uring] [--keep] [ROW ...]

The engine alone, without signalling: `benchmarks.calls` measures the same through the whole server. The load comes from
`media_load.c` beside it, compiled for the run.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.results import Result, cpu_seconds
from benchmarks.script import command_line, tell, wanted
from media.client import MediaClient

ROWS = (
    "engine-hold-music",
    "engine-rtp-spacing-p99",
    "engine-bridge",
    "engine-bridge-delay-p99",
    "engine-floor",
    "engine-floor-send",
    "engine-floor-sendmmsg",
)
CALL_MINUTE = "CPU-s per call-minute"
SETTLING = 1
"""Seconds that the load runs before it measures."""
HOLD_CALLERS = 500
BRIDGED_CALLS = 300
"""Two legs each."""
SOCKETS = 8
PORTS = "50000-54999"


@contextmanager
def engine(control: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A media process of the benchmark's own."""
    command = [sys.executable, "-m", "media.process", f"--control={control}", f"--ports={PORTS}", *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    if "media engine: ports" not in process.stderr.readline():
        raise RuntimeError("the media engine did not start")
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def compiled_load(directory: Path) -> Path:
    """Compile the load as `media_load` and the floor as `media_floor` into the directory; returns that."""
    here = Path(__file__).parent
    for name, more in (("media_load", []), ("media_floor", [str(here.parent / "media" / "engine" / "uring.c")])):
        command = ["cc", "-O2", "-std=gnu11", "-o", str(directory / name), str(here / f"{name}.c"), *more]
        subprocess.run(command, check=True)
    return directory


class Load:
    """The phones' side."""

    def __init__(self, program: Path, seconds: float, *, sending: bool) -> None:
        self._process = subprocess.Popen(
            [program, str(SOCKETS), str(seconds), "1" if sending else "0"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        self.ports = [int(port) for port in self._process.stdout.readline().split()]

    def run(self, engine_ports: list[int]) -> dict[str, Any]:
        """Talk to these ports; returns what was measured."""
        output, _ = self._process.communicate(" ".join(map(str, engine_ports)) + "\n")
        result: dict[str, Any] = json.loads(output)
        return result


async def sessions(client: MediaClient, number: int, load: Load) -> list[int]:
    """Open and configure sessions that send to the load's sockets in turn; returns their ports."""
    ports = [await client.open(f"s{index}", "127.0.0.1") for index in range(number)]
    for index in range(number):
        client.configure(f"s{index}", ("127.0.0.1", load.ports[index % SOCKETS]), "PCMA", 8, 101)
    return ports


async def hold(directory: Path, seconds: float, options: list[str]) -> dict[str, float]:
    """Silent callers who hear music: CPU-seconds for a call-minute, and the spacing of what they hear."""
    music = directory / "music.pcma"
    music.write_bytes(os.urandom(160 * 50 * 30))
    with engine(directory / "hold", *options) as process:
        client = MediaClient(lambda event: None)
        await client.connect(directory / "hold")
        load = Load(directory / "media_load", seconds, sending=False)
        ports = await sessions(client, HOLD_CALLERS, load)
        for index in range(HOLD_CALLERS):
            client.play(f"s{index}", [music], layer="music", loop=True)
        await client.sessions()
        before = cpu_seconds([process.pid])
        result = await asyncio.to_thread(load.run, ports)
        cost = cpu_seconds([process.pid]) - before
        await client.disconnect()
    expect_all(result, HOLD_CALLERS, seconds)
    return {"cpu": cost / (HOLD_CALLERS * (seconds + SETTLING) / 60), "spacing": result["spacing_p99"]}


async def bridge(directory: Path, seconds: float, calls: int, options: list[str]) -> dict[str, float]:
    """Bridged calls whose both ends talk: CPU-seconds for a call-minute, and the delay added."""
    with engine(directory / "bridge", *options) as process:
        client = MediaClient(lambda event: None)
        await client.connect(directory / "bridge")
        load = Load(directory / "media_load", seconds, sending=True)
        ports = await sessions(client, 2 * calls, load)
        for index in range(calls):
            client.bridge(f"s{2 * index}", f"s{2 * index + 1}")
        await client.sessions()
        before = cpu_seconds([process.pid])
        result = await asyncio.to_thread(load.run, ports)
        cost = cpu_seconds([process.pid]) - before
        await client.disconnect()
    expect_all(result, 2 * calls, seconds)
    return {"cpu": cost / (calls * (seconds + SETTLING) / 60), "delay": result["delay_p99"]}


def floor(directory: Path, seconds: float, how: str) -> float:
    """CPU-seconds for a call-minute of a bare loop that sends as many packets to the same load, by `how`."""
    load = Load(directory / "media_load", seconds, sending=False)
    command = [str(directory / "media_floor"), how, str(HOLD_CALLERS), str(seconds), *map(str, load.ports)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        load.run([])
        output, _ = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"the floor by {how} cannot be measured here")
    return float(output) / (HOLD_CALLERS * seconds / 60)


def expect_all(result: dict[str, Any], streams: int, seconds: float) -> None:
    """A figure of an engine that dropped packets means nothing."""
    expected = streams * 50 * seconds
    if result["packets"] < 0.99 * expected or result["gaps"] > 0.001 * expected:
        print(f"warning: {result['packets']} of {expected:.0f} packets came, with {result['gaps']} gaps")


def floors(arguments: argparse.Namespace, directory: Path) -> Iterator[Result]:
    """What the machine asks for sending alone."""
    for row, how, note in (
        ("engine-floor", "uring", "io_uring, a connected socket for each"),
        ("engine-floor-send", "send", "send() for each packet, a connected socket for each"),
        ("engine-floor-sendmmsg", "sendmmsg", "sendmmsg on one socket"),
    ):
        if wanted(arguments, row):
            note = f"a bare loop that sends 500 packets each 20 ms, no server: {note}"
            yield Result(row, floor(directory, arguments.seconds, how), CALL_MINUTE, note)


def results(arguments: argparse.Namespace) -> Iterator[Result]:
    options = ["--no-io-uring"] if arguments.no_io_uring else []
    note = "the engine alone, " + ("a system call for each packet" if options else "io_uring where the kernel has it")
    with tempfile.TemporaryDirectory(prefix="lampfield-bench-") as name:
        directory = compiled_load(Path(name))
        if wanted(arguments, *ROWS[:2]):
            held = asyncio.run(hold(directory, arguments.seconds, options))
            yield Result("engine-hold-music", held["cpu"], CALL_MINUTE, f"{HOLD_CALLERS} callers; {note}")
            yield Result("engine-rtp-spacing-p99", held["spacing"], "ms", f"{HOLD_CALLERS} callers; {note}")
        if wanted(arguments, *ROWS[2:4]):
            bridged = asyncio.run(bridge(directory, arguments.seconds, BRIDGED_CALLS, options))
            yield Result("engine-bridge", bridged["cpu"], CALL_MINUTE, f"{BRIDGED_CALLS} calls; {note}")
            yield Result("engine-bridge-delay-p99", bridged["delay"], "ms", f"{BRIDGED_CALLS} calls; {note}")
        yield from floors(arguments, directory)


def main() -> None:
    parser = command_line(__doc__, ROWS)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--no-io-uring", action="store_true")
    arguments = parser.parse_args()
    tell(results(arguments), arguments)


if __name__ == "__main__":
    main()
