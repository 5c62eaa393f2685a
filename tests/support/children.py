"""The processes of a running server, one by one."""

import os
import signal
from pathlib import Path

from tests.support.server import Server
from tests.support.until import until


def child(server: Server, module: str) -> int:
    """Process id of the server's child that runs this module."""
    for entry in Path("/proc").iterdir():
        try:
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            if parent == str(server.pid) and module in (entry / "cmdline").read_text():
                return int(entry.name)
        except (OSError, IndexError):
            continue
    raise AssertionError(f"no child runs {module}: {server.log()[-2000:]}")


def kill(server: Server, module: str) -> None:
    """Kill a child, and return when another one is ready in its place."""
    name = module.rpartition(".")[2] if module != "media.process" else "media"
    ready = f"{name}: ready"
    before = server.log().count(ready)
    os.kill(child(server, module), signal.SIGKILL)
    until(lambda: server.log().count(ready) > before, f"{name} ready again")
