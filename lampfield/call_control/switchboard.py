"""Takes new calls, finds whose they are, has them treated, and hands each event to the leg it is about."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, NamedTuple

from lampfield.admission import Admission
from lampfield.call_control.call_ids import new_call_id
from lampfield.call_control.calling_party import from_trunk, withholds
from lampfield.call_control.dialler import CallDialler
from lampfield.call_control.diversions import earlier_of
from lampfield.call_control.houses import Houses
from lampfield.call_control.identity import Identity
from lampfield.call_control.incoming_leg import IncomingLeg
from lampfield.call_control.legs import Legs
from lampfield.call_control.outlet import CallOutlet
from lampfield.call_control.park_desk import ParkDesk
from lampfield.call_control.pickup_desk import PickupDesk
from lampfield.call_control.services import Services
from lampfield.call_control.tasks import Tasks
from lampfield.call_control.transfer_desk import TransferDesk
from lampfield.door import Door, Refused
from lampfield.trunks import Incoming
from media.client import MediaUnavailable
from media.events import DtmfReceived, EngineBack, EngineLost, MediaEvent, PlayEnded, RtpTimeout
from routing.call_flow import CallFlow
from routing.calling_back import CallingBack
from routing.dialplan import e164
from routing.events import CallbackDue
from routing.house import Arrival, House
from routing.model import Company
from routing.queue.runner import QueueRunner
from routing.recalling import Recalling
from sipcore.errors import ProtocolViolation
from sipcore.events import Event, InviteReceived, ReferOver, ReferReceived
from sipcore.message import Request
from sipcore.offer_answer import NothingInCommon
from sipcore.text import as_text
from sipcore.uri import SipUri

logger = logging.getLogger(__name__)


class _Newcomer(NamedTuple):
    """Who calls, and how."""

    house: House
    """Of the company that the call is in."""
    arrival: Arrival
    identity: Identity
    trunk: str = ""
    """Name of the trunk that it came through."""


class Switchboard:
    """All calls of the process."""

    def __init__(self, services: Services, legs: Legs, houses: Houses, door: Door, admission: Admission) -> None:
        self._services = services
        self._legs = legs
        self._houses = houses
        self._door = door
        self._admission = admission
        self._transfers = TransferDesk(services, legs, houses, door)
        self.parks = ParkDesk(services, legs)
        self._pickups = PickupDesk(services, legs, self.parks)
        self._flows = Tasks()

    @property
    def calls(self) -> int:
        """Calls in progress."""
        return len(self._flows)

    def on_session_event(self, event: Event) -> None:
        """Take an event about an INVITE session."""
        if isinstance(event, InviteReceived):
            self._arrive(event)
        elif isinstance(event, ReferReceived):
            self._transfers.asked(event)
        elif isinstance(event, ReferOver):
            self._transfers.over(event)
        elif (leg := self._legs.of_session(event.session)) is not None:  # type: ignore[attr-defined]
            leg.on(event)

    def on_media_event(self, event: MediaEvent) -> None:
        """Take an event of the media engine about one of the legs."""
        if isinstance(event, EngineLost):
            self._services.recordings.engine_lost()
            self._services.spares.forget()
        self._services.recordings.on(event)
        if isinstance(event, EngineBack):
            self._services.tasks.spawn(self._engine_back(), "media engine back")
        leg = self._legs.of_rtp(event.session)
        if leg is None:
            if isinstance(event, RtpTimeout):
                # A call of an earlier run of this process that has ended since.
                self._services.media.drop(event.session)
            return
        match event:
            case DtmfReceived(digit=digit):
                leg.key_pressed(digit)
            case PlayEnded(layer="music", play=play, failed=failed):
                leg.music.play_ended(play, failed=failed is not None)
            case PlayEnded(play=play):
                leg.rtp.play_ended(play)
            case RtpTimeout():
                leg.audio_stopped()

    async def _engine_back(self) -> None:
        """Where the media engine was started anew, end the calls whose audio went with the old one."""
        try:
            alive = {info.session for info in await self._services.media.sessions()}
            for leg in self._legs.live():
                if leg.rtp.port is not None and leg.rtp.name not in alive:
                    leg.end("failed")
            await self._services.spares.begin({leg.rtp.name for leg in self._legs.live()})
        except MediaUnavailable:
            logger.warning("the media engine is away again")

    async def drain(self, patience: float) -> None:
        """Give calls in progress `patience` seconds to end by themselves, then end them; none begins by itself."""
        self._houses.stop_calling_back()
        if self._flows and patience:
            logger.info("stopping: %d calls have %.0f s to end", len(self._flows), patience)
            await asyncio.wait(self._flows, timeout=patience)
        self._houses.close()  # or queues would go on with members who are free since their calls are ended
        for flow in self._flows:
            flow.cancel()
        if self._flows:
            await asyncio.wait(self._flows)

    # A new call

    def _arrive(self, invite: InviteReceived) -> None:
        refusal = self._admission.refusal(self.calls)
        if refusal is not None:
            self._services.sip.reject(invite.session, 503, fields=[("Retry-After", str(refusal))])
            return
        try:
            found = self._whose(invite)
            if found is None:
                self._services.sip.reject(invite.session, 404)
                return
            self._admission.taken()
            if not self._pickups.take(invite, found.house, found.arrival, found.identity):
                self._treat(invite, found)
        except Refused as refused:
            self._services.sip.reject(invite.session, refused.status, fields=refused.fields)
        except ProtocolViolation as fault:
            logger.info("INVITE from %s:%d: %s", *invite.flow.remote, fault.reason)
            self._services.sip.reject(invite.session, fault.status, reason=fault.reason, fields=_warning_of(fault))
        except Exception:
            # A fault of ours must not leave the caller without an answer.
            logger.exception("INVITE from %s:%d: the arrival failed", *invite.flow.remote)
            self._services.sip.reject(invite.session, 500)

    def _whose(self, invite: InviteReceived) -> _Newcomer | None:
        """Who calls; None where the company is not there. Raises Refused where that must be proved."""
        request = invite.request
        trunk = self._services.trunks.incoming(request, invite.flow)
        if trunk is not None:
            if trunk.credentials is not None:
                self._services.sip.authorise(invite.session, trunk.credentials)
            return self._from_trunk(request, trunk)
        found = self._door.person(request, invite.flow)
        house = self._houses.of_domain(found.company.domain)
        if house is None:
            return None
        person = found.person
        return _Newcomer(
            house,
            Arrival("phone", as_text(str(request.request_uri)), person.id),
            Identity(person.extension, person.name, person.id, withholds(request)),
        )

    def _from_trunk(self, request: Request, incoming: Incoming) -> _Newcomer | None:
        house = self._houses.of_number(incoming.dialled)
        if house is None:
            logger.info("call from a trunk to %s, which no company has", incoming.dialled)
            return None
        caller = from_trunk(request)
        number = e164(caller.number, house.company.country) or caller.number
        arrival = Arrival("trunk", incoming.dialled, forwarded=earlier_of(request).forwardings)
        identity = caller if caller.number == number else caller._replace(number=number)
        return _Newcomer(house, arrival, identity, incoming.trunk)

    def _treat(self, invite: InviteReceived, newcomer: _Newcomer) -> None:
        house, arrival, identity, trunk = newcomer
        company = house.company
        call = new_call_id(self._services)
        leg = IncomingLeg(
            self._services, invite.session, invite.offer, call, company.domain, company.language, identity, arrival
        )
        leg.trunk = trunk
        leg.hops = invite.request.max_forwards or leg.hops
        if arrival.origin == "trunk":
            leg.earlier = earlier_of(invite.request)
        if identity.person is not None:
            dialled = invite.request.request_uri
            called = dialled.user or "" if isinstance(dialled, SipUri) else str(dialled)
            leg.peer = self._callee(house, as_text(called))
        self._legs.add(leg)
        leg.show("trying")
        logger.info("%s: %s calls %s", call, identity.name or identity.number, arrival.dialled)
        self.go_on(call, self._flow(house, leg).run())

    async def call_back(self, domain: str, runner: QueueRunner, due: CallbackDue) -> None:
        """Call somebody back for a queue, as a `routing.queue.call_back.CallBack`; the call then goes on by itself."""
        house = self._houses.of_queue(domain, runner)
        if house is None:
            runner.leave(due.call, "lost")
            return
        call = new_call_id(self._services)
        shown = Identity(due.number, house.company.name)
        outlet = CallOutlet(self._services, lambda: (self._houses.of_domain(domain) or house).company, call, shown)
        calling = CallingBack(house, runner, due, outlet)
        logger.info("%s: %s is called back for %s", call, due.number, due.queue)
        task = self.go_on(call, calling.run())
        try:
            await calling.settled.wait()
        except asyncio.CancelledError:
            task.cancel()
            raise

    async def recall(self, company: Company, asker: str, target: str) -> None:
        """Call somebody and connect them to a colleague who is free now: fulfils `completions.Recall`."""
        house = self._houses.of_domain(company.domain)
        people = house.company.people if house is not None else {}
        if house is None or asker not in people or target not in people:
            return
        call, domain = new_call_id(self._services), company.domain
        shown = Identity(people[target].extension, people[target].name)
        outlet = CallOutlet(self._services, lambda: (self._houses.of_domain(domain) or house).company, call, shown)
        logger.info("%s: %s is called, for %s is free", call, asker, target)
        await self.go_on(call, Recalling(house, people[asker], people[target], outlet).run())

    def _flow(self, house: House, leg: IncomingLeg) -> CallFlow:
        domain = house.company.domain
        dialler = CallDialler(self._services, lambda: (self._houses.of_domain(domain) or house).company, leg)
        return CallFlow(house, leg, dialler, leg.arrival)

    def go_on(self, call: str, treatment: Coroutine[Any, Any, None]) -> asyncio.Task[object]:
        """Run the treatment of a call beside all others."""
        return self._flows.spawn(treatment, f"call {call}")

    @staticmethod
    def _callee(house: House, dialled: str) -> Identity:
        """Whom a calling phone's lamp names as its peer."""
        for person in house.company.people.values():
            if dialled in (person.extension, person.id):
                return Identity(person.extension, person.name, person.id)
        return Identity(dialled)


def _warning_of(fault: ProtocolViolation) -> tuple[tuple[str, str], ...]:
    """What does not fit together, for who looks into it (RFC 3261 §20.43)."""
    if not isinstance(fault, NothingInCommon):
        return ()
    return (("Warning", f'{fault.warning} lampfield "{fault.reason}"'),)
