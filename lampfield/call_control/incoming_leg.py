"""The caller's leg: fulfils `routing.ports.Caller` with a SIP session and an RTP session."""

from __future__ import annotations

import asyncio
import logging

from lampfield.call_control.cancel_reason import is_answered_elsewhere, is_taken_elsewhere
from lampfield.call_control.codecs import SUPPORTED, common
from lampfield.call_control.identity import Identity
from lampfield.call_control.kept_call import KeptLeg
from lampfield.call_control.leg import NO_CODEC, NORMAL_CLEARING, LegEnd, awaited, let_go_on
from lampfield.call_control.leg_names import caller_leg
from lampfield.call_control.services import Services
from lampfield.call_control.voice_leg import VoiceLeg
from media.client import MediaError
from media.session_info import SessionInfo
from routing.house import Arrival
from routing.ports import CallerGone
from sipcore.errors import ProtocolViolation
from sipcore.events import Event, SessionCancelled, SessionEstablished

logger = logging.getLogger(__name__)


class IncomingLeg(VoiceLeg):
    """Rings, answers, and what every leg of a person does that is there; each wait ends with CallerGone.

    Making one raises ProtocolViolation when the offer in the INVITE is none that we can answer.
    """

    direction = "initiator"

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
        leg: str = "",
    ) -> None:
        """`leg` is its name where it is not the leg of the call's first caller."""
        super().__init__(services, call, leg or caller_leg(call), session, domain, caller, language)
        self.person = caller.person
        self.arrival = arrival
        self._answered = False
        self._offer = offer
        if offer is not None:
            self.description.learn(offer)
        self._answering = False
        """The answer is being made."""
        self._answer_made: asyncio.Future[None] | None = None
        """Done when it is; there while somebody else waits for that."""
        self._acknowledged = False
        self._acknowledging: asyncio.Future[None] | None = None
        """Done when the ACK has come or the leg is over; there while somebody waits for that."""
        self._rings = False

    def take_up(self, kept: KeptLeg, audio: SessionInfo) -> None:
        """As every leg; it was answered and acknowledged."""
        super().take_up(kept, audio)
        self._answered = self._acknowledged = True

    @property
    def answered(self) -> bool:
        return self._answered

    def on(self, event: Event) -> None:
        match event:
            case SessionEstablished(sdp=sdp):
                self._established(sdp)
            case SessionCancelled(reason=reason):
                self._cancelled(reason or "")
            case _:
                super().on(event)

    def _cancelled(self, reason: str) -> None:
        self.taken_elsewhere, self.answered_elsewhere = is_taken_elsewhere(reason), is_answered_elsewhere(reason)
        self.finish(LegEnd("elsewhere" if self.answered_elsewhere else "abandoned", 487, by_peer=True))

    def _established(self, sdp: bytes | None) -> None:
        if self._offer is None and self.rtp.codec is None and (sdp is None or not self.take_answer(sdp)):
            self.services.sip.bye(self.session, reason_header=NO_CODEC)
            self.finish(LegEnd("failed", 488, by_peer=False))
        self._acknowledge()

    # Before the answer

    def ring(self) -> None:
        """Tell the caller that somebody's phone rings (180), once."""
        if not (self._rings or self.answered or self.ended.done()):
            self._rings = True
            self.services.sip.progress(self.session, 180)
            self.show("early")

    async def early_media(self, codec: str | None) -> None:
        """Let the caller hear what the called network plays before it answers (183 with SDP)."""
        if self._offer is not None and not self.answered and not self.ended.done():
            sdp = await self._describe(codec)
            if not self.answered and not self.ended.done():
                self.services.sip.progress(self.session, 183, sdp=sdp)

    async def answer(self, codec: str | None = None) -> None:
        """Answer (200), with `codec` where the caller has it, so that no re-INVITE is needed. Raises CallerGone."""
        while self._answering:
            self._answer_made = awaited(self._answer_made)
            await asyncio.wait({self._answer_made})
        self._there()
        if self.answered:
            return
        self._answering = True
        try:
            await self._answer(codec)
        finally:
            self._answering = False
            let_go_on(self._answer_made)
            self._answer_made = None

    async def _answer(self, codec: str | None) -> None:
        try:
            sdp = await self._describe(codec)
        except ProtocolViolation as fault:
            logger.info("%s: the caller's offer cannot be used: %s", self.call, fault.reason)
            self.turn_away("failed", fault.status)
            raise CallerGone from fault
        except MediaError as away:
            logger.error("%s: no audio, so the call is refused: %s", self.call, away)
            self.turn_away("failed", 503)
            raise CallerGone from away
        self._there()
        self._answered = True
        self.services.sip.accept(self.session, sdp)
        self.show("confirmed")
        if self._offer is None:
            if not self._acknowledged:
                self._acknowledging = awaited(None)
                await self._acknowledging
            self._there()

    async def _describe(self, codec: str | None) -> bytes:
        """Our SDP for the caller, made once: the 200 says again what a reliable 183 said (RFC 3262 §5)."""
        port = await self.port()
        if self.description.local is not None:
            return self.description.local
        if self._offer is None:
            return self.description.offer(port, sorted(SUPPORTED, key=lambda name: name != codec))
        joining = common(codec, self.description.remote_codecs) if codec is not None else None
        answer, negotiated = self.description.answer(self._offer, port, joining)
        self.rtp.configure(negotiated)
        return answer

    # The end

    def hang_up(self, cause: str, status: int = 480) -> None:
        """End the leg: BYE when answered, else a final response with `status`. Does nothing when it is over."""
        self.turn_away(cause, status)

    def end(self, cause: str) -> None:
        self.turn_away(cause, 480)

    def turn_away(self, cause: str, status: int) -> None:
        """BYE when answered, else a final response with `status`. Does nothing when the leg is over."""
        if self.ended.done():
            return
        if self.answered:
            self.services.sip.bye(self.session, reason_header=NORMAL_CLEARING)
        else:
            self.services.sip.reject(self.session, status)
        self.finish(LegEnd(cause, 200 if self.answered else status, by_peer=False))

    def finish(self, end: LegEnd) -> None:
        """As every leg, and whoever waits for the caller's ACK is woken to learn it."""
        super().finish(end)
        self._acknowledge()

    def _acknowledge(self) -> None:
        self._acknowledged = True
        let_go_on(self._acknowledging)
