"""The record of one REFER from a peer, and of the subscription that it makes (RFC 3515 §2.4)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from sipcore.dialog import Dialog
from sipcore.message import Request
from sipcore.refer import Refer
from sipcore.timers import Timer
from sipcore.transaction import Transaction

if TYPE_CHECKING:
    from sipcore.outgoing import Outgoing


class ReferralState(StrEnum):
    """Where a referral stands."""

    ASKED = "asked"
    """Our user has not answered the REFER."""
    ACTIVE = "active"
    """Accepted; what becomes of it is told."""
    ENDING = "ending"
    """The outcome is known; the peer is still to be told, or has not confirmed."""
    OVER = "over"


class Referral:
    """One REFER. It has a dialog of its own to the peer's, which may outlive the call (RFC 5057 §4.2)."""

    __slots__ = (
        "contact",
        "dialog",
        "event",
        "expires_at",
        "id",
        "refer",
        "request",
        "session",
        "state",
        "status",
        "timer",
        "transaction",
        "under_way",
        "untold",
    )

    def __init__(
        self,
        id: str,
        session: str,
        dialog: Dialog,
        contact: str,
        event: str,
        transaction: Transaction,
        request: Request,
        refer: Refer,
    ) -> None:
        self.id = id
        self.session = session
        self.dialog = dialog
        self.contact = contact
        """Our Contact header's value."""
        self.event = event
        """The Event header of the NOTIFYs: with the REFER's number where it is not the dialog's first (§2.4.6)."""
        self.transaction = transaction
        self.request = request
        self.refer = refer
        self.state = ReferralState.ASKED
        self.status = 100
        """What became of it so far, as a SIP status."""
        self.expires_at = 0.0
        self.timer: Timer | None = None
        self.under_way: Outgoing | None = None
        """The NOTIFY that is not answered."""
        self.untold = False
        """There is something newer than that NOTIFY says."""
