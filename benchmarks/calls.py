"""Whole calls through a running server: the menu, callers on hold, bridged calls.

    python -m benchmarks.calls [--rtpload PATH] [--calls 2000] [--rate 100]

`call-menu` needs SIPp. `hold-music` and `bridge` need rtpload, a load client that holds calls and counts their audio;
without it they are left out. CPU is that of the server's whole process tree.
"""

import argparse
import json
import os
import re
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.results import RESULTS, Result, cpu_seconds, keep
from tests.support.ports import LOOPBACK, free_port
from tests.support.server import OUTSIDE, Server

SCENARIO = Path(__file__).parent / "menu-call.xml"
RTPLOAD = Path(os.environ.get("RTPLOAD", "rtpload"))
HOLD_NUMBER, BRIDGE_NUMBER = 33221101, 33221102
COMPANY = {
    "main_numbers": {
        "+4533221100": {"greeting": None},
        f"+45{HOLD_NUMBER}": {"open": "queue:hold", "closed": "hangup"},
        f"+45{BRIDGE_NUMBER}": {"open": "person:henrik", "closed": "hangup"},
    },
    "queues": {"hold": {"members": ["astrid"], "ring_seconds": 40, "max_waiting": 1000, "position_every_seconds": 0}},
}
SETTINGS = {
    "sip": {"authentication": False},
    "trunks": {"outside": {"sources": [LOOPBACK]}},
    "limits": {"max_calls": 5000, "calls_per_second": 5000},
    "media": {"ports": "20000-29999"},
    "log": {"level": "warning"},
}


@contextmanager
def server() -> Iterator[Server]:
    """A server whose trunk is this machine, with numbers for each kind of call."""
    with (
        tempfile.TemporaryDirectory(prefix="lampfield-bench-") as folder,
        Server(Path(folder), settings=SETTINGS, company=COMPANY) as running,
    ):
        _until_idle(running.pid)
        yield running


def _until_idle(pid: int) -> None:
    """Wait until the server has made its prompts ready and rests: less than a fiftieth of a core over a second."""
    used = cpu_seconds([pid])
    for _ in range(120):
        time.sleep(1.0)
        before, used = used, cpu_seconds([pid])
        if used - before < 0.02:
            return
    raise RuntimeError("the server does not come to rest")


def register(running: Server, person: str, extension: int, contact: str) -> None:
    """Bind a person to a contact, from a socket of its own; the server asks nobody for a password."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.settimeout(5)
        phone.connect((LOOPBACK, running.port))
        host, port = phone.getsockname()
        aor = f"<sip:{person}@nordlys.example>"
        phone.send(
            f"REGISTER sip:nordlys.example SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{person};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: {aor};tag=1\r\nTo: {aor}\r\nCall-ID: {person}\r\nCSeq: 1 REGISTER\r\n"
            f"Contact: <sip:{extension}@{contact}>\r\nExpires: 3600\r\nContent-Length: 0\r\n\r\n".encode()
        )
        answer = phone.recv(4096)
        if b" 200 " not in answer.split(b"\r\n", 1)[0]:
            raise RuntimeError(f"registration of {person}: {answer.decode()}")


def menu_calls(calls: int, rate: int) -> Iterator[Result]:
    """Calls answered by the menu, half a second each, INVITE to BYE."""
    with server() as running:
        _sipp(running, 100, 20)  # The clips are made and the caches are warm.
        before = cpu_seconds([running.pid])
        _sipp(running, calls, rate)
        used = cpu_seconds([running.pid]) - before
    yield Result("call-menu", used / calls * 1000, "CPU-s per 1,000 calls", f"{calls} calls at {rate}/s, SIPp")


def _sipp(running: Server, calls: int, rate: int) -> None:
    subprocess.run(
        [
            *f"sipp -sf {SCENARIO} -s +4533221100 -i {OUTSIDE} -p {free_port()} -r {rate} -m {calls}".split(),
            *f"-l 5000 -timeout 120s -nostdin {running.address}".split(),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=running.folder,
    )


def held_calls(rtpload: Path, calls: int, seconds: int) -> Iterator[Result]:
    """Callers who wait in a queue with music."""
    with server() as running, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((LOOPBACK, 0))
        register(running, "astrid", 210, f"{LOOPBACK}:{silent.getsockname()[1]}")
        told = _rtpload(rtpload, running, HOLD_NUMBER, calls, seconds, [])
    yield Result("hold-music", told["cpu"], "CPU-s per call-minute", f"{calls} callers, {seconds} s, rtpload")
    yield Result("rtp-spacing-p99", told["spacing_p99_ms"], "ms", f"{calls} callers, rtpload")


def bridged_calls(rtpload: Path, calls: int, seconds: int) -> Iterator[Result]:
    """Calls between two parties who both speak."""
    port = free_port()
    with server() as running:
        register(running, "henrik", 209, f"{LOOPBACK}:{port}")
        told = _rtpload(rtpload, running, BRIDGE_NUMBER, calls, seconds, ["--uas", str(port), "--send"])
    yield Result("bridge", told["cpu"], "CPU-s per call-minute", f"{calls} calls, {seconds} s, rtpload")
    yield Result("bridge-delay-p99", told["delay_p99_ms"], "ms", f"{calls} calls, rtpload")


def _rtpload(
    rtpload: Path, running: Server, number: int, calls: int, seconds: int, more: list[str]
) -> dict[str, float]:
    command = [str(rtpload), "--server", running.address, "--pid", str(running.pid), "--calls", str(calls)]
    command += ["--rate", "50", "--secs", str(seconds), "--ext", str(number), *more]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout
    print(told)
    return {
        "cpu": _figure(r"cpu_s_per_call_minute=([0-9.]+)", told),
        "spacing_p99_ms": _figure(r"dev20ms_us p50=[0-9.]+ p99=([0-9.]+)", told) / 1000,
        "delay_p99_ms": _figure(r"relay_lat_us p50=[0-9.]+ p99=([0-9.]+)", told) / 1000,
    }


def _figure(pattern: str, told: str) -> float:
    found = re.search(pattern, told)
    if found is None:
        raise RuntimeError(f"rtpload did not tell {pattern}: {told}")
    return float(found[1])


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure whole calls.")
    parser.add_argument("--rtpload", type=Path, default=RTPLOAD)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--rate", type=int, default=100)
    parser.add_argument("--keep", type=Path, default=RESULTS)
    options = parser.parse_args()
    results = list(menu_calls(options.calls, options.rate))
    if options.rtpload.exists():
        results += held_calls(options.rtpload, 500, 15)
        results += bridged_calls(options.rtpload, 150, 15)
    for result in results:
        print(json.dumps({"row": result.row, "value": round(result.value, 4), "unit": result.unit}))
    keep(results, options.keep)


if __name__ == "__main__":
    main()
