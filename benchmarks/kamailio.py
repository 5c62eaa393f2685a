"""Kamailio as Debian packs it, on a free port of loopback and at its fastest: in memory, `fm` allocator, 2 children."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.ports import LOOPBACK, free_port
from tests.support.until import until

CONFIGURATION = Path(__file__).with_name("kamailio.cfg")
PACKAGES = "kamailio kamailio-presence-modules"
SHARED_MB, PRIVATE_MB = 1024, 64
"""Memory it may take: less, and it loses NOTIFYs at full speed, for it keeps transactions for seconds."""


def why_not() -> str:
    """Why it cannot be run here; empty when it can."""
    if shutil.which("kamailio") is None:
        return f"Kamailio is not installed (apt-get install {PACKAGES})"
    folders = Path("/usr/lib").glob("*/kamailio/modules/presence_dialoginfo.so")
    return "" if any(folders) else f"Kamailio's presence modules are not installed (apt-get install {PACKAGES})"


def version() -> str:
    """Name and version, e.g. `Kamailio 5.6.3`."""
    said = subprocess.run(["kamailio", "-v"], capture_output=True, text=True, check=True).stdout
    return f"Kamailio {said.split()[2]}"


@contextmanager
def kamailio() -> Iterator[tuple[int, int]]:
    """Port and process id of a running server."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="lampfield-bench-kamailio-") as folder:
        log = Path(folder) / "log"
        command = ["kamailio", "-f", str(CONFIGURATION), "--subst", f"/PORT/{port}/g", "-l", f"udp:{LOOPBACK}:{port}"]
        command += [
            "-DD",
            "-E",
            "-m",
            str(SHARED_MB),
            "-M",
            str(PRIVATE_MB),
            "-x",
            "fm",
            "-X",
            "fm",
            "-Y",
            folder,
            "-w",
            folder,
        ]
        with log.open("wb") as said:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
            )
        try:
            until(lambda: _bound(port) or process.poll() is not None, "Kamailio binds its port")
            if process.poll() is not None:
                raise RuntimeError(f"Kamailio did not start: {log.read_text(errors='replace')[-2000:]}")
            yield port, process.pid
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(5)


def _bound(port: int) -> bool:
    """Whether some process of this machine listens on the UDP port."""
    wanted = f"{int.from_bytes(bytes(map(int, LOOPBACK.split('.'))), 'little'):08X}:{port:04X}"
    return any(wanted in line.split()[1:2] for line in Path("/proc/net/udp").read_text().splitlines())
