"""How queues stand, kept on disk: of each member whose turn it is, missed offers in a row, notes still to be written,
and how long callers have waited.

In the journal, as members' decisions are (`lampfield.membership`), and for the same reasons.
"""

from collections.abc import Iterable, Sequence

import msgspec

from lampfield.decoded import decoded
from lampfield.journal import Journal
from routing.model import Company
from routing.ports import Clock
from routing.queue.events import MemberRecalled, Passing, Served, WaitsRecalled
from routing.queue.member import Member

_KIND = "standing"
_WAITS = "waits"


class KeptStanding(msgspec.Struct, frozen=True):
    """How a member stood last."""

    company: str
    recalled: MemberRecalled


class KeptWaits(msgspec.Struct, frozen=True):
    """How long a queue's callers waited last."""

    company: str
    recalled: WaitsRecalled


class Standings:
    """Of all companies' queues and their members."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._kept: dict[str, KeptStanding] = {}
        self._waits: dict[str, KeptWaits] = {}

    def restore(self, companies: Iterable[Company]) -> None:
        """Take up what is on disk; queues that are no more are forgotten, and who is in none any more."""
        companies = list(companies)
        for waits in decoded(self._journal, _WAITS, KeptWaits):
            key = f"{waits.company}/{waits.recalled.queue}"
            if any(waits.company == company.id and waits.recalled.queue in company.queues for company in companies):
                self._waits[key] = waits
            else:
                self._journal.delete(_WAITS, key)
        listed = {
            _key(company.id, name, member)
            for company in companies
            for name, queue in company.queues.items()
            for member in queue.members
        }
        for kept in decoded(self._journal, _KIND, KeptStanding):
            key = _key(kept.company, kept.recalled.queue, kept.recalled.member)
            if key in listed:
                self._kept[key] = kept
            else:
                self._journal.delete(_KIND, key)

    def history(self, company: Company, queue: str) -> list[MemberRecalled | WaitsRecalled]:
        """How a queue stood: what counts beyond the rest of its log."""
        waits = self._waits.get(f"{company.id}/{queue}")
        members = [
            kept.recalled for kept in self._kept.values() if kept.company == company.id and kept.recalled.queue == queue
        ]
        return [*members, waits.recalled] if waits is not None else [*members]

    def of(self, company: Company, queue: str) -> "QueueStandings":
        """What keeps a queue."""
        return QueueStandings(self, company.id, queue)

    def served(self, company: str, queue: str, served: Sequence[Served]) -> None:
        """As `routing.queue.sinks.Remembrance`."""
        kept, key = KeptWaits(company, WaitsRecalled(queue=queue, served=tuple(served))), f"{company}/{queue}"
        if served and self._waits.get(key) != kept:
            self._waits[key] = kept
            self._journal.put(_WAITS, key, msgspec.msgpack.encode(kept))

    def member(self, company: str, queue: str, member: Member) -> None:
        """As `routing.queue.sinks.Remembrance`."""
        key = _key(company, queue, member.person)
        known = self._kept.get(key)
        passing = tuple(
            Passing(obstacle, member.obstacles[obstacle], until) for obstacle, until in member.until.items()
        )
        recalled = MemberRecalled(
            queue=queue,
            member=member.person,
            at=self._clock(),
            idle_since=member.idle_since,
            turn=member.turn,
            misses=member.misses,
            passing=passing,
            answers=tuple([int(at) for at in member.answers]),
        )
        before = known.recalled if known is not None else _untried(recalled)
        if msgspec.structs.replace(before, at=recalled.at) == recalled:
            return
        self._kept[key] = KeptStanding(company, recalled)
        self._journal.put(_KIND, key, msgspec.msgpack.encode(self._kept[key]))


class QueueStandings:
    """Fulfils `routing.queue.sinks.Remembrance`."""

    def __init__(self, all_of_them: Standings, company: str, queue: str) -> None:
        self._all = all_of_them
        self._company = company
        self._queue = queue

    def member(self, member: Member) -> None:
        self._all.member(self._company, self._queue, member)

    def served(self, served: Sequence[Served]) -> None:
        self._all.served(self._company, self._queue, served)


def _untried(member: MemberRecalled) -> MemberRecalled:
    """Who was offered nobody yet: nothing to be kept."""
    return MemberRecalled(queue=member.queue, member=member.member, at=member.at, idle_since=0.0, turn=0, misses=0)


def _key(company: str, queue: str, member: str) -> str:
    return f"{company}/{queue}/{member}"
