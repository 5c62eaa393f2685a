"""The processes of a running server, one by one."""

import os
import signal
from pathlib import Path

from tests.support.server import Server
from tests.support.until import until


def children(server: Server, module: str) -> list[int]:
    """Process ids of the server's children that run this module, the oldest first: the others stand by for it."""
    found: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        try:
            stat = (entry / "stat").read_text().rpartition(")")[2].split()
            if stat[1] == str(server.pid) and stat[0] != "Z" and module in (entry / "cmdline").read_text():
                found[int(stat[19])] = int(entry.name)
        except (OSError, IndexError):
            continue
    return [found[started] for started in sorted(found)]


def child(server: Server, module: str) -> int:
    """Process id of the server's child that runs this module."""
    found = children(server, module)
    assert found, f"no child runs {module}: {server.log()[-2000:]}"
    return found[0]


def kill(server: Server, module: str) -> None:
    """Kill a child, and return when another one is ready in its place."""
    name = module.rpartition(".")[2] if module != "media.process" else "media"
    ready = f"{name}: ready"
    before = server.log().count(ready)
    os.kill(child(server, module), signal.SIGKILL)
    until(lambda: server.log().count(ready) > before, f"{name} ready again")
