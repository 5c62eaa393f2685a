"""A phone that only watches lamps, on plain sockets and without any of our own SIP code: SUBSCRIBE out, NOTIFY in.

Each NOTIFY is answered 200 and judged as it comes: CSeq and document version only rise, the body is full state and
valid against its schema. What breaks a rule is raised by the next call of the watcher.
"""

import hashlib
import re
import secrets
import socket
import threading
import time
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

from lxml import etree

from tests.support.documents import valid
from tests.support.ports import LOOPBACK

_DI = "{urn:ietf:params:xml:ns:dialog-info}"
_ACCEPT = {
    "dialog": "application/dialog-info+xml",
    "presence": "application/pidf+xml",
    "message-summary": "application/simple-message-summary",
}


class WatcherFailed(AssertionError):
    """A SUBSCRIBE was refused, a NOTIFY broke a rule, or what was awaited did not come."""


@dataclass(frozen=True, slots=True)
class Dialog:
    """One `<dialog>` of a dialog-info document."""

    id: str
    state: str
    direction: str
    call_id: str
    local_tag: str
    remote_tag: str
    local_identity: str
    remote_identity: str
    remote_display: str
    held: bool


@dataclass(frozen=True, slots=True)
class Notification:
    """One NOTIFY; `dialogs` and `version` only with a dialog-info body."""

    at: float
    resource: str
    cseq: int
    subscription_state: str
    body: str
    version: int
    dialogs: tuple[Dialog, ...]

    @property
    def lamp(self) -> str:
        """What a lamp shows of it: idle, ringing (blinks), calling, talking or held."""
        live = [dialog for dialog in self.dialogs if dialog.state != "terminated"]
        if any(dialog.state == "confirmed" for dialog in live):
            return "held" if all(dialog.held for dialog in live if dialog.state == "confirmed") else "talking"
        if not live:
            return "idle"
        return "ringing" if any(dialog.direction == "recipient" for dialog in live) else "calling"


@dataclass(slots=True)
class _Subscription:
    resource: str
    event: str
    call_id: str
    local_tag: str
    remote: str = ""
    target: str = ""
    cseq: int = 0
    notify_cseq: int = -1
    version: int = -1


