"""Goes on with the calls of another run of the process: who waited waits on, who talked talks on, others begin anew
where they were.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, NamedTuple

from lampfield.call_control.dialler import CallDialler
from lampfield.call_control.houses import Houses
from lampfield.call_control.incoming_leg import IncomingLeg
from lampfield.call_control.kept_call import KeptCall, KeptLeg, KeptWay
from lampfield.call_control.kept_calls import KeptCalls
from lampfield.call_control.legs import Legs
from lampfield.call_control.outgoing_leg import OutgoingLeg
from lampfield.call_control.services import Services
from lampfield.call_control.voice_leg import VoiceLeg
from media.session_info import SessionInfo
from routing import dialplan
from routing.call_flow import CallFlow
from routing.house import House
from routing.model import Company, MainNumber, read_destination
from routing.park import Stay
from sipcore.errors import ProtocolViolation

logger = logging.getLogger(__name__)

TAKEN_DOWN = 'Q.850;cause=41;text="Temporary failure"'
"""Reason of a BYE to a party whose call did not outlive a restart (RFC 3326 §2, ITU-T Q.850)."""

SILENT_MS = 1000
"""A phone that was not heard for so long is asked whether it is there: it may have hung up just before the end."""

GoOn = Callable[[str, Coroutine[Any, Any, None]], object]
"""Runs the treatment of a call, by its id, beside all others."""


class TakenUp(NamedTuple):
    """A call of another run, its sessions known to the stack again."""

    id: str
    places: frozenset[str]
    """The calls under which queues know the caller's places and conversation; none where the call cannot go on."""
    lives_on: bool
    go_on: Callable[[], object]
    """Lets the call go on, or tells the phones that it is over; once the sockets are open."""


