"""Rings people's phones and outside numbers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Literal

from lampfield.call_control.attempt import Attempt
from lampfield.call_control.diversions import NO_EARLIER, Earlier, Fields, Forwarder, fields
from lampfield.call_control.identity import Identity
from lampfield.call_control.leg_names import called_leg, number_of
from lampfield.call_control.outgoing_leg import OutgoingLeg, outcome_of, passed_on
from lampfield.call_control.services import Services
from lampfield.call_control.voice_leg import VoiceLeg
from lampfield.trunk_line import TrunkRoute
from media.client import MediaError
from routing.diversion import Diversion
from routing.model import Company
from routing.ports import ANSWERED_ELSEWHERE, RingResult
from sipcore.address import NameAddr
from sipcore.binding import Binding
from sipcore.invitation import MAX_FORWARDS, Invitation
from sipcore.uri import Uri, parse_uri

logger = logging.getLogger(__name__)

SILENT_SECONDS = 4.0
"""Without any answer for so long, a gateway is passed over: it was asked four times (Timer A, RFC 3261 §17.1.1.2)."""


class Ringing:
    """One for each call; counts its legs to name them. For whom it rings, and with which codecs, its heirs know."""

    def __init__(
        self, services: Services, company: Callable[[], Company], call: str, *, side: Literal["a", "b"] = "b"
    ) -> None:
        """`side`: of the call, on which the legs are; the caller's is a."""
        self.call = call
        self._side = side
        self._services = services
        self._company_now = company
        self._legs = 0

    @property
    def shown(self) -> Identity:
        """Who calls, as phones in the house are shown it."""
        raise NotImplementedError

    def codecs(self) -> Sequence[str]:
        """What is offered to who is called, best first."""
        raise NotImplementedError

    def leg_rings(self, leg: OutgoingLeg, early_media: bool) -> None:
        """A called phone rings; `early_media`: with a sound of the network's own."""
        raise NotImplementedError

    @property
    def for_anybody(self) -> bool:
        """A colleague may take the call in the place of who is called."""
        return True

    @property
    def taken_elsewhere(self) -> bool:
        """Somebody outside the house has answered the caller."""
        return False

    @property
    def referred_by(self) -> str | None:
        """Who has transferred the call, as phones in the house are told (RFC 3892)."""
        return None

    @property
    def diversions(self) -> Sequence[Diversion]:
        """By whom the call was forwarded, in order."""
        return ()

    @property
    def earlier(self) -> Earlier:
        """The forwardings that the call brought with it."""
        return NO_EARLIER

    @property
    def hops(self) -> int:
        """How many the call may go to who is called: one less than to us, so that what comes round again ends."""
        return MAX_FORWARDS

    def pass_over(self, leg: str) -> None:
        """There is a leg of this name from another run of the process."""
        self._legs = max(self._legs, number_of(leg))

    async def phones_of(self, person: str, timeout: float) -> RingResult:
        """Fork to every phone that the person has registered; the first 2xx wins, the others get CANCEL."""
        company = self._company
        bindings = self._services.registrar.targets(f"sip:{person}@{company.domain}")
        if not bindings:
            return RingResult("unreachable", status=480)
        callee = company.people[person]
        legs = [self._leg(Identity(callee.extension, callee.name, person)) for _ in bindings]

        async def start(leg: OutgoingLeg, binding: Binding) -> None:
            await leg.start(await self._invitation_to_phone(leg, binding), self.shown)

        return await self._ring(
            legs, [start(leg, binding) for leg, binding in zip(legs, bindings, strict=True)], timeout
        )

    async def outside(self, number: str, timeout: float) -> RingResult:
        """Call through the trunks in order; the next one where one cannot be reached."""
        result = RingResult("unreachable", status=503)
        async for route in self._services.trunks.routes(number, self._shown_outside(None).number):
            leg = self._leg(Identity(number))
            result = await self._ring([leg], [self._start_outside(leg, route)], timeout)
            if result.status != 503:
                return result
        return result

    # How

    @property
    def _company(self) -> Company:
        """As it is now: a queue that the caller waits in may have got members meanwhile."""
        return self._company_now()

    async def _ring(
        self, legs: Sequence[OutgoingLeg], starts: Sequence[Coroutine[Any, Any, None]], timeout: float
    ) -> RingResult:
        attempt = Attempt(legs, for_anybody=self.for_anybody)
        winner: VoiceLeg | None = None
        taken = False
        try:
            async with asyncio.timeout(timeout):
                await asyncio.gather(*starts)
                winner = await attempt.winner(next(iter(self.codecs()), None))
        except TimeoutError:
            return RingResult("no-answer", status=480)
        except MediaError as fault:
            logger.error("%s: nobody can be rung without audio: %s", self.call, fault)
            return RingResult("unreachable", status=503)
        except asyncio.CancelledError as cancelled:
            taken = ANSWERED_ELSEWHERE in cancelled.args or self.taken_elsewhere
            raise
        finally:
            attempt.close(winner, taken=taken)
        if winner is None:
            refusal = attempt.refusal
            return RingResult(outcome_of(refusal), status=passed_on(refusal), moved_to=attempt.moved_to)
        return RingResult("answered", winner, picked_up_by=winner.person if winner.rang is not None else None)

    def _leg(self, callee: Identity) -> OutgoingLeg:
        self._legs += 1
        name, company = called_leg(self.call, self._side, self._legs), self._company
        return OutgoingLeg(self._services, self.call, name, company.domain, callee, company.language, self)

    async def _invitation_to_phone(self, leg: OutgoingLeg, binding: Binding) -> Invitation:
        target = binding.target
        return Invitation(
            uri=target.uri,
            flow=target.flow,
            routes=target.routes,
            local=self.shown.address(leg.domain),
            remote=NameAddr(leg.name, _callee(leg), {}),
            offer=await self._offer(leg),
            max_forwards=self.hops,
            fields=self._fields_to_phone(leg),
        )

    def _fields_to_phone(self, leg: OutgoingLeg) -> Fields:
        """Who has transferred or forwarded the call."""
        referred = (("Referred-By", self.referred_by),) if self.referred_by else ()
        if not self.diversions:
            return referred
        people = self._company.people
        known = [each for each in self.diversions if each.person in people]
        forwarders = [
            Forwarder(parse_uri(f"sip:{people[each.person].extension}@{leg.domain}"), each.why) for each in known
        ]
        return (*referred, *fields("diversion", forwarders, _callee(leg), NO_EARLIER))

    async def _start_outside(self, leg: OutgoingLeg, route: TrunkRoute) -> None:
        shown, config = self._shown_outside(route.caller_id), route.line.config
        leg.trunk = config.name
        told: Fields = ()
        if self.diversions:
            if config.show_forwarded_caller and self.shown.person is None:
                shown = self.shown
            forwarders = [Forwarder(route.uri_of(self._number_of(each.person)), each.why) for each in self.diversions]
            told = fields(config.diversion, forwarders, route.target, self.earlier)
        await leg.start(route.invitation(shown, await self._offer(leg), told, self.hops), shown)
        if not await leg.sign_of_life(SILENT_SECONDS):
            route.line.note(route.flow, up=False)

    async def _offer(self, leg: OutgoingLeg) -> bytes:
        return leg.description.offer(await leg.port(), self.codecs())

    def _shown_outside(self, caller_id: str | None) -> Identity:
        """Caller id on a trunk: the person's own number, else the trunk's, else the company's first main number."""
        payer = self.diversions[-1].person if self.diversions else self.shown.person
        person = self._company.people.get(payer or "")
        own = person.outside_number if person is not None else None
        number = own or caller_id or next(iter(self._company.main_numbers), self.shown.number)
        return Identity(number, self._company.name, withheld=self.shown.withheld and payer == self.shown.person)

    def _number_of(self, person: str) -> str:
        """The number outside under which somebody was called who has forwarded the call."""
        found = self._company.people.get(person)
        own = found.outside_number if found is not None else None
        return own or next(iter(self._company.main_numbers), "anonymous")


def _callee(leg: OutgoingLeg) -> Uri:
    """Who is called, in the company's domain."""
    return parse_uri(f"sip:{leg.number}@{leg.domain}")
