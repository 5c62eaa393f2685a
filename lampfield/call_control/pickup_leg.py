"""The leg of somebody who calls to take a colleague's call."""

from lampfield.call_control.incoming_leg import IncomingLeg

TOO_LATE = 603
"""Answered to who comes too late: the call was there and is taken, or over (RFC 3891 §3)."""


class PickupLeg(IncomingLeg):
    """Part of the call that it takes, where it stands for who has answered; answered itself once it has won."""

    def end(self, cause: str) -> None:
        self.turn_away(cause, TOO_LATE)
