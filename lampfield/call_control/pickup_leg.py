"""The leg of somebody who calls to take a colleague's call."""

from __future__ import annotations

from lampfield.call_control.identity import Identity
from lampfield.call_control.incoming_leg import IncomingLeg
from lampfield.call_control.services import Services
from routing.house import Arrival

TOO_LATE = 603
"""Answered to who comes too late: the call was there and is taken, or over (RFC 3891 §3)."""


class PickupLeg(IncomingLeg):
    """Part of the call that it takes, where it stands for who has answered; answered itself once it has won."""

    def __init__(
        self,
        services: Services,
        session: str,
        offer: bytes | None,
        call: str,
        domain: str,
        language: str,
        caller: Identity,
        arrival: Arrival,
        leg: str,
        rang: str,
    ) -> None:
        super().__init__(services, session, offer, call, domain, language, caller, arrival, leg)
        self._rang = rang

    @property
    def rang(self) -> str | None:
        return self._rang

    def end(self, cause: str) -> None:
        self.turn_away(cause, TOO_LATE)
