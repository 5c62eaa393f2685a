"""A test run leaves the machine as it was."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest


def test_what_tests_and_their_children_put_aside_goes_with_the_run(tmp_path_factory: pytest.TempPathFactory) -> None:
    asked = [sys.executable, "-c", "import tempfile; print(tempfile.gettempdir())"]
    child = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    assert tempfile.gettempdir() == child
    assert Path(child).is_relative_to(tmp_path_factory.getbasetemp())
