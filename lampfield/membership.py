"""Who is passive or paused in which queue, kept on disk: what a member decided holds whatever restarts.

In the journal, not among the records: it is needed before the first call, without a database, and only the last of it.
"""

import logging
from collections.abc import Callable
from typing import Literal

import msgspec

from lampfield.decoded import decoded
from lampfield.journal import Journal
from routing.model import Company
from routing.queue.events import (
    AnyMemberEvent,
    LastMemberPassive,
    MemberActivated,
    MemberDeactivated,
    MemberPaused,
    MemberResumed,
)

logger = logging.getLogger(__name__)

_KIND = "membership"

Decision = MemberDeactivated | MemberPaused
"""What keeps a member away until taken back."""


MemberFollower = Callable[[str, AnyMemberEvent], None]
"""Takes what happens to the members of a company, by its id: for records, lamps and notices."""


class Kept(msgspec.Struct, frozen=True):
    """A decision that still holds."""

    company: str
    decision: Decision


class Membership:
    """The decisions of all companies' members that still hold."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._followers: list[MemberFollower] = []
        self._kept: dict[str, Kept] = {}
        """By company, queue, member and what was decided."""

    def restore(self) -> None:
        """Take up what is on disk; before the first queue is made."""
        self._kept = {_key(kept.company, kept.decision): kept for kept in decoded(self._journal, _KIND, Kept)}

    def follow(self, follower: MemberFollower) -> None:
        """Tell `follower` of all that happens to members from now on."""
        self._followers.append(follower)

    def history(self, company: Company, queue: str) -> list[Decision]:
        """What holds in a queue, as the beginning of its log."""
        return [
            kept.decision for kept in self._kept.values() if kept.company == company.id and kept.decision.queue == queue
        ]

    def is_passive(self, company: str, queue: str, member: str) -> bool:
        """Whether a member of a company, by its id, takes no part in the queue."""
        return f"{company}/{queue}/{member}/passive" in self._kept

    def paused_for(self, company: str, queue: str, member: str) -> str | None:
        """The reason of a member's pause, which may be empty; None for who is not paused."""
        kept = self._kept.get(f"{company}/{queue}/{member}/paused")
        return kept.decision.reason if kept is not None and isinstance(kept.decision, MemberPaused) else None

    def sink(self, company: Company) -> Callable[[AnyMemberEvent], None]:
        """Takes what happens to the members of a company's queues."""

        def take(event: AnyMemberEvent) -> None:
            self._take(company.id, event)
            for follower in self._followers:
                follower(company.id, event)

        return take

    def _take(self, company: str, event: AnyMemberEvent) -> None:
        match event:
            case MemberDeactivated():
                logger.info("%s: %s is passive in %s", company, event.member, event.queue)
                self._keep(company, event)
            case MemberPaused():
                logger.info("%s: %s is paused in %s: %s", company, event.member, event.queue, event.reason or "-")
                self._keep(company, event)
            case MemberActivated():
                logger.info("%s: %s is active in %s", company, event.member, event.queue)
                self._forget(company, event, "passive")
            case MemberResumed():
                logger.info("%s: %s is back in %s", company, event.member, event.queue)
                self._forget(company, event, "paused")
            case LastMemberPassive():
                logger.warning(
                    "%s: nobody is active in %s any more, %s was the last", company, event.queue, event.member
                )

    def _keep(self, company: str, decision: Decision) -> None:
        kept, key = Kept(company, decision), _key(company, decision)
        self._kept[key] = kept
        self._journal.put(_KIND, key, msgspec.msgpack.encode(kept))

    def _forget(self, company: str, event: AnyMemberEvent, what: Literal["passive", "paused"]) -> None:
        key = _key_of(company, event, what)
        self._kept.pop(key, None)
        self._journal.delete(_KIND, key)


def _key(company: str, decision: Decision) -> str:
    return _key_of(company, decision, "passive" if isinstance(decision, MemberDeactivated) else "paused")


def _key_of(company: str, event: AnyMemberEvent, what: Literal["passive", "paused"]) -> str:
    return f"{company}/{event.queue}/{event.member}/{what}"
