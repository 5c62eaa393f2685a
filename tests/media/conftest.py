"""Engines for the tests of the media folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.media.running_engine import RunningEngine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[RunningEngine]:
    running = RunningEngine(tmp_path)
    yield running
    if running.process.poll() is None:
        assert running.stop() == 0
    else:
        assert running.process.returncode in (0, -9), "the engine crashed"
