"""A real PostgreSQL of a test's own: Debian's program, a free port of loopback, data that vanishes afterwards."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

_USER = "postgres"
_CLEAR_UP = """
read -r _
server=$(head -n 1 "$0/data/postmaster.pid")
for _ in $(seq 100); do
    kill -QUIT "$server" || break
    sleep 0.1
done
rm -rf "$0"
"""


def _program(name: str) -> str:
    """The newest version that is installed; Debian keeps them off the path."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    program = str(found[-1]) if found else shutil.which(name)
    assert program is not None, f"{name} is not installed: apt-get install postgresql"
    return program


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


class PostgresServer:
    """A server that a test may stop and start."""

    def __init__(self, folder: Path) -> None:
        self._data = folder / "data"
        self._log = folder / "log"
        self._port = _free_port()
        self._names = (f"test{number}" for number in count(1))
        # PostgreSQL refuses to run as root.
        self._as_user = (
            ["setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups"] if os.geteuid() == 0 else []
        )
        if self._as_user:
            shutil.chown(folder, _USER, _USER)
        self._run(_program("initdb"), "-D", self._data, "-U", _USER, "-A", "trust", "-E", "UTF8", "--no-sync")

    def start(self) -> None:
        options = f"-c listen_addresses=127.0.0.1 -c port={self._port} -c unix_socket_directories= -c fsync=off"
        self._run(_program("pg_ctl"), "start", "-w", "-D", self._data, "-l", self._log, "-o", options)

    def stop(self) -> None:
        """End at once, without a word to whoever is connected."""
        self._run(_program("pg_ctl"), "stop", "-w", "-D", self._data, "-m", "immediate")

    def freeze(self) -> None:
        """Stop answering without closing a connection, as a server does whose disk hangs."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        main = (self._data / "postmaster.pid").read_text().splitlines()[0]
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        for process in (main, *children):
            os.kill(int(process), number)

    def new_database(self) -> str:
        """The URL of an empty database."""
        name = next(self._names)
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql://{_USER}@127.0.0.1:{self._port}/{name}"

    def _dsn(self, database: str) -> str:
        return f"host=127.0.0.1 port={self._port} user={_USER} dbname={database}"

    def _run(self, *command: str | Path) -> None:
        # The server keeps what it inherits: with a pipe for its output, run() would wait until it ends.
        with tempfile.TemporaryFile() as output:
            run = subprocess.run(
                [*self._as_user, *command], stdout=output, stderr=output, timeout=60, check=False, cwd="/"
            )
            output.seek(0)
            assert run.returncode == 0, output.read().decode()


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """A server that runs, until the end of the block."""
    # Not below pytest's own folder, which PostgreSQL's user may not enter.
    folder = Path(tempfile.mkdtemp(prefix="lampfield-postgres-", dir="/tmp"))
    with _clearing_up(folder):
        server = PostgresServer(folder)
        server.start()
        yield server


@contextmanager
def _clearing_up(folder: Path) -> Iterator[None]:
    """Ends the server and removes the folder, also when this process is killed: a pipe's end tells who does so."""
    with subprocess.Popen(
        ["/bin/sh", "-c", _CLEAR_UP, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ):
        yield
