"""Whom each caller spoke to last in each queue, kept on disk.

In the journal, as members' decisions are: it is asked for before a caller is let into the line, when no database may be
waited for, and only the last of it counts.
"""

from collections.abc import Iterable

import msgspec

from lampfield.decoded import decoded
from lampfield.journal import Journal
from routing.model import Company, Queue
from routing.ports import Clock

_KIND = "last-member"
_DAY = 86_400.0


class LastMember(msgspec.Struct, frozen=True):
    """A conversation that has been the last so far."""

    company: str
    queue: str
    number: str
    member: str
    at: float
    """UTC epoch seconds."""


class LastMembers:
    """Of all companies' callers, for as long as their queues want it."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._kept: dict[str, LastMember] = {}

    def restore(self, companies: Iterable[Company]) -> None:
        """Take up what is on disk, and forget what no queue asks for any more."""
        wanted = {(company.id, name): queue for company in companies for name, queue in company.queues.items()}
        for kept in decoded(self._journal, _KIND, LastMember):
            queue = wanted.get((kept.company, kept.queue))
            if queue is not None and self._clock() - kept.at <= queue.last_member_days * _DAY:
                self._kept[_key(kept.company, kept.queue, kept.number)] = kept
            else:
                self._journal.delete(_KIND, _key(kept.company, kept.queue, kept.number))

    def of(self, company: Company) -> "CompanyLastMembers":
        return CompanyLastMembers(self, company.id)

    def member(self, company: str, queue: Queue, number: str) -> str | None:
        """As `routing.last_members.LastMembers`."""
        kept = self._kept.get(_key(company, queue.name, number))
        if kept is None or self._clock() - kept.at > queue.last_member_days * _DAY:
            return None
        return kept.member

    def spoke(self, company: str, queue: Queue, number: str, member: str) -> None:
        """As `routing.last_members.LastMembers`; nothing is kept where the queue does not ask for it."""
        if not queue.last_member_days or not any(sign.isdigit() for sign in number):
            return
        kept, key = LastMember(company, queue.name, number, member, self._clock()), _key(company, queue.name, number)
        self._kept[key] = kept
        self._journal.put(_KIND, key, msgspec.msgpack.encode(kept))


class CompanyLastMembers:
    """Fulfils `routing.last_members.LastMembers`."""

    def __init__(self, all_of_them: LastMembers, company: str) -> None:
        self._all = all_of_them
        self._company = company

    def member(self, queue: Queue, number: str) -> str | None:
        return self._all.member(self._company, queue, number)

    def spoke(self, queue: Queue, number: str, member: str) -> None:
        self._all.spoke(self._company, queue, number, member)


def _key(company: str, queue: str, number: str) -> str:
    return f"{company}/{queue}/{number}"
