"""Calls to the menu made by SIPp, and what became of them."""

import csv
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from benchmarks.whole_server import MENU_NUMBER
from tests.support.ports import free_port
from tests.support.server import OUTSIDE, Server

SCENARIO = Path(__file__).parent / "menu-call.xml"
MOST_CALLS = 9000
"""At the same time."""
BUFFER_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the calls that were offered."""

    offered: int
    done: int
    """Answered by the menu and ended by us."""
    refused: int
    """Answered 503 with Retry-After."""
    seconds: float
    """From the first INVITE to the end of the last call."""
    course: tuple[tuple[float, int], ...]
    """Each second or so how many seconds had passed, from 0 on, and how many calls were done by then."""

    def done_within(self, since: float, until: float) -> float:
        """How many were done between two moments, in seconds since the first INVITE."""
        return self._done_by(until) - self._done_by(since)

    def _done_by(self, at: float) -> float:
        for (since, done), (until, more) in pairwise(self.course):
            if since <= at < until:
                return done + (more - done) * (at - since) / (until - since)
        return self.done


def menu_calls(server: Server, rate: int, calls: int) -> Outcome:
    """Offer `calls` calls, `rate` a second, whatever becomes of them."""
    if shutil.which("sipp") is None:
        raise RuntimeError("calls to the menu need SIPp: install sip-tester")
    seconds = calls // rate + 20
    with (
        tempfile.TemporaryDirectory(prefix="lampfield-sipp-") as folder,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear,
    ):
        # Without it each packet to the caller would come back as an ICMP error, at the server's cost.
        ear.bind((OUTSIDE, 0))
        statistics = Path(folder) / "calls.csv"
        command = f"sipp -sf {SCENARIO} -s {MENU_NUMBER} -i {OUTSIDE} -p {free_port()} -r {rate} -m {calls}".split()
        # SIPp loses answers that do not fit the buffer of its socket, and then calls again.
        command += f"-buff_size {BUFFER_BYTES}".split()
        command += f"-l {MOST_CALLS} -key audio_port {ear.getsockname()[1]}".split()
        command += f"-timeout {seconds}s -nostdin -trace_stat -fd 1 -stf {statistics}".split()
        # SIPp's status tells of calls that were not done; the statistics say how many.
        subprocess.run([*command, server.address], check=False, capture_output=True, cwd=folder, timeout=seconds + 10)
        with statistics.open() as lines:
            seen = list(csv.DictReader(lines, delimiter=";"))
    course = tuple((_seconds(line["ElapsedTime(C)"]), int(line["GenericCounter1(C)"])) for line in seen)
    return Outcome(
        offered=calls,
        done=course[-1][1],
        refused=int(seen[-1]["GenericCounter2(C)"]),
        seconds=course[-1][0],
        course=course,
    )


def _seconds(elapsed: str) -> float:
    hours, minutes, rest, *_ = elapsed.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)
