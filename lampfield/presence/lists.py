"""The lists that a phone can watch in one subscription (RFC 4662): of colleagues, of a queue, of its own keys, its own.

sip:list-colleagues@DOMAIN     everybody in the company but oneself
sip:list-QUEUE@DOMAIN          the members of a queue, by its name or internal number
sip:list-NAME@DOMAIN           the keys of `lists.NAME` in the company file
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from lampfield.presence.addresses import Addresses, aor_of, parts_of
from lampfield.presence.lamp import Lamp
from lampfield.presence.list_view import Entry, ListSubject
from presence_pidf.form import form_named
from routing.model import Company
from sipcore.errors import ProtocolViolation
from sipcore.structs import Value
from sipcore.subscription import SubscriptionRecord, detailed
from sipcore.uri import parse_uri

COLLEAGUES: Final = "colleagues"
"""The list of everybody."""
_PREFIX: Final = "list-"
_SENT_ALONG: Final = ";recipients"
"""Ends the resource of a list that came with its SUBSCRIBE: nobody else watches it."""

PACKAGES: Final = frozenset(("dialog", "presence"))
"""What lists can be watched for."""

Detail = Callable[[str, str], str | None]
"""How much a watcher may see of a resource, both by AOR: as `presence_pidf.seen` reads it, None for nothing at all."""


class NamedList(Value, frozen=True):
    """A list that a company has."""

    name: str
    resources: tuple[str, ...]
    """AORs, in order."""
    but_oneself: bool = False
    """Who watches is left out."""


def sent_along(aor: str) -> str:
    """The resource of a list that came with a SUBSCRIBE to this AOR."""
    return f"{aor}{_SENT_ALONG}"


def lists_of(company: Company) -> Iterator[tuple[str, NamedList]]:
    """All lists of a company with their AORs. Pure."""
    domain = company.domain
    by_name = sorted(company.people.values(), key=lambda person: (person.name.casefold(), person.id))
    everybody = [person.extension or person.id for person in by_name]
    yield aor_of(f"{_PREFIX}{COLLEAGUES}", domain), NamedList(company.name, _aors(everybody, domain), True)
    numbers = {queue: number for number, queue in company.queue_extensions.items()}
    for name, queue in company.queues.items():
        members = [company.people[member] for member in queue.members if member in company.people]
        found = NamedList(name, _aors([member.extension or member.id for member in members], domain))
        for address in (name, numbers.get(name, "")):
            if address:
                yield aor_of(f"{_PREFIX}{address}", domain), found
    for name, keys in company.lists.items():
        yield aor_of(f"{_PREFIX}{name}", domain), NamedList(keys.name or name, _aors(keys.keys, domain))


def _aors(users: Iterable[str], domain: str) -> tuple[str, ...]:
    return tuple([aor_of(user, domain) for user in users])


class Lists:
    """The lists of all companies, and what each watcher sees of one."""

    def __init__(self, lamps: Mapping[str, Lamp], addresses: Addresses, detail: Detail) -> None:
        self._lamps = lamps
        self._addresses = addresses
        self._detail = detail
        self._lists: dict[str, NamedList] = {}
        self._names: dict[str, str] = {}

    def configure(self, companies: Sequence[Company]) -> list[str]:
        """Take over the lists of the companies as they are now; the AORs of those that are no more."""
        older = self._lists
        self._lists = {aor: found for company in companies for aor, found in lists_of(company)}
        self._names = {
            aor_of(user, company.domain): person.name
            for company in companies
            for person in company.people.values()
            for user in (person.id, person.extension)
            if user
        }
        return [aor for aor in older if aor not in self._lists]

    def __contains__(self, aor: object) -> bool:
        """Whether there is a list under this AOR."""
        return aor in self._lists

    def keeps(self, resource: str) -> bool:
        """Whether a subscription to this resource is one to a list that there is, or that came along."""
        return resource in self._lists or resource.endswith(_SENT_ALONG)

    def subject(self, record: SubscriptionRecord) -> ListSubject:
        """What a watcher of a list is told of; nothing where the list is no more."""
        profile = form_named(record.form).profile
        found = self._lists.get(record.resource)
        if record.resource.endswith(_SENT_ALONG):
            uri, name = record.resource.removesuffix(_SENT_ALONG), ""
            entries = [self._asked(recipient, record) for recipient in record.recipients]
        else:
            uri, name = record.resource, found.name if found else ""
            own = self._lamps.get(record.watcher)
            entries = [
                self._entry(aor, aor, record)
                for aor in (found.resources if found else ())
                if own is None or found is None or not found.but_oneself or self._lamps.get(aor) is not own
            ]
        return ListSubject(
            uri,
            name,
            record.package,
            tuple(entries),
            record.coding,
            profile.most_listed,
            profile.bare_cid,
        )

    def _asked(self, uri: str, record: SubscriptionRecord) -> Entry:
        """A recipient of a list that came along."""
        try:
            return self._entry(uri, self._addresses.aor(parse_uri(uri), parts_of(record.watcher)[1]), record)
        except ProtocolViolation as violation:
            return Entry(uri, reason="rejected" if violation.status == 403 else "noresource")

    def _entry(self, uri: str, aor: str, record: SubscriptionRecord) -> Entry:
        name = self._names.get(aor, "")
        try:
            resource = self._addresses.resource(aor, record.watcher)
        except ProtocolViolation:
            return Entry(uri, name, reason="noresource")
        detail = self._detail(record.watcher, resource)
        if detail is None:
            return Entry(uri, name, reason="rejected")
        return Entry(uri, name, resource, detailed(record.package_form, detail))
