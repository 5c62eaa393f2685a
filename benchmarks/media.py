"""The media engine's figures: callers on hold and bridged calls, in CPU-seconds and milliseconds.

`python benchmarks/media.py [--seconds 20] [--no-io-uring]` prints a JSON row `{"row", "value", "unit"}` a line. The load comes from
`media_load.c` beside it, compiled for the run. CPU time is that of the engine's process alone.
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

from media.client import MediaClient

HOLD_CALLERS = 500
BRIDGED_CALLS = 150
"""Two legs each."""
DELAY_CALLS = 300
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


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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


async def measure_hold(program: Path, directory: Path, seconds: float, options: list[str]) -> list[dict[str, Any]]:
    """Silent callers who hear music."""
    music = directory / "music.pcma"
    music.write_bytes(os.urandom(160 * 50 * 30))
    with engine(directory / "hold", *options) as process:
        client = MediaClient(lambda event: None)
        await client.connect(directory / "hold")
        load = Load(program, seconds, sending=False)
        ports = await sessions(client, HOLD_CALLERS, load)
        for index in range(HOLD_CALLERS):
            client.play(f"s{index}", [music], layer="music", loop=True)
        await client.sessions()
        before = cpu_seconds(process.pid)
        result = await asyncio.to_thread(load.run, ports)
        cost = cpu_seconds(process.pid) - before
        await client.disconnect()
    minutes = HOLD_CALLERS * (seconds + 1) / 60
    return [
        {"row": "hold-music", "value": round(cost / minutes, 5), "unit": "CPU-s per call-minute", "detail": result},
        {"row": "rtp-spacing-p99", "value": result["spacing_p99"], "unit": "ms"},
    ]


async def bridge(
    program: Path, directory: Path, seconds: float, calls: int, options: list[str]
) -> tuple[float, dict[str, Any]]:
    """Bridged calls whose both ends talk: CPU-seconds for a call-minute, and what was measured."""
    with engine(directory / "bridge", *options) as process:
        client = MediaClient(lambda event: None)
        await client.connect(directory / "bridge")
        load = Load(program, seconds, sending=True)
        ports = await sessions(client, 2 * calls, load)
        for index in range(calls):
            client.bridge(f"s{2 * index}", f"s{2 * index + 1}")
        await client.sessions()
        before = cpu_seconds(process.pid)
        result = await asyncio.to_thread(load.run, ports)
        cost = cpu_seconds(process.pid) - before
        await client.disconnect()
    return cost / (calls * (seconds + 1) / 60), result


async def measure(seconds: float, options: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        program = directory / "media_load"
        source = Path(__file__).with_name("media_load.c")
        subprocess.run(["cc", "-O2", "-o", str(program), str(source)], check=True)
        rows = await measure_hold(program, directory, seconds, options)
        cost, result = await bridge(program, directory, seconds, BRIDGED_CALLS, options)
        rows.append({"row": "bridge", "value": round(cost, 5), "unit": "CPU-s per call-minute", "detail": result})
        _, result = await bridge(program, directory, seconds, DELAY_CALLS, options)
        rows.append({"row": "bridge-delay-p99", "value": result["delay_p99"], "unit": "ms", "detail": result})
    for row in rows:
        print(json.dumps(row))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--no-io-uring", action="store_true")
    options = parser.parse_args()
    asyncio.run(measure(options.seconds, ["--no-io-uring"] if options.no_io_uring else []))


if __name__ == "__main__":
    main()