class Watcher:
    """One UDP socket with any number of subscriptions; use as a context manager."""

    def __init__(self, server: str, user: str, domain: str, password: str) -> None:
        host, port = server.rsplit(":", 1)
        self._server = (host, int(port))
        self._user, self._domain, self._password = user, domain, password
        self._subscriptions: dict[str, _Subscription] = {}
        self._responses: dict[str, str] = {}
        self._faults: list[str] = []
        self._unread: list[Notification] = []
        self.notifications: list[Notification] = []
        self._changed = threading.Condition()

    def __enter__(self) -> Self:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((LOOPBACK, 0))
        self._host, self._port = self._socket.getsockname()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # An empty datagram from itself ends the listening thread.
        self._socket.sendto(b"", (self._host, self._port))
        self._thread.join(5)
        self._socket.close()
        if kind is None:
            self._raise_faults()

    def subscribe(self, resource: str, event: str = "dialog", expires: int = 120) -> None:
        """Watch `resource` (an extension or a person's id). Raises WatcherFailed unless the answer is 2xx."""
        subscription = _Subscription(resource, event, secrets.token_hex(8), secrets.token_hex(4))
        self._subscriptions[subscription.call_id] = subscription
        self._send_subscribe(subscription, expires)

    def refresh(self, resource: str, expires: int = 120) -> None:
        """Subscribe again in the dialog; `expires` 0 unsubscribes."""
        for subscription in self._subscriptions.values():
            if subscription.resource == resource:
                self._send_subscribe(subscription, expires)

    def expect(self, resource: str, lamp: str, *, phase: str = "", timeout: float = 10.0) -> Notification:
        """The next change of the lamp of `resource`, which must be this; what repeats the lamp before is passed over.

        `phase` is the state that some dialog must be in (`early` comes after `trying`, and both make a lamp blink).
        Raises WatcherFailed when another lamp comes, or nothing within `timeout`.
        """
        before = next(
            (n.lamp for n in reversed(self.notifications) if n.resource == resource and n not in self._unread), None
        )
        while True:
            notification = self.next(resource, timeout)
            if notification.lamp == lamp and (not phase or phase in [dialog.state for dialog in notification.dialogs]):
                return notification
            if notification.lamp not in (before, lamp):
                raise WatcherFailed(
                    f"lamp {resource} shows {notification.lamp} after {before}, not {lamp}: {notification.body}"
                )

    def next(self, resource: str, timeout: float = 10.0) -> Notification:
        """The oldest notification of `resource` not handed out yet."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                self._raise_faults()
                if found := next((n for n in self._unread if n.resource == resource), None):
                    self._unread.remove(found)
                    return found
                if not self._changed.wait(max(0.0, deadline - time.monotonic())):
                    raise WatcherFailed(f"no NOTIFY for {resource} within {timeout} s; had: {self.lamps(resource)}")

    def lamps(self, resource: str) -> list[str]:
        """What the lamp showed until now, one after the other, without repetitions."""
        shown = [n.lamp for n in self.notifications if n.resource == resource]
        return [lamp for index, lamp in enumerate(shown) if index == 0 or shown[index - 1] != lamp]

    def _raise_faults(self) -> None:
        if self._faults:
            raise WatcherFailed("; ".join(self._faults))

    def _send_subscribe(self, subscription: _Subscription, expires: int) -> None:
        response = self._transaction(subscription, expires, "")
        if _status(response) == 401:
            uri = subscription.target or f"sip:{subscription.resource}@{self._domain}"
            response = self._transaction(subscription, expires, self._authorization(response, uri))
        if _status(response) not in (200, 202):
            raise WatcherFailed(f"SUBSCRIBE {subscription.resource}: {response}")
        subscription.remote = _header(response, "To")
        found = re.search(r"<([^>]+)>", _header(response, "Contact"))
        subscription.target = found.group(1) if found else ""

    def _transaction(self, subscription: _Subscription, expires: int, authorization: str, timeout: float = 8.0) -> str:
        subscription.cseq += 1
        branch = f"z9hG4bK{secrets.token_hex(8)}"
        identity = f"<sip:{self._user}@{self._domain}>"
        uri = subscription.target or f"sip:{subscription.resource}@{self._domain}"
        lines = [
            f"SUBSCRIBE {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {self._host}:{self._port};rport;branch={branch}",
            "Max-Forwards: 70",
            f"From: {identity};tag={subscription.local_tag}",
            f"To: {subscription.remote or f'<sip:{subscription.resource}@{self._domain}>'}",
            f"Call-ID: {subscription.call_id}",
            f"CSeq: {subscription.cseq} SUBSCRIBE",
            f"Contact: <sip:{self._user}@{self._host}:{self._port}>",
            f"Event: {subscription.event}",
            f"Accept: {_ACCEPT[subscription.event]}",
            f"Expires: {expires}",
            *([authorization] if authorization else []),
            "Content-Length: 0",
        ]
        data = "\r\n".join([*lines, "", ""]).encode()
        deadline, interval = time.monotonic() + timeout, 0.5
        with self._changed:
            while branch not in self._responses:
                self._socket.sendto(data, self._server)
                self._changed.wait_for(lambda: branch in self._responses, interval)
                interval = min(2 * interval, 4.0)
                if time.monotonic() > deadline:
                    raise WatcherFailed(f"no answer to SUBSCRIBE {subscription.resource}")
            return self._responses.pop(branch)

    def _authorization(self, challenged: str, uri: str) -> str:
        """Digest of RFC 7616 with qop auth, for the first challenge."""
        challenge = _header(challenged, "WWW-Authenticate")
        realm, nonce = (re.search(rf'{name}="([^"]*)"', challenge) for name in ("realm", "nonce"))
        algorithm = re.search(r"algorithm=([A-Z0-9-]+)", challenge)
        assert realm and nonce and algorithm
        digest = partial(_digest, algorithm[1])
        cnonce = secrets.token_hex(4)
        ha1, ha2 = digest(f"{self._user}:{realm[1]}:{self._password}"), digest(f"SUBSCRIBE:{uri}")
        answer = digest(f"{ha1}:{nonce[1]}:00000001:{cnonce}:auth:{ha2}")
        return (
            f'Authorization: Digest username="{self._user}", realm="{realm[1]}", nonce="{nonce[1]}", uri="{uri}", '
            f'response="{answer}", algorithm={algorithm[1]}, qop=auth, nc=00000001, cnonce="{cnonce}"'
        )

    def _listen(self) -> None:
        while data := self._socket.recv(65535):
            text = data.decode()
            with self._changed:
                if text.startswith("SIP/2.0 "):
                    branch = re.search(r"branch=([^;\s,]+)", _header(text, "Via"))
                    if branch and _status(text) >= 200:
                        self._responses[branch[1]] = text
                elif text.startswith("NOTIFY "):
                    self._answer(text)
                    self._take(text)
                self._changed.notify_all()

    def _answer(self, request: str) -> None:
        known = _header(request, "Call-ID") in self._subscriptions
        echoed = re.findall(
            r"^(?:Via|From|To|Call-ID|CSeq):.*$", request.partition("\r\n\r\n")[0], re.MULTILINE | re.IGNORECASE
        )
        start = "SIP/2.0 200 OK" if known else "SIP/2.0 481 Subscription Does Not Exist"
        lines = [start, *(line.rstrip("\r") for line in echoed), "Content-Length: 0", "", ""]
        self._socket.sendto("\r\n".join(lines).encode(), self._server)

    def _take(self, text: str) -> None:
        subscription = self._subscriptions.get(_header(text, "Call-ID"))
        if subscription is None:
            return
        cseq = int(_header(text, "CSeq").split()[0])
        if cseq == subscription.notify_cseq:
            return  # retransmitted, answered again
        body = text.partition("\r\n\r\n")[2]
        version, dialogs = -1, tuple[Dialog, ...]()
        if body and subscription.event != "message-summary":
            version, dialogs = self._read(subscription, body)
        if cseq < subscription.notify_cseq:
            self._faults.append(f"CSeq of {subscription.resource} went back from {subscription.notify_cseq} to {cseq}")
        subscription.notify_cseq = cseq
        state = _header(text, "Subscription-State")
        notification = Notification(time.time(), subscription.resource, cseq, state, body, version, dialogs)
        self.notifications.append(notification)
        self._unread.append(notification)

    def _read(self, subscription: _Subscription, body: str) -> tuple[int, tuple[Dialog, ...]]:
        """The version of a document and the dialogs in it; one of presence has neither."""
        try:
            root = valid(body.encode())
        except etree.DocumentInvalid as invalid:
            self._faults.append(f"not a valid document: {invalid}: {body}")
            return subscription.version, ()
        if subscription.event != "dialog":
            return -1, ()
        version = int(root.get("version", "-1"))
        if version <= subscription.version:
            self._faults.append(f"version of {subscription.resource} went from {subscription.version} to {version}")
        if root.get("state") != "full":
            self._faults.append(f"not full state: {body}")
        subscription.version = version
        return version, tuple(_dialog(element) for element in root.iter(f"{_DI}dialog"))


def _dialog(element: etree._Element) -> Dialog:
    identity = element.find(f"{_DI}remote/{_DI}identity")
    return Dialog(
        id=element.get("id", ""),
        state=element.findtext(f"{_DI}state", ""),
        direction=element.get("direction", ""),
        call_id=element.get("call-id", ""),
        local_tag=element.get("local-tag", ""),
        remote_tag=element.get("remote-tag", ""),
        local_identity=element.findtext(f"{_DI}local/{_DI}identity", ""),
        remote_identity="" if identity is None else (identity.text or ""),
        remote_display="" if identity is None else identity.get("display", ""),
        held=element.find(f"{_DI}local/{_DI}target/{_DI}param[@pname='+sip.rendering'][@pval='no']") is not None,
    )


def _header(text: str, name: str) -> str:
    found = re.search(rf"^{name}\s*:\s*(.*?)\r?$", text.partition("\r\n\r\n")[0], re.IGNORECASE | re.MULTILINE)
    return found.group(1) if found else ""


def _status(response: str) -> int:
    return int(response.split(" ", 2)[1])


def _digest(algorithm: str, text: str) -> str:
    hashes = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
    return hashes[algorithm](text.encode(), usedforsecurity=False).hexdigest()
