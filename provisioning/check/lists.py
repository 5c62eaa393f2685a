"""Lists of keys name people who are there, under names that nothing else has."""

from provisioning.check.surroundings import one_of
from provisioning.problems import Problems, joined
from routing.model import Company

EVERYBODY = "colleagues"
"""The list of all people, which every company has."""


def check_lists(company: Company, problems: Problems) -> None:
    """Note keys of people who are not there, and lists that are called as one that is there by itself."""
    taken = {EVERYBODY: "everybody", **{name: f"the queue {name}" for name in company.queues}}
    taken |= {number: f"the queue {name}" for number, name in company.queue_extensions.items()}
    for name, watched in company.lists.items():
        key = joined("company.lists", name)
        if name in taken:
            problems.add(key, name, f"another name: it is the list of {taken[name]}")
        for each in watched.keys:
            if each[0].isalpha() and each not in company.people:
                problems.add(f"{key}.keys", each, one_of("the company's people", each, company.people))
