"""The supervisor's children: each is started again when it ends, whatever is in the way meanwhile."""

import asyncio
import os
import resource
import signal
from pathlib import Path

import pytest

from lampfield.child import Child
from tests.support.until import until

MODULE = """
import os, sys, time

def main():
    os.write(int(sys.argv[-1]), b"1")
    time.sleep(60)
"""


def test_a_machine_that_has_no_descriptor_left_for_a_child_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "idle_child.py").write_text(MODULE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.getcwd()]))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

    async def kept() -> None:
        child = Child("idle", "idle_child", [])
        await child.start()
        first = child.pid
        assert first is not None
        keeping = asyncio.ensure_future(child.keep())
        open_before = len(os.listdir("/proc/self/fd"))
        resource.setrlimit(resource.RLIMIT_NOFILE, (open_before - 1, hard))
        try:
            os.kill(first, signal.SIGKILL)
            await asyncio.to_thread(until, lambda: "cannot be started" in caplog.text, "the complaint")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        await asyncio.to_thread(until, lambda: child.pid != first, "another process")
        assert not keeping.done()
        await child.stop(1.0)
        await asyncio.wait({keeping})

    asyncio.run(kept())
