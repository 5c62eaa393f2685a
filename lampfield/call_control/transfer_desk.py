"""Answers REFER: blind transfers to wherever the person could call, attended ones to whom they talk in another call."""

from __future__ import annotations

import logging
from ipaddress import ip_address

from lampfield.call_control.bridge import Bridge
from lampfield.call_control.houses import Houses
from lampfield.call_control.incoming_leg import IncomingLeg
from lampfield.call_control.leg import Leg
from lampfield.call_control.legs import Legs
from lampfield.call_control.outgoing_leg import OutgoingLeg
from lampfield.call_control.services import Services
from lampfield.call_control.transferring import Transferring
from lampfield.call_control.voice_leg import VoiceLeg
from lampfield.door import Door, Refused
from routing import transfer
from routing.dialplan import Refusal
from routing.handover import GivenAway, Joined, SentOn
from routing.house import House
from sipcore.errors import ProtocolViolation
from sipcore.events import ReferOver, ReferReceived
from sipcore.replaces import Replaces
from sipcore.uri import SipUri, Uri

logger = logging.getLogger(__name__)


CONNECTING_SECONDS = 1.0
"""How long a REFER may wait for the caller to be connected to the phone that has answered and sends it."""


class NotTransferred(Exception):
    """The REFER is refused with `status` and `reason`."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class TransferDesk:
    """All transfers that are under way."""

    def __init__(self, services: Services, legs: Legs, houses: Houses, door: Door) -> None:
        self._services = services
        self._legs = legs
        self._houses = houses
        self._door = door
        self._under_way: dict[str, Transferring] = {}
        """By referral."""

    def asked(self, event: ReferReceived) -> None:
        """A phone asks for a transfer."""
        leg = self._legs.of_session(event.session)
        if isinstance(leg, OutgoingLeg) and leg.answered and leg.bridge is None and not self._has_sent_on(leg):
            leg.spawn(self._asked_early(event, leg))
        else:
            self._answer(event, leg)

    async def _asked_early(self, event: ReferReceived, leg: OutgoingLeg) -> None:
        """A phone that has answered just now may ask before the caller is connected to it."""
        await leg.meeting(CONNECTING_SECONDS)
        self._answer(event, leg)

    def _answer(self, event: ReferReceived, leg: Leg | None) -> None:
        sip = self._services.sip
        try:
            if not isinstance(leg, VoiceLeg):
                raise NotTransferred(481, "No Such Call")
            self._transfer(event, leg)
        except Refused as refused:
            sip.refuse_refer(event.referral, refused.status, fields=refused.fields)
        except NotTransferred as declined:
            logger.info("%s: no transfer: %d %s", leg.call if leg is not None else "", declined.status, declined.reason)
            sip.refuse_refer(event.referral, declined.status, reason=declined.reason)
        except ProtocolViolation as fault:
            sip.refuse_refer(event.referral, fault.status, reason=fault.reason)
        except Exception:
            # A fault of ours must not leave the phone without an answer.
            logger.exception("the transfer failed")
            sip.refuse_refer(event.referral, 500)

    def over(self, event: ReferOver) -> None:
        """The phone knows what became of its transfer."""
        transferring = self._under_way.pop(event.referral, None)
        if transferring is not None:
            transferring.told()

    def _transfer(self, event: ReferReceived, leg: VoiceLeg) -> None:
        """Raises NotTransferred, Refused, ProtocolViolation."""
        house = self._houses.of_domain(leg.domain)
        if leg.person is None or house is None:
            raise NotTransferred(403, "Only Phones of the Company Transfer Calls")
        if not event.at_home:
            self._prove(event, leg)
        if event.refer.method != "INVITE":
            raise NotTransferred(603, "Only Calls Are Referred")
        bridge = leg.bridge
        if bridge is None and self._has_sent_on(leg):
            raise NotTransferred(491, "A Transfer Is Under Way")
        if bridge is None or not bridge.is_open:
            raise NotTransferred(603, "Nobody to Transfer")
        if event.refer.replaces is None:
            self._blind(event, leg, bridge, house, _dialled(event.refer.target))
            return
        other = self._named(event.refer.replaces, leg)
        if other.bridge is not None and other.bridge.is_open:
            self._attended(event, leg, other, bridge, other.bridge)
        elif other.bridge is None and isinstance(other, IncomingLeg):
            # Not answered yet, or by a queue or a menu: the other party goes where the transferor has called.
            self._blind(event, leg, bridge, house, other.arrival.dialled)
            other.end("transferred")
        else:
            raise NotTransferred(481, "The Call to Replace Is Over")

    def _has_sent_on(self, leg: VoiceLeg) -> bool:
        return any(each.is_of(leg) for each in self._under_way.values())

    def _prove(self, event: ReferReceived, leg: VoiceLeg) -> None:
        """From elsewhere than the call came from, a phone proves whose it is: a transfer may cost money."""
        visitor = self._door.person(event.request, event.flow)
        if (visitor.company.domain, visitor.person.id) != (leg.domain, leg.person):
            raise NotTransferred(403, "Somebody Else's Call")

    def _named(self, replaces: Replaces, leg: VoiceLeg) -> VoiceLeg:
        """The transferor's leg to whom the other party is to be joined."""
        session = self._services.sip.replaced(replaces)
        other = self._legs.of_session(session) if session is not None else None
        if not isinstance(other, VoiceLeg):
            raise NotTransferred(481, "No Such Call to Replace")
        if other is leg or (other.domain, other.person) != (leg.domain, leg.person):
            raise NotTransferred(403, "Not a Call of the Transferor")
        if replaces.early_only and other.answered:
            raise NotTransferred(486, "The Call to Replace Is Answered")
        return other

    def _accept(self, event: ReferReceived, leg: VoiceLeg) -> Transferring:
        self._services.sip.accept_refer(event.referral)
        transferring = Transferring(self._services, leg, event.referral, event.refer.referred_by)
        self._under_way[event.referral] = transferring
        return transferring

    def _blind(self, event: ReferReceived, leg: VoiceLeg, bridge: Bridge, house: House, dialled: str) -> None:
        found = transfer.target(house.company, dialled)
        if isinstance(found, Refusal):
            raise NotTransferred(found.status, found.reason)
        left, side, to = bridge.other(leg), bridge.side(leg), _number(dialled)
        logger.info("%s: %s transfers %s to %s", leg.call, leg.person, left.number, to)
        bridge.hand_over(SentOn(side, to, found, left, self._accept(event, leg)))

    def _attended(
        self, event: ReferReceived, leg: VoiceLeg, other: VoiceLeg, bridge: Bridge, other_bridge: Bridge
    ) -> None:
        """Join the two whom the transferor talks to, in the call that came first: it is the one people ask about."""
        if bridge is other_bridge:
            raise NotTransferred(603, "One Call Only")
        if bridge.caller.started <= other_bridge.caller.started:
            kept, mine, given, theirs = bridge, leg, other_bridge, other
        else:
            kept, mine, given, theirs = other_bridge, other, bridge, leg
        stays, moves, by = kept.other(mine), given.other(theirs), leg.person or ""
        logger.info("%s: %s joins %s to %s of %s", mine.call, by, stays.number, moves.number, theirs.call)
        transferring = self._accept(event, leg)
        moves.call = stays.call
        given.hand_over(GivenAway(given.side(theirs), by, stays.number, stays.call, theirs))
        kept.hand_over(Joined(kept.side(mine), stays, moves, moves.person, transferor=by, joined=moves.number))
        transferring.succeeded()
        other.end("transferred")


def _dialled(uri: Uri) -> str:
    """What a Refer-To dials: by its user alone where the phone names us by an address."""
    if isinstance(uri, SipUri) and _is_address(uri.address):
        return uri.unescaped_user
    return str(uri)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _number(dialled: str) -> str:
    """The user part, as people would say it."""
    return dialled.partition(":")[2].partition("@")[0] if ":" in dialled else dialled