class TakingUp:
    """Done once, before the sockets are open."""

    def __init__(self, services: Services, legs: Legs, houses: Houses, kept_calls: KeptCalls, go_on: GoOn) -> None:
        self._services = services
        self._legs = legs
        self._houses = houses
        self._kept_calls = kept_calls
        self._go_on = go_on

    def take_up(self, kept: KeptCall, audio: Mapping[str, SessionInfo]) -> TakenUp:
        """Take up a call; `audio` is what the media engine has, by name."""
        try:
            for leg in _legs_of(kept):
                self._services.sip.take_up(leg.session)
                self._authorise(leg)
            return self._taken_up(kept, audio)
        except (ProtocolViolation, LookupError) as fault:
            logger.warning("%s: the call is lost: %s", kept.call, fault)
            return TakenUp(kept.call, frozenset(), False, lambda: self._take_down(kept))

    def _authorise(self, leg: KeptLeg) -> None:
        """Let challenges of a provider be answered; what proves the account is in the configuration alone."""
        credentials = self._services.trunks.credentials(leg.trunk)
        if credentials is not None:
            self._services.sip.authorise(leg.session.id, credentials)

    def _taken_up(self, kept: KeptCall, audio: Mapping[str, SessionInfo]) -> TakenUp:
        """Raises LookupError where something of the call is gone, and ProtocolViolation."""
        house = self._houses.of_domain(kept.domain)
        if house is None:
            raise LookupError(f"no company has the domain {kept.domain}")
        missing = [leg.leg for leg in _legs_of(kept) if leg.rtp not in audio]
        if missing:
            raise LookupError(f"no audio of {', '.join(missing)}")
        places = _places_left(kept, house)
        if kept.talk is None and not places and not _leads_on(kept, house.company):
            raise LookupError("nothing that it could go on with")
        caller = self._leg(kept, kept.caller, audio)
        callee = self._leg(kept, kept.talk.callee, audio) if kept.talk is not None else None
        dialler = CallDialler(self._services, lambda: (self._houses.of_domain(kept.domain) or house).company, caller)
        came_to = kept.way if kept.way is not None else kept
        flow = CallFlow(
            house, caller, dialler, kept.arrival, priority=came_to.priority, customer=came_to.customer_number
        )
        self._show(caller, callee)
        self._kept_calls.taken_up(kept)
        if kept.talk is not None and callee is not None:
            dialler.pass_over(callee.leg)
            treatment = flow.talk_on(callee, callee.person, kept.caller.started, kept.talk.queue, kept.talk.place)
        elif kept.way is not None:
            way = kept.way
            self._park(house, caller, way)
            treatment = flow.begin_anew(
                read_destination(way.destination) if way.destination else None,
                kept.caller.started,
                menus=[menu for menu in way.menus if menu in house.company.menus],
                parked_by=way.parked_by,
            )
        else:
            treatment = flow.resume(places, kept.caller.started, away=kept.away)
        silent = [leg for leg in (caller, callee) if leg is not None and audio[leg.rtp.name].silent_ms > SILENT_MS]
        return TakenUp(kept.call, _known_to_queues(kept), True, lambda: self._begin(kept.call, treatment, silent))

    def _begin(self, call: str, treatment: Coroutine[Any, Any, None], silent: Sequence[VoiceLeg]) -> None:
        self._go_on(call, treatment)
        for leg in silent:
            leg.audio_stopped()

    def _leg(self, kept: KeptCall, leg: KeptLeg, audio: Mapping[str, SessionInfo]) -> VoiceLeg:
        """Raises ProtocolViolation."""
        made: IncomingLeg | OutgoingLeg
        if leg.session.is_caller:
            made = OutgoingLeg(self._services, kept.call, leg.leg, kept.domain, leg.party, leg.language, None)
        else:
            session = leg.session.id
            made = IncomingLeg(
                self._services, session, None, kept.call, kept.domain, leg.language, leg.party, kept.arrival, leg.leg
            )
        made.take_up(leg, audio[leg.rtp])
        return made

    def _show(self, caller: VoiceLeg, callee: VoiceLeg | None) -> None:
        """Let the legs be found, and the lamps show them."""
        for leg in (caller, callee):
            if leg is not None:
                self._legs.add(leg)
                self._legs.hears(leg)
                leg.show("confirmed")
        if self._legs.of_caller(caller.call) is not caller:
            self._legs.serves(caller)

    def _park(self, house: House, caller: VoiceLeg, way: KeptWay) -> None:
        """Let who was parked be so at once: whoever watches the slot sees nothing of the restart."""
        slot = way.destination.removeprefix("park:")
        if slot in house.company.park.slots:
            house.park.enter([slot], Stay(caller.call, way.parked_by, self._services.clock()))

    def _take_down(self, kept: KeptCall) -> None:
        self._kept_calls.forget(kept.call)
        for leg in _legs_of(kept):
            self._services.sip.bye(leg.session.id, reason_header=TAKEN_DOWN)
            self._services.media.drop(leg.rtp)


def _legs_of(kept: KeptCall) -> list[KeptLeg]:
    return [kept.caller, kept.talk.callee] if kept.talk is not None else [kept.caller]


def _leads_on(kept: KeptCall, company: Company) -> bool:
    """Whether the caller can begin anew where they were: it may have been taken out of the company's file."""
    if kept.way is None:
        return False
    if kept.way.destination:
        return dialplan.leads_somewhere(company, read_destination(kept.way.destination))
    return isinstance(dialplan.find(company, kept.arrival.dialled, kept.arrival.origin), MainNumber)


def _places_left(kept: KeptCall, house: House) -> dict[str, str]:
    """The caller's places that are still there: a queue may have been taken out of the company's file."""
    return {
        queue: place
        for queue, place in kept.places.items()
        if queue in house.queues and house.queues[queue].position(place) is not None
    }


def _known_to_queues(kept: KeptCall) -> frozenset[str]:
    talk = {kept.talk.place} if kept.talk is not None else set()
    return frozenset({*kept.places.values(), *talk})
