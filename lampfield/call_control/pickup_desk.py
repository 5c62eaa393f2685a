"""Takes INVITEs that want a call which is there already: by Replaces, as lamp keys do it, by a pickup code, or by
the number of a park slot.
"""

from __future__ import annotations

import itertools
import logging
from typing import NamedTuple

from lampfield.call_control.bridge import Bridge
from lampfield.call_control.identity import Identity
from lampfield.call_control.leg_names import called_leg
from lampfield.call_control.legs import Legs
from lampfield.call_control.outgoing_leg import OutgoingLeg
from lampfield.call_control.park_desk import ParkDesk
from lampfield.call_control.pickup_leg import TOO_LATE, PickupLeg
from lampfield.call_control.services import Services
from lampfield.call_control.voice_leg import VoiceLeg
from lampfield.door import Refused
from routing import feature_codes, parking_lot
from routing.events import CallPickedUp
from routing.feature_codes import FeatureCode
from routing.handover import Joined
from routing.house import Arrival, House
from routing.model import Company
from routing.parking_lot import ParkingLot
from routing.pickup import may_pick_up, may_take_over
from sipcore.events import InviteReceived
from sipcore.replaces import Replaces
from sipcore.uri import SipUri

logger = logging.getLogger(__name__)


class Taker(NamedTuple):
    """Somebody of the company who wants a call that is there already."""

    invite: InviteReceived
    company: Company
    arrival: Arrival
    identity: Identity
    person: str
    """Their id."""


