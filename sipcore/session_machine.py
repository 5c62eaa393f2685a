"""The machine of an INVITE session: states of both roles, what can happen, what is done (RFC 3261 §13 to §15)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple


class SessionState(StrEnum):
    """Where a session stands; the first four are the caller's, the next three the called party's."""

    CALLING = "calling"
    """INVITE sent, nothing heard."""
    PROCEEDING = "proceeding"
    """A provisional response came, so that CANCEL may be sent."""
    GIVING_UP = "giving up"
    """To be cancelled, once a provisional response comes (RFC 3261 §9.1)."""
    CANCELLING = "cancelling"
    """CANCEL sent, the INVITE's final response awaited."""
    INVITED = "invited"
    """INVITE received, no final response sent."""
    ANSWERED = "answered"
    """2xx sent, its ACK awaited."""
    LEAVING = "leaving"
    """To be ended with BYE, once the ACK comes (RFC 3261 §15)."""
    UP = "up"
    ENDED = "ended"


class Happening(StrEnum):
    """What can happen to a session as a whole: by the peer, by our user, or by a timer."""

    PROVISIONAL = "1xx"
    SUCCESS = "2xx"
    FAILURE = "final failure"
    REPEATED = "INVITE sent anew"
    """A challenge or 422 was answered: nothing is heard of the new INVITE yet."""
    CANCEL = "cancel"
    CANCELLED = "cancelled by the caller"
    PROGRESS = "progress"
    ACCEPT = "accept"
    REJECT = "reject"
    NO_PRACK = "no PRACK"
    TRANSPORT_ERROR = "transport error"
    ACK = "ACK"
    NO_ACK = "no ACK"
    BYE = "BYE"
    HANG_UP = "hang up"
    EXPIRED = "expired"
    LOST = "lost"
    """A request within the dialog was answered 481 or not at all (RFC 3261 §12.2.1.2)."""


class Act(StrEnum):
    """What a session does on the way to its next state."""

    REPORT_PROGRESS = "report progress"
    FOLLOW = "acknowledge and follow this 2xx"
    SORT = "acknowledge again, or decline another fork"
    DECLINE = "acknowledge and end"
    REPORT_REJECTED = "report rejected"
    REPORT_CANCELLED = "report rejected, for we gave up"
    SEND_CANCEL = "send CANCEL"
    SEND_PROGRESS = "send 1xx"
    SEND_SUCCESS = "send 2xx"
    SEND_REFUSAL = "send final refusal"
    SEND_TERMINATED = "send 487"
    SEND_PRACK_TIMEOUT = "send 504"
    REPORT_CALLER_GONE = "report cancelled by the caller"
    REPORT_ESTABLISHED = "report established"
    REPORT_ENDED = "report ended"
    SEND_BYE = "send BYE"


class SessionStep(NamedTuple):
    """One row: the next state and what is done on the way."""

    state: SessionState
    acts: tuple[Act, ...]


SessionTable = Mapping[tuple[SessionState, Happening], SessionStep]

_S, _H = SessionState, Happening

CALLER: Final[SessionTable] = {
    (_S.CALLING, _H.PROVISIONAL): SessionStep(_S.PROCEEDING, (Act.REPORT_PROGRESS,)),
    (_S.CALLING, _H.SUCCESS): SessionStep(_S.UP, (Act.FOLLOW,)),
    (_S.CALLING, _H.FAILURE): SessionStep(_S.ENDED, (Act.REPORT_REJECTED,)),
    (_S.CALLING, _H.CANCEL): SessionStep(_S.GIVING_UP, ()),
    (_S.PROCEEDING, _H.PROVISIONAL): SessionStep(_S.PROCEEDING, (Act.REPORT_PROGRESS,)),
    (_S.PROCEEDING, _H.REPEATED): SessionStep(_S.CALLING, ()),
    (_S.PROCEEDING, _H.SUCCESS): SessionStep(_S.UP, (Act.FOLLOW,)),
    (_S.PROCEEDING, _H.FAILURE): SessionStep(_S.ENDED, (Act.REPORT_REJECTED,)),
    (_S.PROCEEDING, _H.CANCEL): SessionStep(_S.CANCELLING, (Act.SEND_CANCEL,)),
    (_S.GIVING_UP, _H.PROVISIONAL): SessionStep(_S.CANCELLING, (Act.SEND_CANCEL,)),
    (_S.GIVING_UP, _H.SUCCESS): SessionStep(_S.ENDED, (Act.DECLINE, Act.REPORT_CANCELLED)),
    (_S.GIVING_UP, _H.FAILURE): SessionStep(_S.ENDED, (Act.REPORT_CANCELLED,)),
    (_S.GIVING_UP, _H.CANCEL): SessionStep(_S.GIVING_UP, ()),
    (_S.CANCELLING, _H.SUCCESS): SessionStep(_S.ENDED, (Act.DECLINE, Act.REPORT_CANCELLED)),
    (_S.CANCELLING, _H.FAILURE): SessionStep(_S.ENDED, (Act.REPORT_CANCELLED,)),
    (_S.CANCELLING, _H.CANCEL): SessionStep(_S.CANCELLING, ()),
    (_S.UP, _H.SUCCESS): SessionStep(_S.UP, (Act.SORT,)),
    # The 2xx was there before our user knew.
    (_S.UP, _H.CANCEL): SessionStep(_S.ENDED, (Act.SEND_BYE,)),
    (_S.UP, _H.BYE): SessionStep(_S.ENDED, (Act.REPORT_ENDED,)),
    (_S.UP, _H.HANG_UP): SessionStep(_S.ENDED, (Act.SEND_BYE,)),
    (_S.UP, _H.NO_ACK): SessionStep(_S.ENDED, (Act.SEND_BYE, Act.REPORT_ENDED)),
    (_S.UP, _H.EXPIRED): SessionStep(_S.ENDED, (Act.SEND_BYE, Act.REPORT_ENDED)),
    (_S.UP, _H.LOST): SessionStep(_S.ENDED, (Act.SEND_BYE, Act.REPORT_ENDED)),
    (_S.ENDED, _H.SUCCESS): SessionStep(_S.ENDED, (Act.SORT,)),
}
"""The caller's side. A 2xx that crosses our CANCEL is acknowledged and ended (RFC 3261 §9.1, §13.2.2.4)."""

