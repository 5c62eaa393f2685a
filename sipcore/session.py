"""The record of one INVITE session. Its parts are changed by the modules named after them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sipcore.dialog import Dialog
from sipcore.digest import Credentials
from sipcore.flow import Flow
from sipcore.message import Request, Response
from sipcore.session_machine import CALLEE, CALLER, Happening, SessionState, SessionTable
from sipcore.session_timer import SessionTimer
from sipcore.timers import Timer
from sipcore.transaction import Transaction

if TYPE_CHECKING:
    from sipcore.outgoing import Outgoing


class Occurrence:
    """A happening with what came with it."""

    __slots__ = ("cause", "fields", "reason", "response", "sdp", "status", "what")

    def __init__(
        self,
        what: Happening,
        response: Response | None = None,
        *,
        status: int = 0,
        reason: str | None = None,
        sdp: bytes | None = None,
        fields: tuple[tuple[str, str], ...] = (),
        cause: str = "",
    ) -> None:
        self.what = what
        self.response = response
        """The response that came, of PROVISIONAL, SUCCESS and FAILURE."""
        self.status = status
        """The status that came or is to be sent."""
        self.reason = reason
        """Reason phrase to send, or a Reason header's value."""
        self.sdp = sdp
        self.fields = fields
        self.cause = cause
        """What `SessionEnded` tells."""


class AwaitedAck:
    """A 2xx of ours that is sent again until its ACK comes (RFC 3261 §13.3.1.4)."""

    __slots__ = ("carries_offer", "cseq", "data", "initial", "interval", "transaction")

    def __init__(
        self, transaction: Transaction, data: bytes, interval: float, cseq: int, *, initial: bool, carries_offer: bool
    ) -> None:
        self.transaction = transaction
        self.data = data
        self.interval = interval
        self.cseq = cseq
        self.initial = initial
        """True for the INVITE that made the session."""
        self.carries_offer = carries_offer
        """The ACK brings the answer."""


class PeerOffer(NamedTuple):
    """A re-INVITE, UPDATE or PRACK whose answer our user owes."""

    transaction: Transaction
    request: Request
    offer: bytes | None


class OwnOffer(NamedTuple):
    """A re-INVITE or UPDATE to be sent when the session is free for it."""

    sdp: bytes | None
    is_refresh: bool = False


class SentOffer:
    """A re-INVITE or UPDATE of ours that is not answered."""

    __slots__ = ("outgoing", "own")

    def __init__(self, outgoing: Outgoing, own: OwnOffer) -> None:
        self.outgoing = outgoing
        self.own = own


class OwedAnswer(NamedTuple):
    """A 2xx that carried the peer's offer: its ACK waits for our user's answer."""

    response: Response
    invite: Request
    """What it answers."""


class ReliableProvisional:
    """A provisional response of ours that is sent again until its PRACK comes (RFC 3262 §3)."""

    __slots__ = ("carries_sdp", "data", "interval", "rseq", "sent_at")

    def __init__(self, rseq: int, data: bytes, interval: float, sent_at: float, *, carries_sdp: bool) -> None:
        self.rseq = rseq
        self.data = data
        self.interval = interval
        self.sent_at = sent_at
        self.carries_sdp = carries_sdp


class Described(NamedTuple):
    """The descriptions of both sides that belong together."""

    remote: bytes
    local: bytes | None
    local_answers: bool
    """As in `Session`."""


class Session:
    """One INVITE session: where it stands, its dialog, and what it waits for."""

    __slots__ = (
        "acks",
        "awaited_ack",
        "bye_reason",
        "cancel_reason",
        "contact",
        "credentials",
        "dialog",
        "dialogs",
        "early",
        "flow",
        "give_up_status",
        "has_referred",
        "held_accept",
        "held_progress",
        "id",
        "invite",
        "is_caller",
        "local_answers",
        "local_sdp",
        "outgoing",
        "owed_answer",
        "own_offer",
        "peer_allows",
        "peer_offer",
        "reliable",
        "remote_sdp",
        "rseq",
        "rseqs_heard",
        "sent_offer",
        "state",
        "timer",
        "timers",
        "transaction",
    )

    def __init__(self, id: str, flow: Flow, contact: str, invite: Request, *, is_caller: bool) -> None:
        self.id = id
        self.is_caller = is_caller
        self.state = SessionState.CALLING if is_caller else SessionState.INVITED
        self.flow = flow
        self.contact = contact
        """Our Contact header's value."""
        self.invite = invite
        """The INVITE that made it."""
        self.dialog: Dialog | None = None
        """The dialog that requests go to: early while it rings, then that of the 2xx."""
        self.dialogs: dict[str, Dialog] = {}
        """By remote tag: those of all forks."""
        self.timers: dict[str, Timer] = {}
        self.local_sdp: bytes | None = None
        """The description last agreed, or offered first, by us."""
        self.remote_sdp: bytes | None = None
        self.local_answers = False
        """Ours answers the peer's; the other way round it may name more than the peer's would allow."""
        self.peer_allows: frozenset[str] = frozenset()
        self.timer: SessionTimer | None = None
        self.credentials: Credentials | None = None
        """What challenges to our requests are answered with."""
        self.has_referred = False
        """The peer has sent a REFER before."""
        self.bye_reason: str | None = None
        """Reason header's value of our BYE (RFC 3326)."""
        # As caller
        self.outgoing: Outgoing | None = None
        self.give_up_status = 487
        """What `SessionRejected` tells when we gave up: 487, or 408 when nobody answered in time."""
        self.cancel_reason: str | None = None
        self.rseqs_heard: dict[str, int] = {}
        """Highest RSeq in order, by the fork's tag."""
        self.early: dict[str, Described] = {}
        """What was agreed last with each fork before the answer, by its tag."""
        self.acks: dict[tuple[str, int], bytes] = {}
        """ACKs sent for 2xx, by remote tag and CSeq number, for 2xx that come again."""
        self.owed_answer: OwedAnswer | None = None
        # As called party
        self.transaction: Transaction | None = None
        self.rseq = 0
        """Of the latest reliable provisional response."""
        self.reliable: ReliableProvisional | None = None
        self.held_progress: list[Occurrence] = []
        """Reliable provisional responses behind the one that is not acknowledged."""
        self.held_accept: Occurrence | None = None
        """Our answer, behind a reliable provisional response with a description that is not acknowledged."""
        # Once it is up
        self.awaited_ack: AwaitedAck | None = None
        self.peer_offer: PeerOffer | None = None
        self.own_offer: OwnOffer | None = None
        self.sent_offer: SentOffer | None = None

    @property
    def table(self) -> SessionTable:
        return CALLER if self.is_caller else CALLEE

    @property
    def ended(self) -> bool:
        return self.state is SessionState.ENDED
