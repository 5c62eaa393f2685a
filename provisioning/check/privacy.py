"""Who sees what makes sense, and roles are those of people who are there."""

from collections.abc import Iterator

from provisioning.check.surroundings import one_of
from provisioning.problems import Problems, joined
from routing.model import Company, Detail

_Seen = tuple[Detail, ...] | None


def check_privacy(company: Company, problems: Problems) -> None:
    """Note roles of nobody, people hidden from themselves, and details that show nothing without the state."""
    for name, role in company.privacy.roles.items():
        for person in role.people:
            if person not in company.people:
                key = f"{joined('company.privacy.roles', name)}.people"
                problems.add(key, person, one_of("the company's people", person, company.people))
    for person, each in company.people.items():
        if person in each.hidden_from:
            problems.add(f"{joined('people', person)}.hidden_from", person, "somebody else: one sees oneself always")
    for key, seen in _lists(company):
        needing = [detail for detail in seen or () if detail not in ("busy", "state")]
        if needing and "state" not in (seen or ()):
            problems.add(key, list(seen or ()), f"a list with state, without which {needing[0]} shows nothing")


def _lists(company: Company) -> Iterator[tuple[str, _Seen]]:
    privacy = company.privacy
    yield "company.privacy.group", privacy.group
    yield "company.privacy.company", privacy.company
    for name, role in privacy.roles.items():
        yield f"{joined('company.privacy.roles', name)}.group", role.group
        yield f"{joined('company.privacy.roles', name)}.company", role.company
    for person in company.people.values():
        yield f"{joined('people', person.id)}.shows", person.shows
