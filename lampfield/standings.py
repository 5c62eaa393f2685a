"""How each member of a queue stands, kept on disk: whose turn it is, missed offers in a row, notes still to be written.

In the journal, as members' decisions are (`lampfield.membership`), and for the same reasons.
"""

from collections.abc import Callable, Iterable

import msgspec

from lampfield.decoded import decoded
from lampfield.journal import Journal
from routing.model import Company
from routing.ports import Clock
from routing.queue.events import MemberRecalled, Passing
from routing.queue.member import Member

_KIND = "standing"


class KeptStanding(msgspec.Struct, frozen=True):
    """How a member stood last."""

    company: str
    recalled: MemberRecalled


class Standings:
    """The standings of all companies' members."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._kept: dict[str, KeptStanding] = {}

    def restore(self, companies: Iterable[Company]) -> None:
        """Take up what is on disk; who is in no queue any more is forgotten."""
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

    def history(self, company: Company, queue: str) -> list[MemberRecalled]:
        """How the members of a queue stood, as the beginning of its log."""
        return [
            kept.recalled for kept in self._kept.values() if kept.company == company.id and kept.recalled.queue == queue
        ]

    def of(self, company: Company, queue: str) -> Callable[[Member], None]:
        """Takes the members of a queue, as they stand now."""

        def remember(member: Member) -> None:
            self._keep(company.id, queue, member)

        return remember

    def _keep(self, company: str, queue: str, member: Member) -> None:
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
        )
        before = known.recalled if known is not None else _untried(recalled)
        if msgspec.structs.replace(before, at=recalled.at) == recalled:
            return
        self._kept[key] = KeptStanding(company, recalled)
        self._journal.put(_KIND, key, msgspec.msgpack.encode(self._kept[key]))


def _untried(member: MemberRecalled) -> MemberRecalled:
    """Who was offered nobody yet: nothing to be kept."""
    return MemberRecalled(queue=member.queue, member=member.member, at=member.at, idle_since=0.0, turn=0, misses=0)


def _key(company: str, queue: str, member: str) -> str:
    return f"{company}/{queue}/{member}"
