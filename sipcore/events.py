"""What the stack tells the layer above it. Drained with `Stack.take_events()`."""

from sipcore.flow import Flow
from sipcore.message import Request, Response
from sipcore.refer import Refer
from sipcore.replaces import Replaces
from sipcore.structs import Value


class Event(Value, frozen=True):
    """Base of all stack events."""


class RequestReceived(Event, frozen=True):
    """A request outside INVITE sessions (REGISTER, SUBSCRIBE, OPTIONS); answer it with `Stack.respond`."""

    transaction: str
    request: Request
    flow: Flow


class ResponseReceived(Event, frozen=True):
    """A response to `Stack.request(...)`; `response` is None when the transaction timed out or its transport failed."""

    transaction: str
    response: Response | None


class InviteReceived(Event, frozen=True):
    """A new INVITE session. Answer with `progress`, `accept` or `reject`."""

    session: str
    request: Request
    flow: Flow
    offer: bytes | None
    """The SDP body, None when the INVITE has none (then `accept` sends our offer and the ACK brings the answer)."""
    replaces: Replaces | None = None
    """The dialog whose place the caller wants to take; `Stack.replaced` finds it."""


class SessionProgress(Event, frozen=True):
    """UAC: a provisional response above 100; `sdp` is early media's description, PRACKed already if reliable."""

    session: str
    status: int
    reason: str
    response: Response
    sdp: bytes | None
    local: bytes | None = None
    """Our description that `sdp` belongs to: several phones may ring, and each agree on something else."""


class SessionAccepted(Event, frozen=True):
    """UAC: the 2xx that this session follows; the ACK is sent already. The stack ends other forks by itself."""

    session: str
    response: Response
    sdp: bytes | None
    local: bytes | None = None
    """As in `SessionProgress`."""


class SessionRejected(Event, frozen=True):
    """UAC: the final answer was no: 408 for Timer B, 503 for transport errors, 487 after `cancel`.

    `response` is None where the status is our own.
    """

    session: str
    status: int
    reason: str
    response: Response | None


class SessionEstablished(Event, frozen=True):
    """UAS: the ACK came; `sdp` is its body (the answer, where the 2xx carried our offer)."""

    session: str
    sdp: bytes | None


class SessionCancelled(Event, frozen=True):
    """UAS: the caller gave up before the answer; 487 is sent. `reason` is the CANCEL's Reason (RFC 3326)."""

    session: str
    reason: str | None


class SessionEnded(Event, frozen=True):
    """An established session is over. `cause`: `bye`, `expired` (RFC 4028), `no-ack`, `timeout` or `transport`."""

    session: str
    cause: str
    reason: str | None = None
    """The Reason header of the BYE (RFC 3326)."""


class OfferReceived(Event, frozen=True):
    """A re-INVITE or UPDATE asks for another media description: answer with `Stack.answer` or `Stack.refuse`.

    `offer` None is a re-INVITE without a body: `Stack.answer` then carries our offer, `AnswerReceived` the answer.
    """

    session: str
    method: str
    offer: bytes | None


class AnswerReceived(Event, frozen=True):
    """The peer's answer to an offer of ours within the session."""

    session: str
    sdp: bytes | None
    in_request: bool = False
    """False: in the response to our re-INVITE or UPDATE. True: in the ACK or PRACK, to the offer in our response."""


class OfferRefused(Event, frozen=True):
    """Our re-INVITE or UPDATE was refused; the session goes on as before. 491 was retried already (RFC 3261 §14.1)."""

    session: str
    status: int


class InfoReceived(Event, frozen=True):
    """An INFO inside a session, answered 200 already; `body` as sent (for example application/dtmf-relay)."""

    session: str
    content_type: str
    body: bytes


class ReferReceived(Event, frozen=True):
    """A REFER inside a session: answer it with `Stack.accept_refer` or `Stack.refuse_refer`."""

    session: str
    referral: str
    """Its id, for the answer and for what is told of it."""
    request: Request
    flow: Flow
    refer: Refer
    at_home: bool
    """It came from the address at which the session began."""


class ReferOver(Event, frozen=True):
    """The peer has confirmed the last that it was told of its REFER, or cannot be told."""

    session: str
    """May be over since long."""
    referral: str


class TransportFailed(Event, frozen=True):
    """A flow is gone (connection closed or refused). Transactions on it were told."""

    flow: Flow
