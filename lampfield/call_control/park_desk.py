"""Parks the call that a phone holds, where the phone dials a slot instead of transferring the call there."""

from __future__ import annotations

import logging

from lampfield.call_control.legs import Legs
from lampfield.call_control.services import Services
from lampfield.call_control.transferring import Transferring
from lampfield.call_control.voice_leg import VoiceLeg
from routing.handover import SentOn
from routing.house import House
from routing.model import Destination

logger = logging.getLogger(__name__)


class ParkDesk:
    """Who comes here has proved who they are."""

    def __init__(self, services: Services, legs: Legs) -> None:
        self._services = services
        self._legs = legs

    def held_by(self, domain: str, person: str) -> VoiceLeg | None:
        """The leg by which somebody holds a call, the latest of several."""
        held = [leg for leg in self._legs.live() if isinstance(leg, VoiceLeg) and _holds(leg, domain, person)]
        return max(held, key=lambda leg: leg.started, default=None)

    async def park_held(self, house: House, person: str, slot: str) -> str | None:
        """Park what a person, by id, holds, in a slot or in any for an empty one.

        Tells the slot; None where nothing is held, or no slot is free: then the two can talk on.
        """
        leg = self.held_by(house.company.domain, person)
        if leg is None or leg.bridge is None:
            return None
        bridge, call = leg.bridge, leg.call
        transferring = Transferring(self._services, leg, None, None)
        to = slot or house.company.park.code
        logger.info("%s: %s parks the held call by dialling %s", call, person, to)
        left = bridge.other(leg)
        bridge.hand_over(SentOn(bridge.side(leg), to, Destination("park", slot), left, transferring))
        await transferring.settled()
        return house.park.slot_of(call)


def _holds(leg: VoiceLeg, domain: str, person: str) -> bool:
    if (leg.domain, leg.person) != (domain, person) or not leg.description.held:
        return False
    return leg.bridge is not None and leg.bridge.is_open
