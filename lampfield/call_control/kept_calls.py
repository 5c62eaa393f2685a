"""Calls that are answered, kept on disk: the next run of the process goes on with them where they are.

The media engine, a process of its own, plays and relays meanwhile; the supervisor's sockets hold what phones send.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from lampfield.call_control.incoming_leg import IncomingLeg
from lampfield.call_control.kept_call import KeptCall, KeptLeg, KeptTalk, KeptWay
from lampfield.call_control.legs import Legs
from lampfield.call_control.sip_port import SipPort
from lampfield.call_control.voice_leg import VoiceLeg
from lampfield.decoded import decoded
from lampfield.journal import Journal
from routing.events import (
    CallAnswered,
    CalledBack,
    CallEnded,
    CallEvent,
    CallParked,
    CallRouted,
    CallTakenUp,
    CustomerNumberGiven,
    LegEnded,
    MenuEntered,
    PlaceHeld,
    PlaceResumed,
    PositionAnnounced,
    QueueJoined,
    QueueLeft,
    TransferRequested,
)
from routing.house import Arrival
from routing.model import Destination
from routing.places import Places

_KIND = "call"

_TELL_OF_CALLERS = frozenset({"menu", "queue", "callback"})
"""Destinations that tell by themselves who has come, so that being sent there need not be written."""
_ANSWER_AND_TELL = frozenset({"menu", "person", "number"})
"""Those that, when they have answered the caller, tell of what follows at once."""


class _Course:
    """How a call goes, as far as another run has to know."""

    def __init__(self) -> None:
        self.destination = ""
        """Where the call was sent last, in its written form; empty for nowhere yet."""
        self.parted = False
        """The caller has talked, and was sent nowhere since."""
        self.menus = Places()
        self.priority = 0
        self.customer_number = ""
        self.parked_by = ""
        self.places: dict[str, str] = {}
        self.away = False
        self.brought_by = ("", "")
        """The queue that found somebody for the caller, and the place's call."""
        self.talkers: tuple[VoiceLeg, VoiceLeg] | None = None
        self.kept = b""
        """What is on disk; empty for nothing."""

    @property
    def kind(self) -> str:
        """That of the destination."""
        return self.destination.partition(":")[0]


