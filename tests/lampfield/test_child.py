"""The supervisor's children: each is started again when it ends, whatever is in the way meanwhile."""

import asyncio
import os
import resource
import signal
import sys
from pathlib import Path

import pytest

from lampfield.child import Child, ChildFailed
from tests.support.until import until

MODULE = """
import os, sys, time

def main():
    os.write(int(sys.argv[-1]), b"1")
    time.sleep(60)
"""

LIVING = """
import asyncio, sys, time
from lampfield.life_line import say_ready, show_life

def main():
    descriptor = int(sys.argv[-1])
    say_ready(descriptor)
    asyncio.run(lives(descriptor))

async def lives(descriptor):
    living = asyncio.ensure_future(show_life(descriptor))
    %s
    await living

def deadlock_of_this_test():
    time.sleep(600)
"""

HANGING = """
import os, pathlib, sys, time

def main():
    begun = pathlib.Path(__file__).with_name("begun")
    if begun.exists() == %s:
        hang_of_this_test()
    begun.touch()
    os.write(int(sys.argv[-1]), b"1")
    time.sleep(60)

def hang_of_this_test():
    time.sleep(600)
"""


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of which children can run modules."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    return tmp_path


def test_a_machine_that_has_no_descriptor_left_for_a_child_is_waited_for(
    modules: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (modules / "idle_child.py").write_text(MODULE)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

    async def kept() -> None:
        child = Child("idle", "idle_child", [])
        await child.start()
        first = child.pid
        assert first is not None
        keeping = asyncio.ensure_future(child.keep())
        await asyncio.to_thread(os.getpid)  # the first thread opens the files of modules
        os.close(lowest := os.dup(0))
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
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


def test_a_process_that_stands_still_is_killed_and_begins_again(
    modules: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (modules / "living_child.py").write_text(LIVING % "")

    async def kept() -> None:
        child = Child("living", "living_child", [], silent_seconds=2.0)
        await child.start()
        first = child.pid
        assert first is not None
        keeping = asyncio.ensure_future(child.keep())
        os.kill(first, signal.SIGSTOP)
        await asyncio.to_thread(until, lambda: child.pid != first, "another process")
        assert "living: no sign of life for 3 s, killing it" in caplog.text
        await child.stop(5.0)
        await asyncio.wait({keeping})

    asyncio.run(kept())


def test_a_process_whose_loop_stands_still_says_where(
    modules: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    (modules / "stuck_child.py").write_text(LIVING % "deadlock_of_this_test()")

    async def kept() -> None:
        child = Child("stuck", "stuck_child", [], silent_seconds=1.0)
        await child.start()
        keeping = asyncio.ensure_future(child.keep())
        await asyncio.to_thread(until, lambda: "stuck: ended with status -6" in caplog.text, "its end")
        await child.stop(0.5)
        await asyncio.wait({keeping})

    asyncio.run(kept())
    assert "deadlock_of_this_test" in capfd.readouterr().err


def test_a_new_process_that_is_never_ready_is_killed_and_another_one_begins(
    modules: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    (modules / "hanging_child.py").write_text(HANGING % True)

    async def kept() -> None:
        child = Child("hanging", "hanging_child", [], silent_seconds=0.3)
        await child.start()
        first = child.pid
        assert first is not None
        keeping = asyncio.ensure_future(child.keep())
        os.kill(first, signal.SIGKILL)
        await asyncio.to_thread(until, lambda: "hanging: not ready after 3 s" in caplog.text, "the complaint")
        (modules / "begun").unlink()
        await asyncio.to_thread(until, lambda: caplog.text.count("hanging: ready") == 2, "the one after it")
        assert not keeping.done()
        await child.stop(1.0)
        await asyncio.wait({keeping})

    with caplog.at_level("INFO"):
        asyncio.run(kept())
    assert "hang_of_this_test" in capfd.readouterr().err


def test_one_that_is_never_ready_at_the_first_start_fails(modules: Path) -> None:
    (modules / "hanging_child.py").write_text(HANGING % False)

    async def started() -> int | None:
        child = Child("hanging", "hanging_child", [], silent_seconds=0.3)
        with pytest.raises(ChildFailed, match="hanging was not ready after 3 s"):
            await child.start()
        return child.pid

    assert (pid := asyncio.run(started())) is not None
    assert not Path(f"/proc/{pid}").exists()


def test_what_the_first_start_alone_does_may_take_its_time(modules: Path) -> None:
    (modules / "slow_child.py").write_text(MODULE.replace("    os.write", "    time.sleep(3)\n    os.write"))

    async def kept() -> None:
        child = Child("slow", "slow_child", [], first=["--long-work"], silent_seconds=0.1)
        await child.start()
        await child.stop(1.0)

    asyncio.run(kept())


def test_who_lives_or_owes_no_sign_of_life_is_left_alone(modules: Path) -> None:
    (modules / "living_child.py").write_text(LIVING % "")
    (modules / "idle_child.py").write_text(MODULE)

    async def kept() -> None:
        living = Child("living", "living_child", [], silent_seconds=2.0)
        idle = Child("idle", "idle_child", [])
        stopped = Child("stopped", "living_child", [], silent_seconds=2.0)
        for child in (living, idle, stopped):
            await child.start()
        before = [living.pid, idle.pid]
        keepers = [asyncio.ensure_future(child.keep()) for child in (living, idle, stopped)]
        assert stopped.pid is not None
        os.kill(last := stopped.pid, signal.SIGSTOP)
        await asyncio.to_thread(until, lambda: stopped.pid != last, "the one that stands still begins again")
        assert [living.pid, idle.pid] == before
        for child in (living, idle, stopped):
            await child.stop(5.0)
        await asyncio.wait(keepers)

    asyncio.run(kept())


def test_a_reload_does_not_end_a_process_that_has_only_begun(modules: Path, caplog: pytest.LogCaptureFixture) -> None:
    (modules / "idle_child.py").write_text(MODULE)

    async def kept() -> None:
        child = Child("idle", "idle_child", [])
        await child.start()
        keeping = asyncio.ensure_future(child.keep())
        child.send_signal(signal.SIGHUP)
        child.send_signal(signal.SIGTERM)
        await asyncio.to_thread(until, lambda: "idle: ended with status" in caplog.text, "its end")
        assert f"idle: ended with status {-signal.SIGTERM}," in caplog.text
        await child.stop(1.0)
        await asyncio.wait({keeping})

    asyncio.run(kept())
