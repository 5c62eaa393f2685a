"""A real CalDAV server on loopback: Radicale, in a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.support.ports import free_port
from tests.support.until import until

USER, PASSWORD = "lampfield", "secret-of-calendars"

_CALENDAR = b"""<?xml version="1.0"?><C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"/>"""
_RIGHTS = """[service]
user: lampfield
collection: .*
permissions: RrWw
"""


class Radicale:
    """What a test does to the server's calendars."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.Client(base_url=url, auth=(USER, PASSWORD), trust_env=False)

    def make_calendar(self, path: str) -> None:
        """`/anna/work/`, and anna's collection where it is missing."""
        home = f"/{path.split('/')[1]}/"
        if self._client.request("PROPFIND", home, headers={"Depth": "0"}).status_code == 404:
            self._client.request("MKCOL", home).raise_for_status()
        self._client.request("MKCALENDAR", path, content=_CALENDAR).raise_for_status()

    def put(self, path: str, event: bytes) -> None:
        self._client.put(path, content=event, headers={"Content-Type": "text/calendar"}).raise_for_status()

    def delete(self, path: str) -> None:
        self._client.delete(path).raise_for_status()

    def answers(self) -> bool:
        try:
            return self._client.get("/.web/").status_code < 500
        except httpx.TransportError:
            return False

    def close(self) -> None:
        self._client.close()


@contextmanager
def radicale(folder: Path) -> Iterator[Radicale]:
    """Runs one with an empty storage in `folder`."""
    (folder / "users").write_text(f"{USER}:{PASSWORD}\n")
    (folder / "rights").write_text(_RIGHTS)
    port = free_port()
    options = {
        "server-hosts": f"127.0.0.1:{port}",
        "auth-type": "htpasswd",
        "auth-htpasswd-filename": str(folder / "users"),
        "auth-htpasswd-encryption": "plain",
        "auth-delay": "0",
        "rights-type": "from_file",
        "rights-file": str(folder / "rights"),
        "storage-filesystem-folder": str(folder / "collections"),
        "logging-level": "warning",
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    with (folder / "radicale.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "radicale", "--config=", *arguments], stderr=log, stdout=log)
        server = Radicale(f"http://127.0.0.1:{port}")
        try:
            until(server.answers, "Radicale answers")
            yield server
        finally:
            server.close()
            process.terminate()
            process.wait(10)
