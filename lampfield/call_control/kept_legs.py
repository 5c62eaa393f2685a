"""Legs of callers who wait in queues, kept on disk: the next run of the process goes on with them where they are.

The media engine, a process of its own, plays on meanwhile; the supervisor's sockets hold what phones send. This module
stays Python: the types are read with the data from disk.
"""

from __future__ import annotations

import logging

import msgspec

from lampfield.call_control.identity import Identity
from lampfield.call_control.incoming_leg import IncomingLeg
from lampfield.call_control.legs import Legs
from lampfield.call_control.sip_port import SipPort
from lampfield.decoded import decoded
from lampfield.journal import Journal
from lampfield.places import Places
from routing.events import CallAnswered, CallEvent, PositionAnnounced, QueueJoined, QueueLeft
from routing.house import Arrival
from sipcore.session_record import SessionRecord

logger = logging.getLogger(__name__)

_KIND = "leg"


class KeptLeg(msgspec.Struct, frozen=True):
    """What another run needs to go on with a caller's leg."""

    call: str
    domain: str
    queue: str
    session: SessionRecord
    rtp: str
    """The engine's name of its audio."""
    caller: Identity
    arrival: Arrival
    peer: Identity
    language: str
    started: float
    """UTC epoch seconds."""


class KeptLegs:
    """Follows the calls' events, so that what is on disk is who waits."""

    def __init__(self, journal: Journal, legs: Legs, places: Places, sip: SipPort) -> None:
        self._journal = journal
        self._legs = legs
        self._places = places
        self._sip = sip

    def load(self) -> list[KeptLeg]:
        """Who waited when the last run ended; those that come to nothing are to be forgotten."""
        return list(decoded(self._journal, _KIND, KeptLeg))

    def forget(self, call: str) -> None:
        self._journal.delete(_KIND, call)

    def __call__(self, event: CallEvent) -> None:
        """Take an event of a call."""
        match event:
            # What a phone changes in the dialog while it waits is taken along with the next announcement.
            case QueueJoined() | CallAnswered() | PositionAnnounced():
                self._keep(event.call)
            case QueueLeft():
                self.forget(event.call)

    def _keep(self, call: str) -> None:
        leg, queue = self._legs.of_caller(call), self._places.queue_of(call)
        if not isinstance(leg, IncomingLeg) or queue is None:
            return
        session = self._sip.record_of(leg.session)
        if session is None:
            return
        kept = KeptLeg(
            call=call,
            domain=leg.domain,
            queue=queue,
            session=session,
            rtp=leg.rtp.name,
            caller=leg.caller,
            arrival=leg.arrival,
            peer=leg.peer,
            language=leg.language,
            started=leg.started,
        )
        self._journal.put(_KIND, call, msgspec.msgpack.encode(kept))