CALLEE: Final[SessionTable] = {
    (_S.INVITED, _H.PROGRESS): SessionStep(_S.INVITED, (Act.SEND_PROGRESS,)),
    (_S.INVITED, _H.ACCEPT): SessionStep(_S.ANSWERED, (Act.SEND_SUCCESS,)),
    (_S.INVITED, _H.REJECT): SessionStep(_S.ENDED, (Act.SEND_REFUSAL,)),
    # Our user accepted, but the 2xx still waits for a PRACK.
    (_S.INVITED, _H.HANG_UP): SessionStep(_S.ENDED, (Act.SEND_REFUSAL,)),
    (_S.INVITED, _H.CANCELLED): SessionStep(_S.ENDED, (Act.SEND_TERMINATED, Act.REPORT_CALLER_GONE)),
    # A caller may end an early dialog with BYE too (RFC 3261 §15); its INVITE is then answered 487 (§15.1.2).
    (_S.INVITED, _H.BYE): SessionStep(_S.ENDED, (Act.SEND_TERMINATED, Act.REPORT_CALLER_GONE)),
    (_S.INVITED, _H.NO_PRACK): SessionStep(_S.ENDED, (Act.SEND_PRACK_TIMEOUT, Act.REPORT_ENDED)),
    (_S.INVITED, _H.LOST): SessionStep(_S.ENDED, (Act.SEND_TERMINATED, Act.REPORT_ENDED)),
    (_S.INVITED, _H.TRANSPORT_ERROR): SessionStep(_S.ENDED, (Act.SEND_TERMINATED, Act.REPORT_ENDED)),
    (_S.ANSWERED, _H.ACK): SessionStep(_S.UP, (Act.REPORT_ESTABLISHED,)),
    (_S.ANSWERED, _H.NO_ACK): SessionStep(_S.ENDED, (Act.SEND_BYE, Act.REPORT_ENDED)),
    (_S.ANSWERED, _H.BYE): SessionStep(_S.ENDED, (Act.REPORT_ENDED,)),
    (_S.ANSWERED, _H.HANG_UP): SessionStep(_S.LEAVING, ()),
    (_S.ANSWERED, _H.LOST): SessionStep(_S.ENDED, (Act.SEND_BYE, Act.REPORT_ENDED)),
    (_S.LEAVING, _H.ACK): SessionStep(_S.ENDED, (Act.SEND_BYE,)),
    (_S.LEAVING, _H.NO_ACK): SessionStep(_S.ENDED, (Act.SEND_BYE,)),
    (_S.LEAVING, _H.BYE): SessionStep(_S.ENDED, ()),
    (_S.LEAVING, _H.HANG_UP): SessionStep(_S.LEAVING, ()),
    (_S.UP, _H.BYE): SessionStep(_S.ENDED, (Act.REPORT_ENDED,)),
    (_S.UP, _H.HANG_UP): SessionStep(_S.ENDED, (Act.SEND_BYE,)),
    (_S.UP, _H.NO_ACK): SessionStep(_S.ENDED, (Act.SEND_BYE, Act.REPORT_ENDED)),
    (_S.UP, _H.EXPIRED): SessionStep(_S.ENDED, (Act.SEND_BYE, Act.REPORT_ENDED)),
    (_S.UP, _H.LOST): SessionStep(_S.ENDED, (Act.SEND_BYE, Act.REPORT_ENDED)),
}
"""The called party's side. A CANCEL after our final response changes nothing (RFC 3261 §9.2)."""
