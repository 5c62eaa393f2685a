"""A dialog: the peer-to-peer relationship that an INVITE makes (RFC 3261 §12)."""

from collections.abc import Iterable, Sequence

from sipcore.address import NameAddr
from sipcore.errors import ProtocolViolation
from sipcore.flow import Flow
from sipcore.message import Message, Request, Response
from sipcore.nat import is_address
from sipcore.next_hop import detour, next_hop
from sipcore.uri import SipUri

DialogId = tuple[str, str, str]
"""Call-ID, local tag, remote tag."""


class Dialog:
    """One dialog from one side: identifiers, sequence numbers, route set and remote target."""

    __slots__ = (
        "behind_nat",
        "call_id",
        "flow",
        "local",
        "local_cseq",
        "remote",
        "remote_cseq",
        "remote_target",
        "route_set",
        "secure",
    )

    def __init__(
        self,
        *,
        call_id: str,
        local: NameAddr,
        remote: NameAddr,
        remote_target: NameAddr,
        local_cseq: int,
        remote_cseq: int | None,
        route_set: Sequence[NameAddr],
        secure: bool,
        flow: Flow,
        behind_nat: bool,
    ) -> None:
        self.call_id = call_id
        self.local = local
        """Our From or To, with our tag."""
        self.remote = remote
        self.local_cseq = local_cseq
        """The last number that we used."""
        self.remote_cseq = remote_cseq
        """The highest number that the peer used, None before it sent any request."""
        self.route_set = tuple(route_set)
        self.secure = secure
        self.flow = flow
        self.behind_nat = behind_nat
        self.remote_target = remote_target

    @classmethod
    def as_uas(cls, request: Request, local_tag: str, flow: Flow) -> "Dialog":
        """The dialog that a response to `request` makes (§12.1.1). Raises ProtocolViolation."""
        to = request.to
        dialog = cls(
            call_id=request.call_id,
            local=to if to.tag else to.with_tag(local_tag),
            remote=request.from_,
            # RFC 2543 knew no Contact (RFC 4475 §3.4.1); check_request has refused others without one.
            remote_target=request.from_,
            local_cseq=0,
            remote_cseq=request.cseq.number,
            route_set=request.record_routes,
            secure=request.uri.startswith("sips:"),
            flow=flow,
            behind_nat=request.via.host.strip("[]") != flow.remote[0],
        )
        dialog.refresh_target(request, flow)
        return dialog

    @classmethod
    def as_uac(cls, request: Request, response: Response, flow: Flow) -> "Dialog":
        """The dialog that `response` to our `request` makes (§12.1.2). Raises ProtocolViolation."""
        sent_to = request.request_uri
        dialog = cls(
            call_id=request.call_id,
            local=request.from_,
            remote=response.to,
            # A 2xx without the Contact that it must have is followed to where the INVITE went.
            remote_target=NameAddr("", sent_to),
            local_cseq=request.cseq.number,
            remote_cseq=None,
            route_set=response.record_routes[::-1],
            secure=request.uri.startswith("sips:"),
            flow=flow,
            # What was called at another address than the URI says is behind NAT, or a proxy is in between. A name, as
            # that of a provider, says nothing of the kind: its Contact is where it is reached.
            behind_nat=not isinstance(sent_to, SipUri)
            or (sent_to.address != flow.remote[0] and is_address(sent_to.address)),
        )
        dialog.refresh_target(response, flow)
        return dialog

    @property
    def id(self) -> DialogId:
        return self.call_id, self.local_tag, self.remote_tag

    @property
    def local_tag(self) -> str:
        return self.local.tag or ""

    @property
    def remote_tag(self) -> str:
        """Empty for a peer of RFC 2543, which has none."""
        return self.remote.tag or ""

    @property
    def local_uri(self) -> str:
        return str(self.local.uri)

    @property
    def remote_uri(self) -> str:
        return str(self.remote.uri)

    def refresh_target(self, message: Message, flow: Flow) -> None:
        """Take the Contact of a target refresh request or its 2xx as remote target (§12.2.1.2, §12.2.2).

        `flow` is where the message came from: a phone whose NAT gave it a new port is answered there.
        Raises ProtocolViolation.
        """
        contacts = message.contacts
        if len(contacts) > 1:
            raise ProtocolViolation("More than one Contact")
        if contacts:
            self.remote_target = contacts[0]
        if self.route_set:
            self.flow = next_hop(flow, self.route_set[0].uri, behind_nat=False)
        else:
            self.flow = next_hop(flow, self.remote_target.uri, behind_nat=self.behind_nat)

    def heard_on(self, flow: Flow) -> None:
        """Follow a peer that can only be answered where it is heard: over a new connection, or through its NAT anew."""
        if not self.route_set and (self.behind_nat or flow.reliable):
            self.flow = flow

    def leave(self, flow: Flow, *, anew: bool = False) -> bool:
        """Go another way than over this connection, which is gone; False where no other is known.

        `anew`: another connection to the same address is one, where the peer says that it is reached there.
        """
        other = None
        if not flow.reliable:
            return False
        if self.flow != flow:
            other = self.flow
        elif self.route_set:
            other = detour(flow, self.route_set[0].uri)
        elif not self.behind_nat:
            other = detour(flow, self.remote_target.uri)
        if other is None or (other == flow and not anew):
            return False
        self.flow = other
        return True

    def in_order(self, request: Request) -> bool:
        """True if the request's CSeq number does not go back, which it notes (§12.2.2)."""
        number = request.cseq.number
        if self.remote_cseq is not None and number < self.remote_cseq:
            return False
        self.remote_cseq = number
        return True

    def next_cseq(self) -> int:
        """A fresh number for a request of ours."""
        self.local_cseq += 1
        return self.local_cseq

    def request(
        self, method: str, *, cseq: int | None = None, fields: Iterable[tuple[str, str]] = (), body: bytes = b""
    ) -> Request:
        """Make a request within the dialog (§12.2.1.1); `cseq` is given for ACK only, which repeats its INVITE's."""
        uri, routes = self._path()
        number = self.next_cseq() if cseq is None else cseq
        head = [("Max-Forwards", "70")]
        head += [("Route", route) for route in routes]
        head += [
            ("From", str(self.local)),
            ("To", str(self.remote)),
            ("Call-ID", self.call_id),
            ("CSeq", f"{number} {method}"),
        ]
        head += fields
        return Request(method, uri, head, body)

    def _path(self) -> tuple[str, list[str]]:
        """Request-URI and Routes: loose routing, or the swap that a strict router asks for."""
        target = str(self.remote_target.uri)
        if not self.route_set:
            return target, []
        first = self.route_set[0].uri
        if isinstance(first, SipUri) and "lr" in first.params:
            return target, [str(route) for route in self.route_set]
        return str(first), [*(str(route) for route in self.route_set[1:]), f"<{target}>"]
