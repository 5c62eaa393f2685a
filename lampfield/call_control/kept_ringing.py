"""Phones that ring, kept on disk: another run of the process takes the ringing back before it rings anybody itself.

Else a phone would ring on for a call that is no more, and who answers it would hear nothing.
"""

from __future__ import annotations

import logging

import msgspec

from lampfield.call_control.legs import Legs
from lampfield.call_control.sip_port import SipPort
from lampfield.decoded import decoded
from lampfield.journal import Journal
from routing.events import CallEvent, LegAnswered, LegEnded, LegRinging
from sipcore.errors import ProtocolViolation
from sipcore.session_record import InviteRecord

logger = logging.getLogger(__name__)

_KIND = "ringing"


class KeptRinging:
    """Follows the calls' events: what is on disk is who rings."""

    def __init__(self, journal: Journal, legs: Legs, sip: SipPort) -> None:
        self._journal = journal
        self._legs = legs
        self._sip = sip
        self._kept: set[str] = set()
        """The legs that ring, by name."""

    def __call__(self, event: CallEvent) -> None:
        """Take an event of a call."""
        match event:
            case LegRinging():
                self._rings(event.leg)
            case LegAnswered() | LegEnded() if event.leg in self._kept:
                self._kept.remove(event.leg)
                self._journal.delete(_KIND, event.leg)

    def _rings(self, name: str) -> None:
        leg = self._legs.named(name)
        record = self._sip.invite_record_of(leg.session) if leg is not None else None
        if record is not None:
            self._kept.add(name)
            self._journal.put(_KIND, name, msgspec.msgpack.encode(record))

    def take_back(self) -> None:
        """Cancel what rang when the last run ended; once the sockets are open."""
        for record in decoded(self._journal, _KIND, InviteRecord):
            try:
                self._sip.take_back(record)
            except ProtocolViolation as fault:
                logger.warning("a phone rings on, its INVITE cannot be read: %s", fault)
        for name in self._journal.load(_KIND):
            self._journal.delete(_KIND, name)
