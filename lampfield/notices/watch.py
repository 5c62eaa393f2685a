"""What needs somebody: events of calls and members, and the health of the server, become notices."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import ClassVar, Protocol

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

SERVED = ("answered", "called-back")
"""Ways to leave a queue that need nobody."""
STEADY_SECONDS = 10.0
"""How long something must be down, or up again, before anybody is told."""


class Post(Protocol):
    """Takes a notice for all who asked for it."""

    def __call__(self, notice: Notice, /) -> None: ...


@dataclass(slots=True)
class _Call:
    company: str
    caller: str
    missed_by: str = ""
    answered: bool = False


@dataclass(slots=True)
class _Health:
    away: bool = False
    told: bool = False
    since: float = 0.0


class NoticeWatch:
    """Follows calls and members; nothing is told of a call that somebody answered."""

    FOLLOWED: ClassVar[tuple[type[CallEvent], ...]] = (
        CallArrived,
        CallTakenUp,
        CalledBack,
        CallBridged,
        QueueLeft,
        BoxFull,
        MessageLost,
        CallEnded,
    )
    """What happens to calls that somebody may have to be told of."""

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

    def call(self, event: CallEvent) -> None:
        """Something happened to a call."""
        match event:
            case CallArrived():
                self._calls[event.call] = _Call(event.company, event.caller_number)
            case CallTakenUp():
                self._calls[event.call] = _Call(event.company, event.caller_number, answered=bool(event.talks_to))
            case CalledBack() if (call := self._calls.get(event.call)) is not None:
                # After a restart nothing else is known of the call that ordered it.
                self._calls.setdefault(event.place, _Call(call.company, call.caller))
            case CallBridged() if (call := self._calls.get(event.call)) is not None:
                call.answered = True
            case QueueLeft() if (call := self._calls.get(event.call)) is not None:
                call.missed_by = "" if event.outcome in SERVED else event.queue
                if event.outcome == "not-reached":
                    self._over(event)
            case BoxFull() if (call := self._calls.get(event.call)) is not None:
                self._tell(call.company, "box-full", event.at, call=event.call, caller=call.caller, box=event.box)
            case MessageLost() if (call := self._calls.get(event.call)) is not None:
                self._tell(
                    call.company,
                    "message-lost",
                    event.at,
                    fault=event.why,
                    call=event.call,
                    caller=call.caller,
                    box=event.box,
                )
            case CallEnded() if event.cause != "callback":  # else the place is kept, and its end is still to come
                self._over(event)

    def _over(self, event: CallEvent) -> None:
        call = self._calls.pop(event.call, None)
        if call is not None and call.missed_by and not call.answered:
            self._tell(call.company, "missed-call", event.at, call=event.call, caller=call.caller, queue=call.missed_by)

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
