"""One presentity of another server, watched for one person here."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from lampfield.asking import Asking
from lampfield.hurry import Hurry
from lampfield.locating import LocalAddresses, Locator, flows_to
from lampfield.peer_sections import WatchedServer
from lampfield.presence.lamp import Published
from lampfield.presence.publish_packages import as_published
from presence_pidf.dialog_info import CONTENT_TYPE as DIALOG_INFO
from presence_pidf.dialog_info_reader import read_dialog_info
from presence_pidf.dialog_info_view import DialogInfoView
from presence_pidf.pidf import CONTENT_TYPE as PIDF
from presence_pidf.pidf_reader import read_pidf
from presence_pidf.safe_xml import MalformedDocument
from presence_pidf.status_report import StatusReport
from routing.ports import Clock
from sipcore.digest import Credentials
from sipcore.errors import ProtocolViolation
from sipcore.flow import Flow
from sipcore.message import Request
from sipcore.uri import SipUri
from sipcore.via_path import host_port
from sipcore.watcher import Watched, Watcher

_log = logging.getLogger(__name__)

LEAVE_SECONDS: Final = 2.0
"""How long the other server is given to take our subscription away when we stop."""

_ACCEPT: Final = {"dialog": DIALOG_INFO, "presence": PIDF}


class WatchedPresentity:
    """A subscription of ours: `run` until cancelled, then `leave`. `published` is what the other server says now."""

    def __init__(
        self,
        server: WatchedServer,
        remote: str,
        person: str,
        asking: Asking,
        locator: Locator,
        ours: LocalAddresses,
        clock: Clock,
        token: Callable[[], str],
        advertised_host: str | None,
    ) -> None:
        self.person = person
        """AOR of the person here."""
        self.source = f"pbx:{server.name}"
        self.published: Published | None = None
        """None where nothing is known."""
        self._server = server
        self._asking = asking
        self._locator = locator
        self._ours = ours
        self._clock = clock
        self._advertised_host = advertised_host
        domain = server.domain or server.host
        self._resource = remote if "@" in remote else f"{remote}@{domain}"
        packages = (server.event, "presence" if server.event == "dialog" else "dialog")
        watched = Watched(
            f"sip:{self._resource}",
            f"sip:{server.username}@{domain}",
            packages,
            tuple(_ACCEPT[package] for package in packages),
            server.expires,
        )
        self._watcher = Watcher(watched, token, clock())
        self._credentials = Credentials(server.username, server.password) if server.password else None
        self._view = DialogInfoView()
        self._viewed = ""
        """Call-ID of the subscription that the view is of."""
        self._hurry = Hurry(clock)

    @property
    def key(self) -> str:
        """What names it among all that is published of the person."""
        return f"watch {self._server.name} {self._resource}"

    @property
    def resource(self) -> str:
        """Who is watched, `user@domain`."""
        return self._resource

    @property
    def call_id(self) -> str:
        """The Call-ID that NOTIFYs bear."""
        return self._watcher.call_id

    @property
    def state(self) -> str:
        """`trying`, `pending`, `active`, `failed` or `stopped`; with the reason, for people."""
        reason = self._watcher.reason
        return self._watcher.state + (f": {reason}" if reason else "")

    async def run(self) -> None:
        """Subscribe, and refresh for ever."""
        watcher, server = self._watcher, self._server
        uri = SipUri("sip", None, None, server.host, server.port, _transport(server.transport), {})
        while True:
            await self._hurry.until(lambda: watcher.due_at)
            before = self.state
            if watcher.flow is None or watcher.state != "active":
                watcher.locate(await flows_to(uri, self._locator, self._ours))
            flow = watcher.flow
            if flow is None:
                watcher.unreachable(self._clock())
            else:
                request = watcher.request(self._contact(flow), self._clock())
                watcher.answered(await self._asking.ask(request, flow, self._credentials), self._clock())
            if self.state != before:
                _log.info("%s at %s: %s", self._resource, server.name, self.state)

    async def leave(self) -> None:
        """End the subscription."""
        flow = self._watcher.flow
        request = self._watcher.leave(self._contact(flow)) if flow is not None else None
        if request is not None and flow is not None:
            try:
                async with asyncio.timeout(LEAVE_SECONDS):
                    await self._asking.ask(request, flow, self._credentials)
            except TimeoutError:
                _log.info("%s at %s: the other server did not confirm that we leave", self._resource, self._server.name)

    def notified(self, notify: Request, flow: Flow) -> int:
        """Take a NOTIFY of this Call-ID: the status to answer. Raises ProtocolViolation."""
        now = self._clock()
        due_at, package = self._watcher.due_at, self._watcher.package
        if self._viewed != self._watcher.call_id:
            self._viewed = self._watcher.call_id
            self._view.begin_anew()
        status = self._watcher.notified(notify, flow, now)
        if status == 200 and notify.body:
            try:
                self._take(notify.body, package, now)
            except MalformedDocument as fault:
                raise ProtocolViolation(f"Document: {fault}") from None
        if self._watcher.due_at < due_at:
            self._hurry()
        return status

    def flow_failed(self, flow: Flow) -> None:
        """A connection is gone; if it was ours, subscribe anew."""
        self._watcher.failed(flow, self._clock())
        self._hurry()

    def is_over(self) -> bool:
        """True where what was learned counts no more; it is forgotten then."""
        if self.published is None or self._clock() < self._watcher.valid_until:
            return False
        self.published = None
        return True

    def _take(self, body: bytes, package: str, now: float) -> None:
        if package == "presence":
            self.published = as_published(read_pidf(body), self.person, self.source, self.published, now)
            return
        if self._view.take(read_dialog_info(body, now)) == "gap":
            _log.info("%s at %s: a change was lost, asking for all", self._resource, self._server.name)
            self._watcher.refresh(now)
            return
        # Who can be watched can be reached; what they do is told by the dialogs alone.
        before = self.published.report if self.published is not None else None
        since = before.since if before is not None else now
        report = StatusReport(
            presentity=self.person, source=self.source, activity="available", at=now, started=since, received=now
        )
        self.published = Published(now, report, dialogs=self._view.dialogs)

    def _contact(self, flow: Flow) -> str:
        host, port = flow.local
        transport = "" if flow.transport == "udp" else f";transport={flow.transport}"
        return f"sip:{self._server.username}@{host_port(self._advertised_host or host, port)}{transport}"


def _transport(name: str | None) -> dict[str, str | None]:
    return {"transport": name} if name else {}
