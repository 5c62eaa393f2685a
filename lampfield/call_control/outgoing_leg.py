"""A called party: an INVITE of ours to one phone or one outside number."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol

from lampfield.call_control.identity import Identity
from lampfield.call_control.kept_call import KeptLeg
from lampfield.call_control.leg import NO_CODEC, NORMAL_CLEARING, LegEnd
from lampfield.call_control.services import Services
from lampfield.call_control.voice_leg import VoiceLeg
from media.session_info import SessionInfo
from routing.events import LegAnswered, LegEnded, LegRinging
from routing.ports import RingOutcome
from sipcore.contact_request import preference_of
from sipcore.errors import ProtocolViolation
from sipcore.events import Event, SessionAccepted, SessionProgress, SessionRejected
from sipcore.message import Response
from sipcore.stack import Invitation
from sipcore.uri import dialled_of

if TYPE_CHECKING:
    from lampfield.call_control.attempt import Attempt

ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'
"""Reason of the CANCEL for losing branches, so that phones note no missed call (RFC 3326 §2)."""
_BETWEEN_US: Final = frozenset((401, 407, 420, 421, 422, 423, 491, 494))
"""Refusals of an INVITE of ours by what it brought along or lacked."""


class RingingObserver(Protocol):
    """Told when a called phone rings."""

    def leg_rings(self, leg: OutgoingLeg, early_media: bool) -> None: ...


class OutgoingLeg(VoiceLeg):
    """Fulfils `routing.ports.Answered` once `outcome` says so, and `Caller` for who was called to be served."""

    direction = "recipient"

    def __init__(
        self,
        services: Services,
        call: str,
        leg: str,
        domain: str,
        callee: Identity,
        language: str,
        observer: RingingObserver | None,
    ) -> None:
        """`observer` is None for a leg that was answered in another run of the process."""
        super().__init__(services, call, leg, "", domain, callee, language)
        self.outcome: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        """The status of the final response; 200 when answered."""
        self.attempt: Attempt | None = None
        """The ringing that it is part of; None where it was answered in another run of the process."""
        self.moved_to: str | None = None
        """What the phone wants dialled in its place."""
        self._observer = observer
        self._rings = False
        self._wanted = True
        self._elsewhere = False

    def take_up(self, kept: KeptLeg, audio: SessionInfo) -> None:
        """As every leg; it has rung and answered."""
        super().take_up(kept, audio)
        self._rings = True
        self.outcome.set_result(200)

    async def start(self, invitation: Invitation, caller: Identity) -> None:
        """Send the INVITE, unless the leg was given up while its port was opened."""
        if self.ended.done():
            return
        self.person = self.caller.person
        self.peer = caller
        self.session = self.services.sip.invite(invitation)
        self.services.legs.add(self)
        self.show("trying")

    async def sign_of_life(self, patience: float) -> bool:
        """Wait until something is heard of the called side; False, and the leg given up, when nothing is."""
        await asyncio.wait({self.outcome}, timeout=patience)
        if self.outcome.done() or not self.services.sip.is_unheard(self.session):
            return True
        self.outcome.set_result(503)
        self.give_up()
        return False

    @property
    def answered(self) -> bool:
        return self.outcome.done() and self.outcome.result() == 200

    async def answer(self, codec: str | None = None) -> None:
        """The called party has answered by itself. Raises CallerGone."""
        self._there()

    def on(self, event: Event) -> None:
        match event:
            case SessionProgress(status=status, response=response, sdp=sdp, local=local):
                self._progress(status, sdp, local, silent=_sends_no_early_media(response))
            case SessionAccepted(sdp=sdp, local=local):
                self.description.said(local)
                self._accepted(sdp)
            case SessionRejected(status=status, response=response):
                self.moved_to = moved_to(response) if response is not None and self._wanted else None
                self._over(status)
            case _:
                super().on(event)

    def _progress(self, status: int, sdp: bytes | None, local: bytes | None, *, silent: bool) -> None:
        if not self._wanted:
            return
        described = sdp is not None and self.person is None and self.take_answer(sdp, local)
        early_media = described and not silent and self.rtp.hears
        if not self._rings and status in (180, 183):
            self._rings = True
            self.show("early")
            now = self.services.clock()
            self.services.emit(LegRinging(call=self.call, at=now, leg=self.leg, person=self.person, number=self.number))
        if self._observer is not None:
            self._observer.leg_rings(self, early_media)

    def _accepted(self, sdp: bytes | None) -> None:
        if not self._wanted:
            self.services.sip.bye(self.session, reason_header=NORMAL_CLEARING)
            self._over(487)
        elif sdp is not None and self.take_answer(sdp):
            self.show("confirmed")
            now = self.services.clock()
            self.services.emit(
                LegAnswered(call=self.call, at=now, leg=self.leg, person=self.person, number=self.number)
            )
            self.outcome.set_result(200)
        else:
            self.services.sip.bye(self.session, reason_header=NO_CODEC)
            self._over(488)

    def _over(self, status: int) -> None:
        if not self.outcome.done():
            self.outcome.set_result(status)
        cause = "elsewhere" if self._elsewhere else outcome_of(status)
        self.finish(LegEnd(cause, status, by_peer=self._wanted))

    def give_up(self, *, elsewhere: bool = False) -> None:
        """Not wanted any more: CANCEL, or BYE when it has answered. An answer that crosses is hung up when it comes.

        `elsewhere`: another phone has taken the call, so that this one notes no missed call.
        """
        if self.ended.done():
            return
        if self.answered:
            self.end("normal")
            return
        self._wanted, self._elsewhere = False, elsewhere
        # A phone that has vanished answers no CANCEL: its lamp must not blink until the INVITE times out.
        self.show("terminated")
        if self.session:
            self.services.sip.cancel(self.session, reason_header=ELSEWHERE if elsewhere else None)
        else:
            self._over(487)

    def end(self, cause: str) -> None:
        """BYE to a phone that has answered, CANCEL to one that has not."""
        if self.ended.done():
            return
        if self.answered:
            self.services.sip.bye(self.session, reason_header=NORMAL_CLEARING)
            self.finish(LegEnd(cause, 200, by_peer=False))
        else:
            self.give_up()

    def finish(self, end: LegEnd) -> None:
        if not self.ended.done():
            now = self.services.clock()
            self.services.emit(
                LegEnded(call=self.call, at=now, leg=self.leg, person=self.person, cause=end.cause, status=end.status)
            )
        super().finish(end)
        self.attempt = None


def _sends_no_early_media(response: Response) -> bool:
    """True where the network says that what it has described is not to be heard before the answer (RFC 5009 §8)."""
    told = (response.header("P-Early-Media") or "").lower()
    return told.partition(",")[0].strip() == "inactive"


def moved_to(response: Response) -> str | None:
    """What a redirection asks to dial: the user part, or telephone number, of its best Contact (RFC 3261 §8.1.3.4).

    None for other responses, and where no Contact can be read. The host does not matter: phones write ours or theirs.
    """
    if response.status not in (300, 301, 302):
        return None
    try:
        best = max(response.contacts, key=preference_of, default=None)
    except ProtocolViolation:
        return None
    return (dialled_of(best.uri) or None) if best is not None else None


def outcome_of(status: int) -> RingOutcome:
    """What a final status means to call treatment (RFC 3261 §21.4 to §21.6)."""
    match status:
        case 200:
            return "answered"
        case 486 | 600:
            return "busy"
        case 603 | 403 | 433 | 607 | 608:
            return "rejected"
        case 408 | 480 | 487:
            return "no-answer"
        case _:
            return "unreachable"


def passed_on(status: int) -> int:
    """What the caller is told of a refusal: nothing that is between us and who was called.

    A phone that is challenged in vain takes its own account for wrong, and 422 or 420 mean nothing without the headers
    that come with them (RFC 3261 §21.4).
    """
    return 480 if status in _BETWEEN_US else status
