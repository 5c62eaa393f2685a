"""Reaches people's phones and outside numbers for one call: fulfils `routing.ports.Dialler`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Literal

from lampfield.call_control.bridge import Bridge
from lampfield.call_control.codecs import offered_to_callee
from lampfield.call_control.identity import Identity
from lampfield.call_control.incoming_leg import IncomingLeg
from lampfield.call_control.outgoing_leg import OutgoingLeg, outcome_of
from lampfield.call_control.services import Services
from lampfield.trunk_line import TrunkRoute
from media.client import MediaError
from routing.model import Company
from routing.ports import ANSWERED_ELSEWHERE, Answered, Caller, Ended, RingResult
from sipcore.address import NameAddr
from sipcore.binding import Binding
from sipcore.stack import Invitation
from sipcore.uri import parse_uri

logger = logging.getLogger(__name__)

SILENT_SECONDS = 4.0
"""Without any answer for so long, a gateway is passed over: it was asked four times (Timer A, RFC 3261 §17.1.1.2)."""


class CallDialler:
    """One for each call; counts its legs to name them."""

    def __init__(self, services: Services, company: Callable[[], Company], caller: IncomingLeg) -> None:
        self._services = services
        self._company_now = company
        self._caller = caller
        self._legs = 0

    # The port

    async def ring_person(self, person: str, *, caller: Caller, timeout: float) -> RingResult:
        """Fork to every phone that the person has registered; the first 2xx wins, the others get CANCEL."""
        bindings = self._services.registrar.targets(self._aor(person))
        if not bindings:
            return RingResult("unreachable", status=480)
        legs = [self._leg(self._company.people[person].extension) for _ in bindings]

        async def start(leg: OutgoingLeg, binding: Binding) -> None:
            await leg.start(await self._invitation_to_phone(leg, binding, person), person, self._caller.caller)

        return await self._ring(
            legs, [start(leg, binding) for leg, binding in zip(legs, bindings, strict=True)], timeout
        )

    async def ring_number(self, number: str, *, caller: Caller, timeout: float) -> RingResult:
        """Call through the trunks in order; the next one where one cannot be reached."""
        result = RingResult("unreachable", status=503)
        async for route in self._services.trunks.routes(number, self._shown_outside(None).number):
            leg = self._leg(number)
            result = await self._ring([leg], [self._start_outside(leg, route)], timeout)
            if result.status != 503:
                return result
        return result

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
        return bool(self._services.registrar.bindings(self._aor(person)))

    def busy(self, person: str) -> bool:
        return self._services.legs.in_call(self._company.domain, person)

    def leg_rings(self, leg: OutgoingLeg, early_media: bool) -> None:
        """A called phone rings: so does the caller; a called network's own sound is passed on."""
        if early_media and not self._caller.answered:
            self._services.tasks.spawn(self._pass_early_media(leg), f"{leg.call} early media")
        else:
            self._caller.ring()

    # How

    @property
    def _company(self) -> Company:
        """As it is now: a queue that the caller waits in may have got members meanwhile."""
        return self._company_now()

    async def _ring(
        self, legs: Sequence[OutgoingLeg], starts: Sequence[Coroutine[Any, Any, None]], timeout: float
    ) -> RingResult:
        winner: OutgoingLeg | None = None
        taken = False
        try:
            async with asyncio.timeout(timeout):
                await asyncio.gather(*starts)
                winner = await _first_answer(legs)
        except TimeoutError:
            return RingResult("no-answer", status=480)
        except MediaError as fault:
            logger.error("%s: nobody can be rung without audio: %s", self._caller.call, fault)
            return RingResult("unreachable", status=503)
        except asyncio.CancelledError as cancelled:
            taken = ANSWERED_ELSEWHERE in cancelled.args
            raise
        finally:
            for leg in legs:
                if leg is not winner:
                    leg.give_up(elsewhere=taken or winner is not None)
        if winner is not None:
            return RingResult("answered", winner)
        status = _best_refusal([leg.outcome.result() for leg in legs if leg.outcome.done()])
        return RingResult(outcome_of(status), status=status)

    def _leg(self, number: str) -> OutgoingLeg:
        self._legs += 1
        name = f"{self._caller.call}-b{self._legs}"
        return OutgoingLeg(self._services, self._caller.call, name, self._company.domain, number, self)

    async def _invitation_to_phone(self, leg: OutgoingLeg, binding: Binding, person: str) -> Invitation:
        callee = self._company.people[person]
        target = binding.target
        return Invitation(
            uri=target.uri,
            flow=target.flow,
            routes=target.routes,
            local=self._caller.caller.address(self._company.domain),
            remote=NameAddr(callee.name, parse_uri(f"sip:{callee.extension}@{self._company.domain}"), {}),
            offer=await self._offer(leg),
        )

    async def _start_outside(self, leg: OutgoingLeg, route: TrunkRoute) -> None:
        shown = self._shown_outside(route.caller_id)
        await leg.start(route.invitation(shown, await self._offer(leg)), None, shown)
        if not await leg.sign_of_life(SILENT_SECONDS):
            route.line.note(route.flow, up=False)

    async def _offer(self, leg: OutgoingLeg) -> bytes:
        codecs = offered_to_callee(self._caller.offered_codecs, self._caller.rtp.codec)
        return leg.description.offer(await leg.port(), codecs)

    async def _pass_early_media(self, leg: OutgoingLeg) -> None:
        await self._caller.early_media(leg.rtp.codec)
        if leg.ended.done() or self._caller.rtp.codec is None:
            return
        self._caller.rtp.bridge(leg.rtp)

    def _shown_outside(self, caller_id: str | None) -> Identity:
        """Caller id on a trunk: the person's own number, else the trunk's, else the company's first main number."""
        person = self._company.people.get(self._caller.person or "")
        own = person.outside_number if person is not None else None
        number = own or caller_id or next(iter(self._company.main_numbers), self._caller.number)
        return Identity(number, self._company.name)

    def _aor(self, person: str) -> str:
        return f"sip:{person}@{self._company.domain}"


async def _first_answer(legs: Sequence[OutgoingLeg]) -> OutgoingLeg | None:
    """The first leg that answers; None when all have refused. A 6xx of one ends the waiting (RFC 3261 §16.7)."""
    waiting = {leg.outcome: leg for leg in legs}
    while waiting:
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for outcome in done:
            leg = waiting.pop(outcome)
            if outcome.result() == 200:
                return leg
            if outcome.result() >= 600:
                return None
    return None


def _best_refusal(statuses: Sequence[int]) -> int:
    """The status to pass on of several: 6xx, then what tells most (RFC 3261 §16.7 step 6)."""
    preference = (486, 480, 408, 404, 488)
    return min(
        statuses,
        key=lambda status: (
            status < 600,
            preference.index(status) if status in preference else len(preference),
            status,
        ),
    )
