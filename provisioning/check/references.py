"""Every name that stands somewhere is the name of something."""

from collections.abc import Callable, Collection
from typing import Any

from provisioning.check.surroundings import Surroundings, one_of
from provisioning.company_kinds import CHOICE, DESTINATION, HOURS_NAME, MEMBER, MUSIC, READER, SECRET
from provisioning.kinds import Kind
from provisioning.problems import Problems, joined, nearest
from provisioning.sections import SECTIONS
from provisioning.sections.company import PARK
from provisioning.sections.forms import Leaf, leaves_of
from routing.model import Company, Destination, is_outside

_GROUPS = {section.kind: section.key for section in SECTIONS} | {"callback": "queues"}
"""The section in which a destination's name is looked for, by the destination's kind."""
_CALLED = {"main_numbers": "main numbers", "hours": "opening hours", "boxes": "voicemail boxes"}


def check_references(company: Company, problems: Problems, surroundings: Surroundings) -> None:
    """Note what names nothing, and warn of outside numbers that no trunk leads to."""
    references = _References(company, problems, surroundings)
    for section in SECTIONS:
        for _, leaf in section.leaves(company):
            references.check(leaf)
    for leaf in leaves_of(company.park, PARK, "company.park"):
        references.check(leaf)
    for box in company.boxes.values():
        if not box.readers and box.name not in company.people and box.name not in company.queues:
            problems.missing(
                f"{joined('boxes', box.name)}.readers",
                "a list of people, for no person and no queue has the box's name",
            )


class _References:
    def __init__(self, company: Company, problems: Problems, surroundings: Surroundings) -> None:
        self._company = company
        self._problems = problems
        self._surroundings = surroundings
        self._checks: dict[Kind[Any], Callable[[Leaf], None]] = {
            DESTINATION: self._destination,
            CHOICE: self._destination,
            MEMBER: self._member,
            READER: lambda leaf: self._named(leaf, "people", company.people),
            HOURS_NAME: lambda leaf: self._named(leaf, "hours", company.hours),
            MUSIC: self._music,
            SECRET: self._secret,
        }

    def check(self, leaf: Leaf) -> None:
        if (check := self._checks.get(leaf.kind)) is not None:
            check(leaf)

    def _destination(self, leaf: Leaf) -> None:
        destination: Destination = leaf.value
        group = _GROUPS.get(destination.kind)
        if destination.kind == "number":
            if destination.name not in self._company.main_numbers:
                self._outside(leaf)
        elif group is not None:
            known: Collection[str] = getattr(self._company, group)
            if destination.name not in known:
                self._problems.add(leaf.key, str(destination), _of_company(group, destination.name, known))

    def _member(self, leaf: Leaf) -> None:
        if not is_outside(leaf.value):
            self._named(leaf, "people", self._company.people)
        elif leaf.value in self._company.main_numbers:
            self._problems.add(leaf.key, leaf.value, "a number outside the company, not a main number of its own")
        else:
            self._outside(leaf)

    def _outside(self, leaf: Leaf) -> None:
        if not self._surroundings.trunks:
            self._problems.warn(f"{leaf.key} = {leaf.value}: cannot be called, the server has no trunk")

    def _named(self, leaf: Leaf, group: str, known: Collection[str]) -> None:
        if leaf.value not in known:
            self._problems.add(leaf.key, leaf.value, _of_company(group, leaf.value, known))

    def _music(self, leaf: Leaf) -> None:
        if not self._surroundings.music_exists(leaf.value):
            self._problems.add(leaf.key, leaf.value, "a music list that has at least one piece")

    def _secret(self, leaf: Leaf) -> None:
        if leaf.value not in self._surroundings.secrets:
            near = nearest(leaf.value, self._surroundings.secrets)
            hint = f", did you mean {near}?" if near is not None else ""
            self._problems.warn(f"{leaf.key} = {leaf.value}: the server has no secret of that name{hint}")


def _of_company(group: str, name: str, known: Collection[str]) -> str:
    return one_of(f"the company's {_CALLED.get(group, group)}", name, known)
