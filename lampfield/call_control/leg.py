"""One SIP session of a call with its end in the media engine, whichever way it was set up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from lampfield.call_control.codecs import SUPPORTED, common, joinable
from lampfield.call_control.description import Description
from lampfield.call_control.identity import Identity
from lampfield.call_control.info_keys import keys_of_info
from lampfield.call_control.keys import Keys
from lampfield.call_control.leg_music import LegMusic
from lampfield.call_control.rtp_session import RtpSession
from lampfield.call_control.services import Services
from media.client import MediaError
from presence_pidf.dialog_state import DialogPhase, DialogState
from routing.ports import Ended
from sipcore.errors import ProtocolViolation
from sipcore.events import AnswerReceived, Event, InfoReceived, OfferReceived, OfferRefused, SessionEnded
from sipcore.offer_answer import Negotiated

if TYPE_CHECKING:
    from lampfield.call_control.bridge import Bridge

logger = logging.getLogger(__name__)

NORMAL_CLEARING = 'Q.850;cause=16;text="Normal call clearing"'
"""Reason of an ordinary BYE (RFC 3326 §2, ITU-T Q.850)."""
NO_CODEC = 'SIP;cause=488;text="Not Acceptable Here"'


class LegEnd:
    """How a leg ended: `cause` in the words of `LegEnded`; `by_peer` where the phone did it."""

    __slots__ = ("by_peer", "cause", "status")

    def __init__(self, cause: str, status: int, *, by_peer: bool) -> None:
        self.cause = cause
        self.status = status
        self.by_peer = by_peer

    @property
    def untimely(self) -> Ended | None:
        """How a call flow is told of an end that no party wanted (lost audio, no ACK); None for a hang-up."""
        return None if self.by_peer else Ended(self.cause, "system", self.status)


class _Reoffer(NamedTuple):
    """A re-INVITE of ours that is under way, or waits in the stack for its turn."""

    codecs: Sequence[str]
    accepted: asyncio.Future[bool]


class Leg:
    """What the caller's and the called leg have in common: media description, hold, keys, the lamp, the end."""

    direction: Literal["initiator", "recipient"]
    """The person's part in the dialog, as lamps show it."""

    def __init__(self, services: Services, call: str, leg: str, session: str, domain: str) -> None:
        self.services = services
        self.call = call
        self.leg = leg
        self.session = session
        self.domain = domain
        self.person: str | None = None
        """Id of the person whose phone it is; None for the outside."""
        self.peer = Identity("")
        """The other party, as the lamp of this person names it."""
        self.rtp = RtpSession(services.media, services.spares, leg, services.rtp_timeout)
        # A method of the leg, kept in what the leg keeps, would leave both to the garbage collector.
        self.spawn: Callable[[Coroutine[Any, Any, object]], object] = partial(
            services.tasks.spawn, name=f"{call} {leg}"
        )
        """Lets something run beside the leg."""
        self.music = LegMusic(services.sounds, self.rtp, domain, self.spawn)
        self.started = services.clock()
        self._shown: DialogPhase | None = None
        """The phase that lamps were told last."""
        self.description = Description(services.sdp_address, int(self.started * 1000))
        self.bridge: Bridge | None = None
        self._met = False
        self._meeting: asyncio.Future[None] | None = None
        """Done when the party has met somebody; there while somebody waits for that."""
        self.keys = Keys()
        self.ended: asyncio.Future[LegEnd] = asyncio.get_running_loop().create_future()
        self._left = False
        self._leaving: asyncio.Future[None] | None = None
        """Done when the party has no part in the call any more; there while somebody waits for that."""
        self._offering: asyncio.Lock | None = None
        """Held while the phone is offered something; there since the first offer."""
        self._reoffer: _Reoffer | None = None
        self._offered_back: bytes | None = None
        """Our offer in the response to a re-INVITE without one; its answer comes in the ACK."""

    @property
    def answered(self) -> bool:
        """True once the two ends of this leg have talked."""
        raise NotImplementedError

    def meet(self, bridge: Bridge) -> None:
        """The party talks to somebody from now on."""
        self.bridge = bridge
        self._met = True
        let_go_on(self._meeting)

    @property
    def has_met(self) -> bool:
        """The party has talked to somebody."""
        return self._met

    async def meeting(self, patience: float) -> None:
        """Return when the party has talked to somebody, or after `patience` seconds."""
        if not self._met:
            self._meeting = awaited(self._meeting)
            await asyncio.wait({self._meeting}, timeout=patience)

    def take_leave(self) -> None:
        """The party has no part in the call any more, though the phone may still have to be told."""
        self._left = True
        let_go_on(self._leaving)

    async def part_over(self) -> None:
        """Return when the party has no part in the call any more."""
        if not self._left:
            self._leaving = awaited(self._leaving)
            await asyncio.shield(self._leaving)

    async def port(self) -> int:
        """The RTP port, opened when it is first asked for."""
        port = await self.rtp.open()
        self.services.legs.hears(self)
        return port

    async def reoffer(self, *codecs: str) -> bool:
        """Re-INVITE the phone to one of these codecs, or with what we said last; False when it refuses.

        One at a time: the next waits for the phone's answer, which tells no asker from another.
        """
        if self._offering is None:
            self._offering = asyncio.Lock()
        async with self._offering:
            if self.ended.done() or self.description.local is None:
                return False
            port = await self.port()
            accepted: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            self._reoffer = _Reoffer(codecs, accepted)
            self._send_reoffer(port)
            return await accepted

    def _send_reoffer(self, port: int) -> None:
        """Hand the stack our offer, in the place of one that waits: numbers rise as they are sent (RFC 3264 §8)."""
        if self._reoffer is not None and self.description.local is not None:
            codecs = self._reoffer.codecs
            sdp = self.description.offer(port, codecs) if codecs else self.description.local
            self.services.sip.offer(self.session, sdp)

    def take_answer(self, sdp: bytes, offer: bytes | None = None) -> bool:
        """Take the phone's answer to `offer` or our last; False, and a line in the log, when it cannot be used."""
        try:
            self._configure(self.description.read_answer(sdp, offer))
        except ProtocolViolation as fault:
            logger.info("%s %s: the answer cannot be used: %s", self.call, self.leg, fault.reason)
            return False
        return True

    def _configure(self, negotiated: Negotiated) -> None:
        """Send and receive as negotiated from now on, and play music in the new codec."""
        before = self.rtp.codec
        self.rtp.configure(negotiated)
        if before is not None and not joinable(before, negotiated.codec.name):
            self.music.play_anew()

    def on(self, event: Event) -> None:
        """Take a stack event that every leg understands; the kinds of leg add theirs."""
        match event:
            case SessionEnded(cause=cause):
                by_peer = cause == "bye"
                self.finish(LegEnd("normal" if by_peer else "lost", 200 if by_peer else 408, by_peer=by_peer))
            case OfferReceived(offer=offer):
                self.spawn(self._renegotiate(offer))
            case AnswerReceived(sdp=sdp, in_request=True):
                self._answered_back(sdp)
            case AnswerReceived(sdp=sdp):
                self._settle_reoffer(sdp is not None and self.take_answer(sdp))
            case OfferRefused(status=status):
                self._settle_reoffer(False)
                if status in (408, 481):
                    # The phone has lost the call or is gone (RFC 5057 §5.1).
                    self.end("lost")
            case InfoReceived(content_type=content_type, body=body):
                for key in keys_of_info(content_type, body):
                    self.key_pressed(key, by_info=True)

    def key_pressed(self, key: str, *, by_info: bool = False) -> None:
        """A key from the phone. The engine passes its own on to a bridged peer; those of INFO are sent from here."""
        if by_info:
            self.rtp.ignore_tones()
        if self.bridge is None:
            self.keys.press(key)
        elif by_info:
            self.bridge.other(self).rtp.send_dtmf(key)

    def audio_stopped(self) -> None:
        """The phone has sent no audio for long: ask it by a re-INVITE whether it is there still.

        A phone that is muted or held answers and the call goes on; one that vanished does not, and 408 ends the leg.
        """
        if not self.description.held and not (self._offering is not None and self._offering.locked()):
            self.spawn(self.reoffer())

    def _settle_reoffer(self, accepted: bool) -> None:
        if self._reoffer is not None and not self._reoffer.accepted.done():
            self._reoffer.accepted.set_result(accepted)
        self._reoffer = None

    async def _renegotiate(self, offer: bytes | None) -> None:
        """Answer a re-INVITE or UPDATE, keeping the codec where the phone still has it; notice hold and retrieve."""
        sip, current = self.services.sip, self.rtp.codec
        try:
            port = await self.port()
        except MediaError as away:
            # The leg is over, where the offer crosses its end, or the engine is away.
            logger.info("%s %s: an offer is refused: %s", self.call, self.leg, away)
            sip.refuse(self.session, 503)
            return
        if not sip.is_asked(self.session):
            return  # the offer was taken back, or is that of another phone than the one that has answered
        held = self.description.held
        if offer is None:
            made = self.description.offer(port, sorted(SUPPORTED, key=lambda name: name != current))
            self._offered_back = made
            self._send_reoffer(port)
            sip.answer(self.session, made)
            return
        try:
            answer, negotiated = self.description.answer(offer, port, current, self._can_change_to())
        except ProtocolViolation as fault:
            logger.info("%s %s: an offer is refused: %s", self.call, self.leg, fault.reason)
            sip.refuse(self.session, fault.status)
            return
        self._send_reoffer(port)
        sip.answer(self.session, answer)
        self._configure(negotiated)
        await self._renegotiated(held)

    def _can_change_to(self) -> Sequence[str]:
        """Codecs that the phone may change to, so that whoever it talks to can follow."""
        if self.bridge is None:
            return SUPPORTED
        of_peer = self.bridge.other(self).offered_codecs
        return [name for name in SUPPORTED if common(name, of_peer) is not None]

    def _answered_back(self, sdp: bytes | None) -> None:
        """The ACK brought the answer to our offer in a response."""
        offer, self._offered_back = self._offered_back, None
        held = self.description.held
        if sdp is not None and offer is not None and self.take_answer(sdp, offer):
            self.spawn(self._renegotiated(held))

    async def _renegotiated(self, held: bool) -> None:
        """The phone has changed what it wants; `held` as it was before."""
        if self.bridge is None:
            return
        if self.description.held != held:
            self.show("confirmed")
            self.bridge.hold_changed(self)
        await self.bridge.align(self)

    def show(self, phase: DialogPhase) -> None:
        """Tell the lamps of the person whose phone this is. Of a leg that is over nothing is shown but its end."""
        self._shown = phase
        if self.person is not None and (phase == "terminated" or not self.ended.done()):
            self.services.show(f"sip:{self.person}@{self.domain}", self._dialog_state(phase))

    def show_again(self) -> None:
        """Tell the lamps what they were told last, where one has lost it."""
        if self._shown is not None:
            self.show(self._shown)

    def _dialog_state(self, phase: DialogPhase) -> DialogState:
        """This leg as seen from the phone: our remote side is its local side."""
        dialog = self.services.sip.dialog_of(self.session)
        peer = f"sip:{self.peer.number}@{self.domain}"
        return DialogState(
            id=self.leg,
            direction=self.direction,
            phase=phase,
            call_id=dialog.call_id if dialog is not None else "",
            local_tag=(dialog.remote.tag or "") if dialog is not None else "",
            remote_tag=(dialog.local.tag or "") if dialog is not None else "",
            local_identity=f"sip:{self.person}@{self.domain}",
            remote_identity=peer,
            remote_display=self.peer.name,
            remote_target=peer,
            held=self.description.held,
            started=self.started,
        )

    def end(self, cause: str) -> None:
        """End the leg from our side, in whatever state it is; does nothing when it is over."""
        raise NotImplementedError

    def finish(self, end: LegEnd) -> None:
        """The leg is over: clear its lamp, give its port back. The first end counts."""
        if self.ended.done():
            return
        self.ended.set_result(end)
        self.take_leave()
        self._settle_reoffer(False)
        self.rtp.end_announcement()
        self.music.stop()
        self.show("terminated")
        self.services.legs.remove(self, self.services.clock(), talked=self.answered)
        self.rtp.close()
        # It keeps the other leg, and that one this one.
        self.bridge = None


def awaited(future: asyncio.Future[None] | None) -> asyncio.Future[None]:
    """The one that others wait for already, or a new one."""
    return future if future is not None else asyncio.get_running_loop().create_future()


def let_go_on(future: asyncio.Future[None] | None) -> None:
    """Wake who waits for it."""
    if future is not None and not future.done():
        future.set_result(None)
