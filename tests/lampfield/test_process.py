"""What the processes of a server have in common."""

import os
import resource
import subprocess
import sys
from pathlib import Path


def test_a_process_takes_as_many_descriptors_as_the_system_allows(tmp_path: Path) -> None:
    (tmp_path / "told.py").write_text(
        "import resource\n\ndef main():\n    print(*resource.getrlimit(resource.RLIMIT_NOFILE))\n"
    )
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    reading, writing = os.pipe()
    os.write(writing, b"1")
    process = subprocess.run(
        [sys.executable, "-m", "lampfield.process", "told", str(reading)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        pass_fds=[reading],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard)),
        capture_output=True,
        text=True,
        check=True,
    )
    os.close(reading)
    os.close(writing)
    assert process.stdout.split() == [str(hard), str(hard)]
