"""Whom a caller spoke to last in a queue, so that they are offered to the same member first."""

from typing import Protocol

from routing.model import Queue


class LastMembers(Protocol):
    """What is remembered of a company's callers."""

    def member(self, queue: Queue, number: str) -> str | None:
        """Whom the caller of this number spoke to last, within `queue.last_member_days`; None for nobody known."""
        ...

    def spoke(self, queue: Queue, number: str, member: str) -> None:
        """The caller is connected to a member."""


class NobodyRemembered:
    """LastMembers for a company that remembers nobody."""

    def member(self, queue: Queue, number: str) -> str | None:
        return None

    def spoke(self, queue: Queue, number: str, member: str) -> None:
        pass
