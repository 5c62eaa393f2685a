"""What a SIP transaction is: its states, what can happen to it, what it does, and the record of one (RFC 3261 §17)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from sipcore.flow import Flow
from sipcore.message import Request
from sipcore.timers import Timer


class State(StrEnum):
    """The states of the four machines together (RFC 3261 Figures 5 to 8, RFC 6026 §7)."""

    CALLING = "calling"
    TRYING = "trying"
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    ACCEPTED = "accepted"
    TERMINATED = "terminated"


class Input(StrEnum):
    """What can happen to a transaction: a message from the network or its user (TU), a timer, a failed transport."""

    RECEIVED_1XX = "received 1xx"
    RECEIVED_2XX = "received 2xx"
    RECEIVED_300_TO_699 = "received 300-699"
    RETRANSMISSION = "request again"
    ACK = "ACK"
    SENT_1XX = "1xx from TU"
    SENT_2XX = "2xx from TU"
    SENT_300_TO_699 = "300-699 from TU"
    REFUSED_AT_ONCE = "300-699 from TU to an INVITE that was not answered provisionally"
    TIMER_A = "A"
    TIMER_B = "B"
    TIMER_D = "D"
    TIMER_E = "E"
    TIMER_F = "F"
    TIMER_G = "G"
    TIMER_H = "H"
    TIMER_I = "I"
    TIMER_J = "J"
    TIMER_K = "K"
    TIMER_L = "L"
    TIMER_M = "M"
    GIVEN_UP = "given up"
    """No final response 64*T1 after we gave the request up (RFC 3261 §9.1)."""
    TRANSPORT_ERROR = "transport error"


class Do(StrEnum):
    """What a transaction does; `START_x` starts Timer x, `REPEAT_x` starts it again with its next interval."""

    SEND_REQUEST = "send request"
    SEND_ACK = "send ACK"
    SEND_RESPONSE = "send response"
    PASS_UP = "pass to TU"  # noqa: S105
    REPORT_TIMEOUT = "report timeout"
    REPORT_TRANSPORT_ERROR = "report transport error"
    START_A = "start A"
    REPEAT_A = "repeat A"
    START_B = "start B"
    START_D = "start D"
    START_E = "start E"
    REPEAT_E = "repeat E"
    SLOW_E = "repeat E at T2"
    START_F = "start F"
    START_G = "start G"
    REPEAT_G = "repeat G"
    START_H = "start H"
    START_I = "start I"
    START_J = "start J"
    START_K = "start K"
    START_L = "start L"
    START_M = "start M"


class Step(NamedTuple):
    """One row of a machine's table: the next state and what to do on the way."""

    state: State
    actions: tuple[Do, ...]


Table = Mapping[tuple[State, Input], Step]
"""A machine. What has no row is ignored when the peer caused it and a bug when we did."""


class Machine(NamedTuple):
    """A machine with where it begins."""

    name: str
    is_client: bool
    start: Step
    table: Table


ClientKey = tuple[str, str]
"""Branch and CSeq method: what a response is matched by (RFC 3261 §17.1.3)."""

ServerKey = str
"""Branch, sent-by and method, or the fields of RFC 2543 (RFC 3261 §17.2.3); an ACK has its INVITE's key.

They are lines of one text, which takes less room than a tuple of them; no field has a line break in it.
"""


class Transaction:
    """One client or server transaction. Only the transaction layer changes it; its user may hold and compare it."""

    __slots__ = (
        "flow",
        "head",
        "interval",
        "key",
        "last",
        "lifetime",
        "machine",
        "merge_key",
        "request",
        "resend",
        "state",
        "to_tag",
        "user",
    )

    def __init__(
        self, machine: Machine, key: ClientKey | ServerKey, request: Request, flow: Flow, user: object
    ) -> None:
        self.machine = machine
        self.key = key
        self.state = machine.start.state
        self.request: Request | None = request
        """The request it is about; a server forgets it once it is answered, to keep memory small."""
        self.flow = flow
        """Where its messages go: the next hop of a client, the source of a server's request."""
        self.user = user
        """Whose it is: what the layer above put there; a server's is let go once it is answered."""
        self.to_tag: str | None = None
        """Our tag in the responses to an INVITE that began a session: those to its CANCEL have the same (§9.2)."""
        self.last = b""
        """What is sent again: request or ACK of a client, latest response of a server; empty before the first, and
        once a 2xx answers an INVITE, which the session sends again."""
        self.resend: Timer | None = None
        """Timer A, E or G."""
        self.interval = 0.0
        """Seconds that `resend` waits now."""
        self.lifetime: Timer | None = None
        """The timer that ends the state: B, D, F, H, I, J, K, L, M or that of giving up."""
        self.head: bytes | None = None
        """Start line and first Via as received: how an unchanged retransmission is known without parsing it."""
        self.merge_key: str | None = None
        """From, Call-ID and CSeq of a request outside dialogs: how a merged request is known (RFC 3261 §8.2.2.2)."""

    @property
    def ends_call(self) -> bool:
        """A BYE or CANCEL of ours."""
        return not isinstance(self.key, str) and self.key[1] in ("BYE", "CANCEL")

    def __repr__(self) -> str:
        key = self.key if isinstance(self.key, str) else "|".join(self.key)
        return f"<{self.machine.name} {key!r} {self.state}>"
