"""What needs somebody: events of calls and members, and the health of the server, become notices."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from lampfield.notices.notice import Notice
from lampfield.notices.wording import FALLBACK, sentence
from routing.events import (
    BoxFull,
    CallArrived,
    CallBridged,
    CalledBack,
    CallEnded,
    CallEvent,
    CallTakenUp,
    MessageLost,
    QueueLeft,
)
from routing.model import Company, NoticeKind
from routing.ports import Clock
from routing.queue.events import MISSED_TOO_OFTEN, AnyMemberEvent, LastMemberPassive, MemberPaused
from routing.queue.outcomes import NOT_MISSED

STEADY_SECONDS = 10.0
"""How long something must be down, or up again, before anybody is told."""


class Post(Protocol):
    """Takes a notice for all who asked for it."""

    def __call__(self, notice: Notice, /) -> None: ...


@dataclass(slots=True)
class _Call:
    """Of one caller: the call that came in, and those in which the place that it ordered is called back."""

    company: str
    caller: str
    place: str
    """The call under which queues know the caller's place."""
    gone: bool = False
    """Nobody is on the line: the place is kept for calling back."""
    kept_another: bool = False
    """The order to be called back is one that was made already: no place of this call is kept for it."""
    place_over: bool = False
    missed_by: str = ""
    answered: bool = False


@dataclass(slots=True)
class _Health:
    away: bool = False
    told: bool = False
    since: float = 0.0


class NoticeWatch:
    """Follows calls and members; nothing is told of a call that somebody answered."""

    def __init__(self, post: Post, clock: Clock, token: Callable[[], str]) -> None:
        self._post = post
        self._clock = clock
        self._token = token
        self._companies: dict[str, Company] = {}
        self._calls: dict[str, _Call] = {}
        self._health: dict[tuple[NoticeKind, str], _Health] = {}

    def configure(self, companies: Iterable[Company]) -> None:
        """Take over the companies as they are now: all of them are told of the server's health."""
        self._companies = {company.id: company for company in companies}

    def takers(self) -> dict[type[CallEvent], Callable[[Any], None]]:
        """Who takes each kind of event of calls that somebody may have to be told of."""
        return {
            CallArrived: self._arrived,
            CallTakenUp: self._taken_up,
            CalledBack: self._called_back,
            CallBridged: self._talks,
            QueueLeft: self._left_queue,
            BoxFull: self._box_full,
            MessageLost: self._message_lost,
            CallEnded: self._ended,
        }

    def _arrived(self, event: CallArrived) -> None:
        self._calls[event.call] = _Call(event.company, event.caller_number, event.call)

    def _taken_up(self, event: CallTakenUp) -> None:
        talks = bool(event.talks_to)
        place = event.place or event.call
        self._calls[event.call] = self._calls[place] = _Call(event.company, event.caller_number, place, answered=talks)

    def _called_back(self, event: CalledBack) -> None:
        call = self._calls.get(event.call)
        if call is not None:
            call.place = event.place
            # After a restart nothing else is known of the call that ordered it.
            ordered = self._calls[event.call] = self._calls.setdefault(event.place, call)
            ordered.gone = False

    def _talks(self, event: CallBridged) -> None:
        call = self._calls.get(event.call)
        if call is not None:
            call.answered = True

    def _left_queue(self, event: QueueLeft) -> None:
        call = self._calls.get(event.call)
        if call is not None:
            call.missed_by, call.place_over = "" if event.outcome in NOT_MISSED else event.queue, True
            call.kept_another = event.outcome == "already-ordered"
            if call.gone or event.outcome == "not-reached":
                self._over(call, event)

    def _box_full(self, event: BoxFull) -> None:
        call = self._calls.get(event.call)
        if call is not None:
            self._tell(call.company, "box-full", event.at, call=event.call, caller=call.caller, box=event.box)

    def _message_lost(self, event: MessageLost) -> None:
        call = self._calls.get(event.call)
        if call is not None:
            lost, box = event.why, event.box
            self._tell(call.company, "message-lost", event.at, fault=lost, call=event.call, caller=call.caller, box=box)

    def _ended(self, event: CallEnded) -> None:
        call = self._calls.pop(event.call, None)
        if call is None:
            return
        ordered = event.cause == "callback" and not call.kept_another
        if ordered or (event.call != call.place and not call.place_over):
            call.gone, call.place_over = True, False
            self._calls[call.place] = call  # the place is kept, and its end is still to come
        else:
            call.answered |= event.cause == "elsewhere"
            self._over(call, event)

    def _over(self, call: _Call, event: CallEvent) -> None:
        self._calls.pop(call.place, None)
        queue, call.missed_by = call.missed_by, ""
        if queue and not call.answered:
            self._tell(call.company, "missed-call", event.at, call=event.call, caller=call.caller, queue=queue)

    def member(self, company: str, event: AnyMemberEvent) -> None:
        """Something happened to a member of a company, by its id."""
        match event:
            case LastMemberPassive(queue=queue, member=member):
                self._tell(company, "last-passive", event.at, queue=queue, member=member)
            case MemberPaused(queue=queue, member=member, reason=reason) if reason == MISSED_TOO_OFTEN:
                self._tell(company, "auto-pause", event.at, queue=queue, member=member)

    def health(self, kind: NoticeKind, what: str, fault: str) -> None:
        """How the trunk `what`, or the database, stands: `fault` is empty when all is well.

        To be told every few seconds.
        """
        now, known = self._clock(), self._health.setdefault((kind, what), _Health())
        if bool(fault) != known.away:
            known.away, known.since = bool(fault), now
        if known.away != known.told and now - known.since >= STEADY_SECONDS:
            known.told = known.away
            for company in self._companies:
                self._tell(company, kind, known.since, what=what, fault=fault, over=not known.away)

    def _tell(
        self,
        company: str,
        kind: NoticeKind,
        at: float,
        *,
        what: str = "",
        fault: str = "",
        over: bool = False,
        queue: str = "",
        member: str = "",
        call: str = "",
        caller: str = "",
        box: str = "",
    ) -> None:
        house = self._companies.get(company)
        person = house.people.get(member) if house is not None else None
        text = sentence(
            kind,
            house.language if house is not None else FALLBACK,
            over=over,
            what=what,
            fault=fault,
            queue=queue,
            member=person.name if person is not None else member,
            caller=caller,
            box=box,
        )
        notice = Notice(
            id=self._token(),
            company=company,
            kind=kind,
            at=at,
            text=text,
            over=over,
            queue=queue,
            member=member,
            call=call,
            caller=caller,
            box=box,
        )
        self._post(notice)
