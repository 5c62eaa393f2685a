"""The lamps of keys by which members go passive and active: lit while who watches takes no part.

A key watches what it dials, the code that toggles or the one for passive, alone or with a queue's extension. Everybody
sees their own state under the same address, so the lamps know it with the member's id behind it.
"""

from collections.abc import Iterable

from lampfield.membership import Membership
from lampfield.switches import Light
from routing.model import Company, is_outside
from routing.queue.events import AnyMemberEvent, MemberActivated, MemberDeactivated

_MEMBER = ";member="


def for_member(aor: str, member: str) -> str:
    """An AOR as this member sees it."""
    return f"{aor}{_MEMBER}{member}"


def address(aor: str) -> str:
    """An AOR as everybody knows it."""
    return aor.partition(_MEMBER)[0]


def member_aors(company: Company) -> dict[tuple[str, str], tuple[str, ...]]:
    """The AORs of a member's key for a queue, and for all queues (queue ""), by member and queue. Pure."""
    codes = [code for code in (company.feature_codes.toggle, company.feature_codes.passive) if code]
    extensions = {queue: extension for extension, queue in company.queue_extensions.items()}
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    if not codes:
        return found
    for name, queue in company.queues.items():
        for member in queue.members:
            if is_outside(member):
                continue
            found[member, ""] = _aors(company, codes, member)
            if name in extensions:
                found[member, name] = _aors(company, codes, member, extensions[name])
    return found


def _aors(company: Company, codes: Iterable[str], member: str, extension: str = "") -> tuple[str, ...]:
    domain = company.domain.lower()
    return tuple(for_member(f"sip:{code}{extension}@{domain}", member) for code in codes)


class MemberLamps:
    """Lights the keys of all companies' members by what `Membership` knows."""

    def __init__(self, membership: Membership, light: Light) -> None:
        self._membership = membership
        self._light = light
        self._companies: dict[str, Company] = {}
        self._aors: dict[str, dict[tuple[str, str], tuple[str, ...]]] = {}

    def configure(self, companies: Iterable[Company]) -> None:
        """Show the members of the companies as they are now; after the lamps know them."""
        self._companies = {company.id: company for company in companies}
        self._aors = {company.id: member_aors(company) for company in self._companies.values()}
        for company, aors in self._aors.items():
            for member in {member for member, _ in aors}:
                self._show(company, member)

    def changed(self, company: str, event: AnyMemberEvent) -> None:
        """Something happened to a member of a company, by its id."""
        if isinstance(event, MemberActivated | MemberDeactivated) and company in self._companies:
            self._show(company, event.member)

    def _show(self, company: str, member: str) -> None:
        queues = [name for name, queue in self._companies[company].queues.items() if member in queue.members]
        passive = {name: self._membership.is_passive(company, name, member) for name in queues}
        for name, lit in [("", all(passive.values())), *passive.items()]:
            aors = self._aors[company].get((member, name))
            if aors is not None:
                self._light(aors[0], lit)
