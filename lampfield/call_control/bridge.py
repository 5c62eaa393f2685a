"""Two legs that talk: one codec, hold with music, the end of one ends the other."""

import asyncio
import logging
from typing import Any

from lampfield.call_control.codecs import common, joinable
from lampfield.call_control.leg import Leg
from lampfield.call_control.services import Services
from lampfield.call_control.voice_leg import VoiceLeg
from routing.events import CallHeld, CallRetrieved
from routing.handover import Handover, Side
from routing.ports import Ended

logger = logging.getLogger(__name__)

HOLD_MUSIC = "default"
"""The music list that a held party hears."""


class Bridge:
    """The talk of a caller with an answered party."""

    def __init__(self, services: Services, caller: VoiceLeg, callee: VoiceLeg) -> None:
        self._services = services
        self._caller = caller
        self._callee = callee
        self._aligning = asyncio.Lock()
        self._handed_over: asyncio.Future[Handover] = asyncio.get_running_loop().create_future()

    @property
    def caller(self) -> VoiceLeg:
        return self._caller

    def other(self, leg: Leg) -> VoiceLeg:
        return self._callee if leg is self._caller else self._caller

    def side(self, leg: Leg) -> Side:
        """The part that the leg has in the call."""
        return "caller" if leg is self._caller else "callee"

    @property
    def is_open(self) -> bool:
        """Both are on the line, and talk to each other still."""
        return not (self._caller.ended.done() or self._callee.ended.done() or self._handed_over.done())

    @property
    def handed_over(self) -> bool:
        return self._handed_over.done()

    def hand_over(self, handover: Handover) -> None:
        """End the conversation, and neither leg: something else becomes of them."""
        assert self.is_open
        self._handed_over.set_result(handover)
        self._caller.rtp.unbridge()
        for leg in (self._caller, self._callee):
            leg.bridge = None
            leg.music.stop()

    async def talk(self) -> Side | Ended | Handover:
        """Join the two and return who hung up, or how it ended where nobody did; both legs are ended then.

        Else it tells what becomes of the two, with neither leg ended.
        """
        caller, callee = self._caller, self._callee
        for leg in (caller, callee):
            self._introduce(leg)
        # Beside the waiting, for a phone that does not answer a re-INVITE must not keep the other from hanging up.
        self._services.tasks.spawn(self.align(), f"{caller.call} align")
        for holder in (caller, callee):
            if holder.description.held:
                self._services.tasks.spawn(self._music_for(self.other(holder)), f"{caller.call} hold music")
        try:
            ends: set[asyncio.Future[Any]] = {caller.ended, callee.ended, self._handed_over}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            caller_first = caller.ended.done()
        finally:
            # A hang-up that crosses the handing over ends that leg alone.
            if not self._handed_over.done():
                callee.end("normal")
        if self._handed_over.done():
            return self._handed_over.result()
        first: Side = "caller" if caller_first else "callee"
        ended = (caller if caller_first else callee).ended.result()
        return ended.untimely or first

    def _introduce(self, leg: VoiceLeg) -> None:
        """Let lamp and display of the leg's phone name who is talked to, where that is somebody else than before."""
        other, has_met_before = self.other(leg).caller, leg.has_met
        leg.meet(self)
        if leg.peer == other:
            return
        leg.peer = other
        if leg.answered:
            leg.show("confirmed")
        if has_met_before and leg.person is not None:
            identity = ("P-Asserted-Identity", str(other.address(leg.domain)))
            self._services.sip.identify(leg.session, [identity])

    async def align(self, changed: Leg | None = None) -> None:
        """Bring both legs to codecs that can be joined, re-inviting the called side first (RFC 3264 §8.3.2); join.

        Each change of codec on either leg asks for it, and the other is to follow who has `changed`; the later ones
        find what the first has reached.
        """
        async with self._aligning:
            for leg in (self._caller, self._callee) if changed is self._callee else (self._callee, self._caller):
                if self._joinable():
                    break
                wanted = common(self.other(leg).rtp.codec or "", leg.description.remote_codecs)
                if wanted is not None:
                    await leg.reoffer(wanted)
            if not self.is_open:
                return
            if self._joinable():
                self._services.talking(self._caller, self._callee)
                self._join()
            else:
                logger.warning("%s: no codec in common, ending the call", self._caller.call)
                self._callee.end("failed")

    def _joinable(self) -> bool:
        one, other = self._caller.rtp.codec, self._callee.rtp.codec
        return one is not None and other is not None and joinable(one, other)

    def _join(self) -> None:
        """Let the audio through, unless somebody holds, or one has still to follow the other's codec."""
        if self._joinable() and not (self._caller.description.held or self._callee.description.held):
            self._caller.rtp.bridge(self._callee.rtp)

    def hold_changed(self, holder: Leg) -> None:
        """Play music to the other side while one holds; join them again when it retrieves."""
        kind = CallHeld if holder.description.held else CallRetrieved
        by: Side = "caller" if holder is self._caller else "callee"
        self._services.emit(kind(call=holder.call, at=self._services.clock(), by=by))
        other = self.other(holder)
        if holder.description.held:
            holder.rtp.unbridge()
            self._services.tasks.spawn(self._music_for(other), f"{holder.call} hold music")
        else:
            other.music.stop()
            self._join()

    async def _music_for(self, held: Leg) -> None:
        # The holder may have retrieved, or hung up, before it came to this.
        if self.other(held).description.held and not held.ended.done():
            await held.music.start(HOLD_MUSIC)
