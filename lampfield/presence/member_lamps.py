"""The lamps of keys by which members go passive, active and to a pause: lit while who watches takes no part, or pauses.

A key watches what it dials: the code that toggles or the one for passive, alone or with a queue's extension; the one
for a pause, alone, with a queue's extension, or with the number of a reason. Everybody sees their own state under the
same address, so the lamps know it with the member's id behind it.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from lampfield.membership import Membership
from lampfield.switches import Light
from routing.model import Company, is_outside
from routing.queue.events import AnyMemberEvent, MembershipEvent

_MEMBER: Final = ";member="


class MemberKey(NamedTuple):
    """What a member's key shows."""

    member: str
    queue: str
    """Empty for all of the member's queues."""
    pause: str | None = None
    """The reason of a pause, empty for any; None where the key shows who is passive."""


def for_member(aor: str, member: str) -> str:
    """An AOR as this member sees it."""
    return f"{aor}{_MEMBER}{member}"


def address(aor: str) -> str:
    """An AOR as everybody knows it."""
    return aor.partition(_MEMBER)[0]


def member_aors(company: Company) -> dict[MemberKey, tuple[str, ...]]:
    """The AORs of each key of each member. Pure."""
    found: dict[MemberKey, tuple[str, ...]] = {}
    extensions = {queue: extension for extension, queue in company.queue_extensions.items()}
    domain = company.domain.lower()
    for name, queue in company.queues.items():
        for member in queue.members:
            if not is_outside(member):
                for key, dialled in _keys(company, member, name, extensions.get(name, "")):
                    found[key] = tuple([for_member(f"sip:{code}@{domain}", member) for code in dialled])
    return found


def _keys(company: Company, member: str, queue: str, extension: str) -> Iterator[tuple[MemberKey, list[str]]]:
    """A member's keys for all queues and for one, with what each dials."""
    codes = company.feature_codes
    passive = [code for code in (codes.toggle, codes.passive) if code]
    for name, digits in (("", ""), (queue, extension)):
        if passive and (digits or not name):
            yield MemberKey(member, name), [code + digits for code in passive]
        if codes.pause and (digits or not name):
            yield MemberKey(member, name, ""), [codes.pause + digits]
    if codes.pause:
        for number, reason in enumerate(company.pause_reasons, start=1):
            yield MemberKey(member, "", reason), [f"{codes.pause}{number}"]


class MemberLamps:
    """Lights the keys of all companies' members by what `Membership` knows."""

    def __init__(self, membership: Membership, light: Light) -> None:
        self._membership = membership
        self._light = light
        self._companies: dict[str, Company] = {}
        self._lamps: dict[str, dict[str, list[tuple[MemberKey, str]]]] = {}
        """By company and member, each key and the AOR that stands for its lamp."""

    def configure(self, companies: Iterable[Company]) -> None:
        """Show the members of the companies as they are now; after the lamps know them."""
        self._companies = {company.id: company for company in companies}
        self._lamps = {}
        for company in self._companies.values():
            lamps = self._lamps[company.id] = {}
            for key, aors in member_aors(company).items():
                lamps.setdefault(key.member, []).append((key, aors[0]))
            for member in lamps:
                self._show(company.id, member)

    def changed(self, company: str, event: AnyMemberEvent) -> None:
        """Something happened to a member of a company, by its id."""
        if isinstance(event, MembershipEvent) and company in self._companies:
            self._show(company, event.member)

    def _show(self, company: str, member: str) -> None:
        own = [name for name, queue in self._companies[company].queues.items() if member in queue.members]
        for key, aor in self._lamps[company].get(member, []):
            queues = [key.queue] if key.queue else own
            self._light(aor, all(self._is_so(company, name, key) for name in queues))

    def _is_so(self, company: str, queue: str, key: MemberKey) -> bool:
        if key.pause is None:
            return self._membership.is_passive(company, queue, key.member)
        reason = self._membership.paused_for(company, queue, key.member)
        return reason is not None and key.pause in ("", reason)
