"""Sending a caller on: to where it may be, and what is told of it."""

from typing import Literal

from routing import dialplan
from routing.dialplan import Refusal
from routing.events import CallTransferred, TransferRequested
from routing.feature_codes import FeatureCode
from routing.handover import SentOn
from routing.model import Company, Destination, MainNumber
from routing.ports import Answered, Caller, Clock, EventSink, RingOutcome

HERE = frozenset({"queue", "callback", "menu", "message", "lookup", "hours", "names", "voicemail"})
"""Destinations that the server itself answers: who was sent there has arrived."""

OWN = frozenset({"mailbox", "recording"})
"""Destinations for the company's people themselves, to which nobody else is sent."""


def target(company: Company, dialled: str) -> Destination | MainNumber | Refusal:
    """Where a person of the company may send a call, by what they could dial themselves. Pure.

    404 for a number that leads nowhere, 403 for what is not for others: feature codes but for parking, mailboxes,
    recording.
    """
    found = dialplan.find(company, dialled, "phone")
    if isinstance(found, FeatureCode) and found.feature == "park":
        known = found.digits in ("", *company.park.slots)
        return Destination("park", found.digits) if known else Refusal(404, "No Such Park Slot")
    if isinstance(found, FeatureCode) or (isinstance(found, Destination) and found.kind in OWN):
        return Refusal(403, "Not a Place to Transfer a Call To")
    return found


class OngoingTransfer:
    """A blind transfer from the request to its outcome."""

    def __init__(self, sent: SentOn, caller: Caller, answered: Answered, emit: EventSink, clock: Clock) -> None:
        """`caller` and `answered` are the two who have talked so far."""
        self.sent = sent
        self.before = caller, answered
        self._call = caller.call
        self._emit = emit
        self._clock = clock
        emit(TransferRequested(call=self._call, at=clock(), by=sent.transferor.person, side=sent.by, to=sent.to))

    def succeeded(self) -> None:
        """Who was sent on is served: the transferor is out of the call."""
        self._tell("answered", 200)
        self.sent.transferor.succeeded()

    def failed(self, outcome: RingOutcome, status: int) -> None:
        """Nobody was reached: the transferor is told, and stays where there still."""
        self._tell("unreachable" if outcome == "answered" else outcome, status)
        self.sent.transferor.failed(status)

    def abandoned(self) -> None:
        """Who was sent on is gone: the transferor has nobody to talk to."""
        self._tell("abandoned", 487)
        self.sent.transferor.failed(487)
        self.sent.transferor.let_go()

    def _tell(self, outcome: RingOutcome | Literal["abandoned"], status: int) -> None:
        self._emit(
            CallTransferred(
                call=self._call,
                at=self._clock(),
                kind="blind",
                by=self.sent.transferor.person,
                side=self.sent.by,
                to=self.sent.to,
                outcome=outcome,
                status=status,
            )
        )
