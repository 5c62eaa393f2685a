"""Linphone from Debian (`linphonec`), headless: it registers, watches its friends and says what it sees of them.

Needs no display and no sound card, but a folder for its database: without `.local/share/linphone` below its home it
stands still before it sends anything, and says so only in its log.
"""

import os
import re
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.until import PATIENCE

_SEEN = re.compile(r'Friend "([^"]*)" <[^>]*> is (.+)')
_CONFIGURATION = """\
[sip]
default_proxy=0
sip_port=-1
sip_tcp_port=-1
sip_tls_port=-1
use_ipv6=0
{list}
[proxy_0]
reg_proxy=<sip:{server};transport=udp>
reg_route=<sip:{server};transport=udp;lr>
reg_identity={identity}
reg_expires=300
reg_sendregister=1
publish=0
[auth_info_0]
username={user}
passwd={password}
realm={domain}
domain={domain}
{friends}
[video]
enabled=0
"""
_FRIEND = """\
[friend_{number}]
url="{name}" <{uri}>
pol=accept
subscribe={alone}
"""


class LinphoneError(AssertionError):
    """Linphone did not report what was awaited."""


class Linphone:
    """One Linphone with one account; use as a context manager.

    `friends` are the URIs it watches: each with a SUBSCRIBE of its own, or with `rls` all by one SUBSCRIBE to that URI
    that carries their list (RFC 5367).
    """

    def __init__(
        self, folder: Path, identity: str, *, server: str, password: str, friends: Sequence[str], rls: str = ""
    ) -> None:
        self.folder = folder
        user, _, domain = identity.removeprefix("sip:").partition("@")
        listed = f"rls_uri={rls}\nuse_rls_presence=1\n[net]\nfriendlist_subscription_enabled=1" if rls else ""
        self._configuration = _CONFIGURATION.format(
            server=server,
            identity=identity,
            user=user,
            domain=domain,
            password=password,
            list=listed,
            friends="".join(
                _FRIEND.format(number=number, name=_name(uri), uri=uri, alone=0 if rls else 1)
                for number, uri in enumerate(friends)
            ),
        )
        self._seen: dict[str, str] = {}
        self._changed = threading.Condition()

    def __enter__(self) -> Self:
        (self.folder / ".local/share/linphone").mkdir(parents=True)
        (self.folder / "linphonerc").write_text(self._configuration)
        environment = os.environ | {"HOME": str(self.folder), "LC_ALL": "C.UTF-8"}
        self._process = subprocess.Popen(
            ["linphonec", "-c", "linphonerc", "-d", "6", "-l", "log.txt"],
            cwd=self.folder,
            env={name: value for name, value in environment.items() if not name.startswith("XDG_")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # It would unregister first and wait for whom it told; nobody needs that here.
        self._process.kill()
        self._process.wait(5)
        self._reader.join(5)

    def expect(self, friend: str, state: str, timeout: float = PATIENCE) -> None:
        """Wait until it shows a friend as `Online`, `Busy`, ... Raises LinphoneError with what it shows instead."""
        name = _name(friend)
        with self._changed:
            if not self._changed.wait_for(lambda: self._seen.get(name) == state, timeout):
                raise LinphoneError(f"shows {name} as {self._seen.get(name)}, not {state}; {self._last_words()}")

    def sent(self, what: str) -> bool:
        """Whether a line that it sent or received begins so."""
        return any(line.startswith(what) for line in self._log().splitlines())

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            found = _SEEN.search(line.decode(errors="replace"))
            if found:
                with self._changed:
                    self._seen[found[1]] = found[2].strip()
                    self._changed.notify_all()

    def _log(self) -> str:
        return (self.folder / "log.txt").read_text(errors="replace")

    def _last_words(self) -> str:
        status = self._process.poll()
        return f"see {self.folder}, {'runs' if status is None else f'status {status}'}: {self._log()[-500:]}"


def _name(uri: str) -> str:
    return uri.removeprefix("sip:").partition("@")[0]
