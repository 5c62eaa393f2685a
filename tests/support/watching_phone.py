"""A phone that watches: sends SUBSCRIBEs, reads NOTIFYs as a phone would, and answers them."""

import gzip
import zlib
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from sipcore.answering import response_to
from sipcore.flow import Flow
from sipcore.message import Request, Response, parse_message
from tests.support.documents import valid

SERVER = ("192.0.2.1", 5060)

DIALOG_INFO = "{urn:ietf:params:xml:ns:dialog-info}"
PIDF = "{urn:ietf:params:xml:ns:pidf}"
RPID = "{urn:ietf:params:xml:ns:pidf:rpid}"

OF_RFCS: Final = frozenset(
    f"application/{name}+xml" for name in ("dialog-info", "pidf", "pidf-diff", "reginfo", "watcherinfo")
)
"""Content types of documents that an RFC has a schema for; lists are read part by part."""


def parse_request(data: bytes) -> Request:
    """A message that must be a request."""
    message = parse_message(data)
    assert isinstance(message, Request)
    return message


@dataclass
class Notification:
    """A NOTIFY as the phone reads it."""

    request: Request

    @property
    def cseq(self) -> int:
        return self.request.cseq.number

    @property
    def subscription_state(self) -> str:
        return self.request.header("Subscription-State") or ""

    @property
    def terminated(self) -> bool:
        return self.subscription_state.startswith("terminated")

    @property
    def body(self) -> bytes:
        assert self.request.content_length == len(self.request.body)
        return self.request.body

    @property
    def content(self) -> bytes:
        """The body, without its coding."""
        match self.request.header("Content-Encoding"):
            case "gzip":
                return gzip.decompress(self.body)
            case "deflate":
                return zlib.decompress(self.body)
            case None:
                return self.body
            case other:
                raise AssertionError(other)

    @property
    def document(self) -> etree._Element:
        return valid(self.content) if self.request.content_type in OF_RFCS else etree.fromstring(self.content)

    @property
    def version(self) -> int:
        return int(self.document.get("version") or "-1")

    @property
    def dialogs(self) -> list[tuple[str, str]]:
        """State and direction of each dialog in a dialog-info document."""
        return [
            (dialog.findtext(f"{DIALOG_INFO}state") or "", dialog.get("direction") or "")
            for dialog in self.document.findall(f"{DIALOG_INFO}dialog")
        ]

    @property
    def basic(self) -> str:
        return self.document.findtext(f"{PIDF}tuple/{PIDF}status/{PIDF}basic") or ""

    @property
    def activities(self) -> set[str]:
        return {etree.QName(element).localname for element in self.document.iterfind(f".//{RPID}activities/*")}

    def answer(self, status: int = 200, *fields: tuple[str, str]) -> bytes:
        """The phone's response."""
        return response_to(self.request, status, fields=fields).to_bytes()


@dataclass
class Watcher:
    """One subscription of a phone, seen from the phone."""

    name: str
    resource: str
    event: str = "dialog"
    address: tuple[str, int] = ("192.0.2.50", 5060)
    transport: str = "udp"
    user_agent: str = "Test phone"
    call_id: str = ""
    cseq: int = 0
    fields: tuple[tuple[str, str], ...] = ()
    remote_tag: str | None = None
    remote_target: str | None = None
    received: list[Notification] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.call_id = self.call_id or f"call-{self.name}"

    @property
    def flow(self) -> Flow:
        return Flow(self.transport, SERVER, self.address)

    @property
    def contact(self) -> str:
        return f"<sip:{self.name}@{self.address[0]}:{self.address[1]}>"

    def subscribe(self, expires: int | None = 600, *fields: tuple[str, str]) -> Request:
        """A SUBSCRIBE: the first, a refresh in the dialog once there is one, or with 0 the end."""
        self.cseq += 1
        to = f"<{self.resource}>" + (f";tag={self.remote_tag}" if self.remote_tag else "")
        lines = [
            f"SUBSCRIBE {self.remote_target or self.resource} SIP/2.0",
            f"Via: SIP/2.0/{self.transport.upper()} {self.address[0]}:{self.address[1]}"
            f";branch=z9hG4bK{self.call_id}{self.cseq};rport",
            "Max-Forwards: 70",
            f"From: <sip:{self.name}@nordlys.example>;tag=phone-{self.name}",
            f"To: {to}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {self.cseq} SUBSCRIBE",
            f"Contact: {self.contact}",
            f"Event: {self.event}",
            f"User-Agent: {self.user_agent}",
            *([] if expires is None else [f"Expires: {expires}"]),
            *(f"{name}: {value}" for name, value in (*self.fields, *fields)),
            "Content-Length: 0",
            "",
            "",
        ]
        return parse_request("\r\n".join(lines).encode())

    def take(self, response: Response) -> Response:
        """Learn the dialog from a 2xx, as it comes over the wire."""
        read = parse_message(response.to_bytes())
        assert isinstance(read, Response)
        if 200 <= read.status < 300:
            self.remote_tag = read.to.tag
            self.remote_target = str(read.contacts[0].uri)
        return read

    def read(self, data: bytes) -> Notification:
        """Read a NOTIFY and keep it; its document is looked at here, in case nobody does so later."""
        notification = Notification(parse_request(data))
        assert notification.request.method == "NOTIFY"
        assert notification.request.call_id == self.call_id
        if notification.request.content_type in OF_RFCS:
            valid(notification.content)
        self.received.append(notification)
        return notification
