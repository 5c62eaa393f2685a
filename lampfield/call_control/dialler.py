"""Reaches people's phones and outside numbers for one call: fulfils `routing.ports.Dialler`."""

from collections.abc import Callable, Sequence
from typing import Literal

from lampfield.call_control.bridge import Bridge
from lampfield.call_control.codecs import offered_to_callee
from lampfield.call_control.identity import Identity
from lampfield.call_control.outgoing_leg import OutgoingLeg
from lampfield.call_control.ringing import Ringing
from lampfield.call_control.services import Services
from lampfield.call_control.voice_leg import VoiceLeg
from routing.model import Company
from routing.ports import Answered, Caller, Ended, RingResult


class CallDialler(Ringing):
    """One for each call."""

    def __init__(self, services: Services, company: Callable[[], Company], caller: VoiceLeg) -> None:
        super().__init__(services, company, caller.call)
        self._caller = caller

    # The port

    async def ring_person(self, person: str, *, caller: Caller, timeout: float) -> RingResult:
        """Ring all phones of a person."""
        return await self.phones_of(person, timeout)

    async def ring_number(self, number: str, *, caller: Caller, timeout: float) -> RingResult:
        """Call an outside number through a trunk."""
        return await self.outside(number, timeout)

    async def connect(self, caller: Caller, answered: Answered) -> Literal["caller", "callee"] | Ended:
        """Answer the caller where that is still to do, and let the two talk."""
        assert isinstance(answered, OutgoingLeg)
        try:
            await self._caller.answer(answered.rtp.codec)
            return await Bridge(self._services, self._caller, answered).talk()
        finally:
            answered.give_up()

    async def drop(self, answered: Answered, cause: str) -> None:
        """Hang up an answered party that is not wanted after all."""
        assert isinstance(answered, OutgoingLeg)
        answered.end(cause)

    def reachable(self, person: str) -> bool:
        return bool(self._services.registrar.bindings(f"sip:{person}@{self._company.domain}"))

    def busy(self, person: str) -> bool:
        return self._services.legs.in_call(self._company.domain, person)

    # For whom it rings

    @property
    def shown(self) -> Identity:
        return self._caller.caller

    def codecs(self) -> Sequence[str]:
        return offered_to_callee(self._caller.offered_codecs, self._caller.rtp.codec)

    def leg_rings(self, leg: OutgoingLeg, early_media: bool) -> None:
        """A called phone rings: so does the caller; a called network's own sound is passed on."""
        if early_media and not self._caller.answered:
            self._services.tasks.spawn(self._pass_early_media(leg), f"{leg.call} early media")
        else:
            self._caller.ring()

    async def _pass_early_media(self, leg: OutgoingLeg) -> None:
        await self._caller.early_media(leg.rtp.codec)
        if leg.ended.done() or self._caller.rtp.codec is None:
            return
        self._caller.rtp.bridge(leg.rtp)