class PickupDesk:
    """Who comes here has proved who they are."""

    def __init__(self, services: Services, legs: Legs, parks: ParkDesk) -> None:
        self._services = services
        self._legs = legs
        self._parks = parks
        self._numbers = itertools.count(1)
        self._taken: set[str] = set()
        """Calls, parked or talked, whose taker is being answered."""

    def take(self, invite: InviteReceived, house: House, arrival: Arrival, identity: Identity) -> bool:
        """True where the INVITE wants another call, and has it; False for a call of its own. Raises Refused."""
        if identity.person is None:
            if invite.replaces is not None:
                raise Refused(403)
            return False
        taker = Taker(invite, house.company, arrival, identity, identity.person)
        if invite.replaces is not None:
            self._replace(taker, invite.replaces)
            return True
        code = _code(house.company, invite)
        if code is None:
            return False
        if code.feature == "park":
            return self._take_parked(taker, house, code.digits)
        ringing = self._asked_for(taker, house, code)
        if ringing is None:
            raise Refused(480)
        self._pick_up(taker, ringing)
        return True

    # By Replaces

    def _replace(self, taker: Taker, replaces: Replaces) -> None:
        """RFC 3891 §3: 481 for what is not there, 603 for what is over, 486 for an answered one that was to ring."""
        session = self._services.sip.replaced(replaces)
        leg = self._legs.of_session(session) if session is not None else None
        if not isinstance(leg, VoiceLeg) or leg.domain != taker.company.domain or leg.person is None:
            raise Refused(TOO_LATE if self._services.sip.has_ended(replaces) else 481)
        if leg.answered:
            if replaces.early_only:
                raise Refused(486)
            self._take_over(taker, leg, leg.person)
        elif isinstance(leg, OutgoingLeg):
            self._pick_up(taker, leg)
        else:
            # Somebody who calls cannot be replaced: that early dialog was not made by us (§3).
            raise Refused(481)

    # By code

    def _asked_for(self, taker: Taker, house: House, code: FeatureCode) -> OutgoingLeg | None:
        """The leg that rings longest of those that the code means. Raises Refused for an extension of nobody."""
        company, ringing = taker.company, self._ringing(taker.company.domain)
        if code.feature == "group-pickup":
            return next((leg for leg in ringing if leg.person != taker.person and _may(taker, leg)), None)
        queue = company.queue_extensions.get(code.digits)
        if queue is not None:
            runner = house.queues[queue]
            on_the_line = {offer: runner.place(offer.call).caller for offer in runner.state.offers.values()}
            offers = {(offer.member, caller.call) for offer, caller in on_the_line.items() if caller is not None}
            return next((leg for leg in ringing if (leg.person, leg.call) in offers), None)
        rung = next((each.id for each in company.people.values() if each.extension == code.digits), None)
        if rung is None:
            raise Refused(404)
        return next((leg for leg in ringing if leg.person == rung), None)

    def _ringing(self, domain: str) -> list[OutgoingLeg]:
        """Phones of the company that ring and can still be picked up, the longest first."""
        legs = [leg for leg in self._legs.live() if isinstance(leg, OutgoingLeg) and leg.domain == domain]
        return sorted([leg for leg in legs if _can_be_had(leg)], key=lambda leg: leg.started)

    # From a park slot

    def _take_parked(self, taker: Taker, house: House, slot: str) -> bool:
        """Let the taker have what is parked there; False for a call that parks what the phone holds. Raises Refused."""
        stay = house.park.stay(slot)
        if stay is None:
            if self._parks.held_by(taker.company.domain, taker.person) is None:
                raise Refused(480)
            return False
        if stay.call in self._taken:
            raise Refused(480)
        parked = self._legs.of_caller(stay.call)
        if not isinstance(parked, VoiceLeg) or parked.ended.done():
            raise Refused(TOO_LATE)
        leg = self._leg(taker, parked, parked.caller)
        self._taken.add(leg.call)
        leg.spawn(self._unpark(leg, parked, house.park, taker.person))
        return True

    async def _unpark(self, leg: PickupLeg, parked: VoiceLeg, lot: ParkingLot, person: str) -> None:
        """Let who has come have the parked call, where they are there still and it is."""
        if not await self._comes(leg, parked):
            return
        slot = lot.slot_of(parked.call)
        if slot is None:
            leg.end("caller-gone")
            return
        logger.info("%s: %s takes the call from the slot %s", leg.call, person, slot)
        lot.take(parked.call, parking_lot.Taker(leg, person))

    # How

    def _pick_up(self, taker: Taker, ringing: OutgoingLeg) -> None:
        attempt, rang = ringing.attempt, ringing.person
        if rang is None or not may_pick_up(taker.company, taker.person, rang):
            raise Refused(403)
        if attempt is None or not attempt.is_open:
            raise Refused(TOO_LATE)
        leg = self._leg(taker, ringing, ringing.peer, rang)
        logger.info("%s: %s picks up what rings at %s", leg.call, taker.person, rang)
        attempt.pick_up(leg)

    def _take_over(self, taker: Taker, talking: VoiceLeg, person: str) -> None:
        """Let the taker have the place of somebody who talks; that phone is hung up."""
        if not may_take_over(taker.company, taker.person, person):
            raise Refused(403)
        bridge = talking.bridge
        if bridge is None or not bridge.is_open or talking.call in self._taken:
            raise Refused(TOO_LATE)
        leg = self._leg(taker, talking, talking.peer, person)
        self._taken.add(leg.call)
        leg.spawn(self._replace_in(bridge, talking, person, leg, taker.person))

    async def _replace_in(self, bridge: Bridge, talking: VoiceLeg, person: str, leg: PickupLeg, by: str) -> None:
        """Let who has come talk on in the place of `person`, where they are there still and the conversation is."""
        stays, side = bridge.other(talking), bridge.side(talking)
        if not await self._comes(leg, stays):
            return
        if not bridge.is_open:
            leg.end("caller-gone")
            return
        logger.info("%s: %s takes the place of %s", leg.call, by, person)
        now = self._services.clock()
        told = CallPickedUp(call=leg.call, at=now, leg=leg.leg, person=by, number=leg.number, rang=person, talking=True)
        if side == "callee":
            bridge.hand_over(Joined(side, stays, leg, by, taken_over=told))
        else:
            bridge.hand_over(Joined(side, leg, stays, stays.person, taken_over=told))
        talking.end("replaced")

    async def _comes(self, leg: PickupLeg, stays: VoiceLeg) -> bool:
        """Answer who takes a call, with the codec of who stays in it; False for who has gone before it came to that.

        Nobody else has taken it meanwhile.
        """
        try:
            return await leg.comes(stays.rtp.codec)
        finally:
            self._taken.discard(leg.call)

    def _leg(self, taker: Taker, of: VoiceLeg, peer: Identity, rang: str | None = None) -> PickupLeg:
        """The taker's leg of the call that a leg is of; `peer` is who is at the other end.

        Raises ProtocolViolation for an offer that cannot be read.
        """
        leg = PickupLeg(
            self._services,
            taker.invite.session,
            taker.invite.offer,
            of.call,
            taker.company.domain,
            taker.company.language,
            taker.identity,
            taker.arrival,
            called_leg(of.call, "p", next(self._numbers)),
        )
        leg.rang, leg.peer = rang, peer
        self._legs.add(leg)
        leg.show("trying")
        return leg


def _may(taker: Taker, leg: OutgoingLeg) -> bool:
    return leg.person is not None and may_pick_up(taker.company, taker.person, leg.person)


def _can_be_had(leg: OutgoingLeg) -> bool:
    return leg.person is not None and not leg.ended.done() and leg.attempt is not None and leg.attempt.is_open


def _code(company: Company, invite: InviteReceived) -> FeatureCode | None:
    """The pickup code or park slot that was dialled."""
    uri = invite.request.request_uri
    dialled = uri.unescaped_user if isinstance(uri, SipUri) else ""
    found = feature_codes.find(company, dialled) if dialled else None
    return found if isinstance(found, FeatureCode) and found.feature in ("pickup", "group-pickup", "park") else None
