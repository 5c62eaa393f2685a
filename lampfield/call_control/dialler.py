"""Reaches people's phones and outside numbers for one call: fulfils `routing.ports.Dialler`."""

from collections.abc import Callable, Sequence

from lampfield.call_control.bridge import Bridge
from lampfield.call_control.codecs import offered_to_callee
from lampfield.call_control.diversions import Earlier
from lampfield.call_control.identity import Identity
from lampfield.call_control.outgoing_leg import OutgoingLeg
from lampfield.call_control.ringing import Ringing
from lampfield.call_control.services import Services
from lampfield.call_control.transferring import Transferring
from lampfield.call_control.voice_leg import VoiceLeg
from routing.diversion import Diversion
from routing.handover import Handover, SentOn, Side
from routing.model import Company
from routing.ports import Answered, Caller, Ended, RingResult


class CallDialler(Ringing):
    """One for each call."""

    def __init__(self, services: Services, company: Callable[[], Company], caller: VoiceLeg) -> None:
        super().__init__(services, company, caller.call)
        self._caller = caller
        self._transferring: Transferring | None = None
        """Who has sent the caller on, and is told of the ringing."""

    # The port

    async def ring_person(self, person: str, *, caller: Caller, timeout: float) -> RingResult:
        """Ring all phones of a person."""
        return await self.phones_of(person, timeout)

    async def ring_number(self, number: str, *, caller: Caller, timeout: float) -> RingResult:
        """Call an outside number through a trunk."""
        return await self.outside(number, timeout)

    async def connect(self, caller: Caller, answered: Answered) -> Side | Ended | Handover:
        """Answer the caller where that is still to do, and let the two talk."""
        assert isinstance(caller, VoiceLeg)
        assert isinstance(answered, VoiceLeg)
        self._serve(caller, None)
        bridge = Bridge(self._services, caller, answered)
        try:
            await caller.answer(answered.rtp.codec)
            talk = await bridge.talk()
        finally:
            if not bridge.handed_over:
                answered.end("normal")
        if isinstance(talk, SentOn):
            assert isinstance(talk.caller, VoiceLeg)
            assert isinstance(talk.transferor, Transferring)
            self._serve(talk.caller, talk.transferor)
        return talk

    def _serve(self, caller: VoiceLeg, transferring: Transferring | None) -> None:
        """Work for this caller from now on, whom somebody may have sent on."""
        self._caller, self._transferring = caller, transferring
        if self._services.legs.of_caller(self.call) is not caller:
            self._services.legs.serves(caller)

    def drop(self, answered: Answered, cause: str) -> None:
        """Hang up an answered party that is not wanted after all."""
        assert isinstance(answered, VoiceLeg)
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

    @property
    def taken_elsewhere(self) -> bool:
        return self._caller.taken_elsewhere

    @property
    def referred_by(self) -> str | None:
        return self._transferring.referred_by if self._transferring is not None else None

    @property
    def diversions(self) -> Sequence[Diversion]:
        return self._caller.diversions

    @property
    def earlier(self) -> Earlier:
        return self._caller.earlier

    @property
    def hops(self) -> int:
        return self._caller.hops - 1

    def leg_rings(self, leg: OutgoingLeg, early_media: bool) -> None:
        """A called phone rings: so does the caller; a called network's own sound is passed on."""
        if self._transferring is not None:
            self._transferring.rings()
        if early_media and not self._caller.answered:
            self._services.tasks.spawn(self._pass_early_media(leg), f"{leg.call} early media")
        else:
            self._caller.ring()

    async def _pass_early_media(self, leg: OutgoingLeg) -> None:
        await self._caller.early_media(leg.rtp.codec)
        if leg.ended.done() or self._caller.rtp.codec is None:
            return
        self._caller.rtp.bridge(leg.rtp)