class KeptCalls:
    """Follows the calls' events, so that what is on disk is who is where, waits or talks."""

    def __init__(self, journal: Journal, legs: Legs, sip: SipPort) -> None:
        self._journal = journal
        self._legs = legs
        self._sip = sip
        self._courses: dict[str, _Course] = {}
        self._served: dict[str, str] = {}
        """The call that is made for a place, by the place's own."""

    def load(self) -> list[KeptCall]:
        """The calls that were answered when the last run ended; those that come to nothing are to be forgotten."""
        return list(decoded(self._journal, _KIND, KeptCall))

    def taken_up(self, kept: KeptCall) -> None:
        """A call of another run goes on: follow it from here."""
        brought_by = (kept.talk.queue, kept.talk.place) if kept.talk is not None else ("", "")
        course = _Course()
        course.places, course.away, course.brought_by = dict(kept.places), kept.away, brought_by
        course.priority, course.customer_number = kept.priority, kept.customer_number
        course.kept = msgspec.msgpack.encode(kept)
        if kept.way is not None:
            course.destination, course.priority = kept.way.destination, kept.way.priority
            course.customer_number, course.parked_by = kept.way.customer_number, kept.way.parked_by
            for menu in kept.way.menus:
                course.menus.came_to(Destination("menu", menu))
        self._courses[kept.call] = course
        self._served |= {place: kept.call for place in kept.places.values() if place != kept.call}

    def forget(self, call: str) -> None:
        """The call is over, or comes to nothing."""
        course = self._courses.pop(call, None)
        if course is None or course.kept:
            self._journal.delete(_KIND, call)
        if course is not None:
            for place in course.places.values():
                self._served.pop(place, None)

    # What happens to calls.

    def takers(self) -> dict[type[CallEvent], Callable[[Any], None]]:
        """Who takes each kind of event that changes what is on disk."""
        return {
            CallRouted: self._routed,
            MenuEntered: self._in_menu,
            CallParked: self._parked,
            CustomerNumberGiven: self._numbered,
            QueueJoined: self._placed,
            PlaceResumed: self._placed,
            PlaceHeld: self._placed,
            QueueLeft: self._left,
            CalledBack: self._called_back,
            CallAnswered: self._answered,
            # What a phone changes in its dialog while it waits is taken along with the next announcement.
            PositionAnnounced: self._told,
            CallTakenUp: self._told,
            LegEnded: self._leg_ended,
            TransferRequested: self._transferred,
            CallEnded: self._ended,
        }

    def _course(self, call: str) -> _Course:
        course = self._courses.get(call)
        if course is None:
            course = self._courses[call] = _Course()
        return course

    def _routed(self, event: CallRouted) -> None:
        course = self._course(event.call)
        course.destination, course.priority, course.parted = event.destination, event.priority, False
        if course.kind not in _TELL_OF_CALLERS:
            self._keep(event.call)

    def _in_menu(self, event: MenuEntered) -> None:
        self._course(event.call).menus.came_to(Destination("menu", event.menu))
        self._keep(event.call)

    def _numbered(self, event: CustomerNumberGiven) -> None:
        self._course(event.call).customer_number = event.number

    def _called_back(self, event: CalledBack) -> None:
        # On the line for the place is only who has answered and pressed the key: then it is resumed.
        self._served[event.place] = event.call

    def _answered(self, event: CallAnswered) -> None:
        if self._course(event.call).kind not in _ANSWER_AND_TELL:
            self._keep(event.call)

    def _told(self, event: PositionAnnounced | CallTakenUp) -> None:
        self._keep(event.call)

    def _transferred(self, event: TransferRequested) -> None:
        self._parted(event.call)

    def _ended(self, event: CallEnded) -> None:
        if event.call in self._courses:
            self.forget(event.call)

    def _parked(self, event: CallParked) -> None:
        course = self._course(event.call)
        course.destination, course.parked_by = f"park:{event.slot}", event.by
        self._keep(event.call)

    def _placed(self, event: QueueJoined | PlaceResumed | PlaceHeld) -> None:
        call = self._served.get(event.call, event.call)
        course = self._course(call)
        course.places.pop(event.queue, None)
        course.places[event.queue] = event.call
        course.away = isinstance(event, PlaceHeld)
        self._keep(call)

    def _left(self, event: QueueLeft) -> None:
        call = self._served.pop(event.call, event.call)
        course = self._courses.get(call)
        if course is None or course.places.pop(event.queue, None) is None:
            return
        if event.outcome in ("answered", "called-back"):
            course.brought_by = event.queue, event.call  # on disk together with the talk, which begins at once
        else:
            self._keep(call)

    def _leg_ended(self, event: LegEnded) -> None:
        course = self._courses.get(event.call)
        if course is not None and course.talkers is not None and course.talkers[1].leg == event.leg:
            self._parted(event.call)

    def _parted(self, call: str) -> None:
        course = self._courses.get(call)
        if course is not None:
            course.talkers, course.parted = None, True
            self._keep(call)

    def talking(self, caller: VoiceLeg, callee: VoiceLeg) -> None:
        """The two are connected, or what was agreed with one of their phones has changed."""
        course = self._course(caller.call)
        course.talkers = caller, callee
        self._keep(caller.call)

    # What is on disk.

    def _keep(self, call: str) -> None:
        course = self._courses.get(call)
        if course is None:
            return
        kept = self._kept(call, course)
        encoded = msgspec.msgpack.encode(kept) if kept is not None else b""
        # Who waits is looked at with each announcement, and is nearly always on disk as they are.
        if encoded and encoded != course.kept:
            self._journal.put(_KIND, call, encoded)
        elif course.kept and not encoded:
            self._journal.delete(_KIND, call)
        course.kept = encoded

    def _kept(self, call: str, course: _Course) -> KeptCall | None:
        """None where there is nothing that another run could go on with."""
        caller, talk = self._legs.of_caller(call), None
        if course.talkers is not None:
            caller, callee = course.talkers
            kept_callee = self._leg(callee)
            talk = KeptTalk(kept_callee, *course.brought_by) if kept_callee is not None else None
        kept_caller = self._leg(caller) if isinstance(caller, VoiceLeg) else None
        if not isinstance(caller, VoiceLeg) or kept_caller is None:
            return None
        known = call, caller.domain, _arrival(caller), kept_caller, course.places, course.away
        came_to = course.priority, course.customer_number
        if talk is not None or course.places:
            return KeptCall(*known, talk, None, *came_to)
        if course.parted:
            return None
        return KeptCall(*known, None, KeptWay(course.destination, course.menus.menus, *came_to, course.parked_by))

    def _leg(self, leg: VoiceLeg) -> KeptLeg | None:
        session = self._sip.record_of(leg.session)
        if session is None or leg.rtp.codec is None:
            return None
        return KeptLeg(leg.leg, session, leg.rtp.name, leg.caller, leg.peer, leg.language, leg.started, leg.trunk)


def _arrival(caller: VoiceLeg) -> Arrival:
    """How the call came; one that was made to call somebody back, as if they had called the number themselves."""
    if isinstance(caller, IncomingLeg):
        return caller.arrival
    return Arrival("trunk" if caller.person is None else "phone", caller.number, caller.person)
