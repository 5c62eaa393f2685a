"""Who sees what of whom: by group, company and role, less what the watched person wants shown."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from lampfield.presence.addresses import parts_of
from presence_pidf.seen import EVERYTHING, HIDDEN
from routing.model import DETAILS, Company, Detail, Role

NOTHING: Final = None
"""The watcher may not watch at all."""


class CompanyPrivacy:
    """The rules of one company, ready to be asked."""

    def __init__(self, company: Company) -> None:
        self._people = company.people
        self._privacy = company.privacy
        self._queues = company.queues
        self._queue_extensions = company.queue_extensions
        self._slots = frozenset(company.park.slots)
        self._extensions = {person.extension: person.id for person in company.people.values()}
        self._groups = groups_of(company)
        self._roles: defaultdict[str, list[Role]] = defaultdict(list)
        for role in company.privacy.roles.values():
            for person in role.people:
                self._roles[person].append(role)
        # What nearly everybody sees of nearly everybody is worked out once: of others, and of their own group.
        self._usual = tuple([_named(_whole(details)) for details in (self._privacy.company, self._privacy.group)])

    def visible(self, watcher: str, presentity: str) -> str | None:
        """What one person sees of another, both by id, as `presence_pidf.seen` reads it; None for nothing at all."""
        watched = self._people.get(presentity)
        if watched is None or watcher == presentity:
            return EVERYTHING
        if watcher in watched.hidden_from:
            return HIDDEN
        together = not self._groups[watcher].isdisjoint(self._groups[presentity])
        if watched.shows is None and watcher not in self._roles:
            return self._usual[1 if together else 0]
        details = self._seen(watcher, together)
        return _named(details if watched.shows is None else details & _whole(watched.shows))

    def visible_of_queue(self, watcher: str, queue: str) -> str | None:
        """What somebody sees of the callers of a queue, by its name."""
        return _named(self._seen(watcher, watcher in self._queues[queue].members))

    def visible_under(self, watcher: str, user: str) -> str | None:
        """What somebody, by id, sees of what has this id, extension or code."""
        if user in self._queue_extensions:
            return self.visible_of_queue(watcher, self._queue_extensions[user])
        if user in self._slots:
            # Who is parked is everybody's business as much as anybody's calls are.
            return _named(self._seen(watcher, together=False))
        return self.visible(watcher, self._extensions.get(user, user))

    def _seen(self, watcher: str, together: bool) -> set[Detail]:
        """What a watcher's roles, else the company, let the watcher see of the group, or of all others."""
        own = [role.group if together else role.company for role in self._roles.get(watcher, ())]
        given = [details for details in own if details is not None]
        if not given:
            given = [self._privacy.group if together else self._privacy.company]
        return _whole([detail for details in given for detail in details])


class Privacy:
    """The rules of all companies, by domain."""

    def __init__(self) -> None:
        self._companies: dict[str, CompanyPrivacy] = {}

    def configure(self, companies: Iterable[Company]) -> None:
        """Take over the companies as they are now."""
        self._companies = {company.domain.lower(): CompanyPrivacy(company) for company in companies}

    def detail(self, watcher: str, resource: str) -> str | None:
        """What a watcher sees of a person or thing, both by AOR; None for nothing at all.

        Whoever was not asked who they are sees everything: then the house is one where nobody is.
        """
        name = parts_of(watcher)[0]
        user, domain = parts_of(resource)
        rules = self._companies.get(domain)
        return EVERYTHING if rules is None or not name else rules.visible_under(name, user)


def groups_of(company: Company) -> defaultdict[str, set[str]]:
    """The groups of each person, by id: queues and pickup groups that they belong to. Pure."""
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for name, queue in company.queues.items():
        for member in queue.members:
            groups[member].add(f"queue:{name}")
    for name, people in company.pickup_groups.items():
        for person in people:
            groups[person].add(f"pickup:{name}")
    return groups


def _whole(details: Iterable[Detail]) -> set[Detail]:
    """Who sees the state sees also that somebody is busy; without the state there is nothing more to see."""
    found = set(details)
    return found | {"busy"} if "state" in found else found & {"busy"}


def _named(details: set[Detail]) -> str | None:
    if not details:
        return NOTHING
    if details.issuperset(DETAILS):
        return EVERYTHING
    return "+".join([detail for detail in DETAILS if detail in details and (detail != "busy" or len(details) == 1)])
