"""One session with a PBX: the operations, in our words."""

import contextlib
from typing import Self

import msgspec
from lxml import etree

from status_adapters.http_client import HttpClient, LoginRefused, SourceFault, basic
from status_adapters.innovaphone.settings import InnovaphoneSettings
from status_adapters.innovaphone.soap import Polled, Presence, fork_numbers, number, polled, request, result

POLL_SECONDS = 90.0
"""A Poll is answered after about 60 s where nothing happens."""


class PbxSession:
    """A session that `begin` has begun."""

    def __init__(self, http: HttpClient, settings: InnovaphoneSettings, password: str) -> None:
        self._http = http
        self._settings = settings
        self._log_in = basic(settings.username, password)
        self._session = 0

    async def begin(self) -> Self:
        """Log in. Raises LoginRefused, SourceFault."""
        versions = dict.fromkeys(("v", "v501", "v700", "v800", "vx1000"), True)
        response = await self._ask("Initialize", {"user": self._settings.username, "appl": "Lampfield", **versions})
        self._session = number(response)
        if not self._session:
            raise LoginRefused(f"Initialize: the PBX gives {self._settings.username} no session")
        return self

    async def poll(self) -> Polled:
        """What has happened since the last Poll; waits for something. Raises SourceFault."""
        return polled(await self._ask("Poll", {"session": self._session}, POLL_SECONDS))

    async def monitor(self, cn: str) -> int:
        """Have a user's calls told by Poll; gives the handle by which they are. Raises SourceFault."""
        arguments: dict[str, str | int | bool | dict[str, str]] = {
            "session": self._session,
            "user": cn,
            "xfer": False,
            "disc": False,
            "hw": "",
        }
        handle = number(await self._ask("UserInitialize", arguments))
        if not handle:
            raise SourceFault(f"UserInitialize: the PBX does not let us monitor {cn}")
        return handle

    async def forks(self, cn: str) -> list[str]:
        """The numbers that a user's calls fork to, such as a mobile. Raises SourceFault."""
        asked = etree.Element("show")
        etree.SubElement(asked, "user", cn=cn)
        return fork_numbers(await self._ask("Admin", {"xml": etree.tostring(asked, encoding="unicode")}))

    async def set_presence(self, h323: str, presence: Presence) -> None:
        """Show a user's presence at one of our contacts. Raises SourceFault."""
        shown = {name: value for name, value in msgspec.to_builtins(presence).items() if name != "contact"}
        arguments: dict[str, str | int | bool | dict[str, str]] = {
            "presence": shown,
            "im": False,
            "contact": presence.contact,
            "guid": "*",
            "h323": h323,
        }
        if not number(await self._ask("SetPresence", arguments)):
            raise SourceFault(f"SetPresence: the PBX does not take the presence of {h323}")

    async def end(self) -> None:
        """Log out, as well as it goes."""
        if self._session:
            with contextlib.suppress(SourceFault):
                await self._ask("End", {"session": self._session}, 2.0)

    async def _ask(
        self,
        operation: str,
        arguments: dict[str, str | int | bool | dict[str, str]],
        timeout: float = 30.0,
    ) -> etree._Element:
        headers, body = request(operation, arguments)
        headers["Authorization"] = self._log_in
        answer = await self._http.request("POST", self._settings.url, headers=headers, content=body, timeout=timeout)
        return result(answer, operation)
