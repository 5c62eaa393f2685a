"""What rings, kept on disk: another run of the process takes it back, and lets callers who wait for it ring again.

Else a phone would ring on for a call that is no more, and who answers it would hear nothing; and a caller who is not
answered yet would hear it ring, though nobody is called. To them the call begins anew, as if their INVITE had come now.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import msgspec

from lampfield.call_control.incoming_leg import IncomingLeg
from lampfield.call_control.kept_call import KeptInvite
from lampfield.call_control.legs import Legs
from lampfield.call_control.sip_port import SipPort
from lampfield.call_control.voice_leg import VoiceLeg
from lampfield.decoded import decoded
from lampfield.journal import Journal
from lampfield.trunks import Trunks
from routing.events import CallAnswered, CallEnded, CallEvent, LegAnswered, LegEnded, LegRinging
from sipcore.errors import ProtocolViolation
from sipcore.session_record import InviteRecord

logger = logging.getLogger(__name__)

_KIND = "ringing"
_CALLERS = "waits-for-answer"


class KeptRinging:
    """Follows the calls' events: what is on disk is who rings."""

    def __init__(self, journal: Journal, legs: Legs, sip: SipPort, trunks: Trunks) -> None:
        self._journal = journal
        self._trunks = trunks
        self._legs = legs
        self._sip = sip
        self._kept: set[str] = set()
        """The legs that ring, by name."""
        self._callers: set[str] = set()
        """The calls whose callers are told that it rings."""

    def takers(self) -> dict[type[CallEvent], Callable[[Any], None]]:
        """Who takes each kind of event that changes what is on disk."""
        return {
            LegRinging: self._leg_rings,
            LegAnswered: self._rings_no_more,
            LegEnded: self._rings_no_more,
            CallAnswered: self._waits_no_more,
            CallEnded: self._waits_no_more,
        }

    def _leg_rings(self, event: LegRinging) -> None:
        self._rings(event.leg)
        self._waits(event.call)

    def _waits_no_more(self, event: CallAnswered | CallEnded) -> None:
        if event.call in self._callers:
            self._callers.remove(event.call)
            self._journal.delete(_CALLERS, event.call)

    def _rings_no_more(self, event: LegAnswered | LegEnded) -> None:
        if event.leg in self._kept:
            self._kept.remove(event.leg)
            self._journal.delete(_KIND, event.leg)

    def _rings(self, name: str) -> None:
        leg = self._legs.named(name)
        record = self._sip.invite_record_of(leg.session) if leg is not None else None
        if isinstance(leg, VoiceLeg) and record is not None:
            self._kept.add(name)
            kept = KeptInvite(record.invite, record.flow, record.contact, leg.trunk)
            self._journal.put(_KIND, name, msgspec.msgpack.encode(kept))

    def _waits(self, call: str) -> None:
        caller = self._legs.of_caller(call)
        if not isinstance(caller, IncomingLeg) or caller.answered or call in self._callers:
            return
        record = self._sip.invite_record_of(caller.session)
        if record is not None:
            self._callers.add(call)
            self._journal.put(_CALLERS, call, msgspec.msgpack.encode(record))

    def ring_again(self) -> None:
        """Cancel what rang when the last run ended, and let callers who wait for it ring; once the sockets are open."""
        self._take_back()
        for record in decoded(self._journal, _CALLERS, InviteRecord):
            self._sip.receive_again(record)
        for call in self._journal.load(_CALLERS):
            self._journal.delete(_CALLERS, call)

    def _take_back(self) -> None:
        for record in decoded(self._journal, _KIND, KeptInvite):
            try:
                self._sip.take_back(record, self._trunks.credentials(record.trunk))
            except ProtocolViolation as fault:
                logger.warning("a phone rings on, its INVITE cannot be read: %s", fault)
        for name in self._journal.load(_KIND):
            self._journal.delete(_KIND, name)
