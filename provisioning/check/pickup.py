"""Pickup groups are of people who are there."""

from provisioning.check.surroundings import one_of
from provisioning.problems import Problems, joined
from routing.model import Company


def check_pickup(company: Company, problems: Problems) -> None:
    """Note people of pickup groups whom the company does not have."""
    for name, group in company.pickup_groups.items():
        for person in group:
            if person not in company.people:
                problems.add(
                    joined("company.pickup_groups", name),
                    person,
                    one_of("the company's people", person, company.people),
                )
