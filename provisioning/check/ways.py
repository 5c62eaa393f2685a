"""The ways that calls take through a company, from part to part."""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from provisioning.company_kinds import CHOICE, DESTINATION, EXTENSION
from provisioning.problems import joined
from provisioning.sections import SECTIONS
from routing.model import Company

BACK = "back"


class Way(NamedTuple):
    """A step from a part of the company to a destination, both in their written form: `menu:main`, `queue:sales`."""

    origin: str
    key: str
    """What in the company file leads there."""
    destination: str
    automatic: bool
    """Nobody presses a key for it."""


def ways_of(company: Company) -> list[Way]:
    """Every way, as the company file has it: `back` is not yet anywhere."""
    return [*_written_ways(company), *_dialled_ways(company)]


def dialled(company: Company) -> Iterator[str]:
    """The parts that have an internal number."""
    for section in SECTIONS:
        yield from (f"{section.kind}:{name}" for name in section.extensions_of(company).values())
        yield from (part for part, leaf in section.leaves(company) if leaf.kind is EXTENSION)


def places_to_return(node: str, ways: Iterable[Way], kinds: Collection[str]) -> list[str]:
    """The nearest parts of these kinds on the ways that lead to `node`: where `back` may mean."""
    origins: dict[str, list[str]] = {}
    for way in ways:
        origins.setdefault(way.destination, []).append(way.origin)
    found: dict[str, None] = {}
    seen, behind = {node}, [node]
    while behind:
        for origin in origins.get(behind.pop(), ()):
            if origin.partition(":")[0] in kinds:
                found[origin] = None
            elif origin not in seen:
                seen.add(origin)
                behind.append(origin)
    return list(found)


def _written_ways(company: Company) -> Iterator[Way]:
    for section in SECTIONS:
        for origin, leaf in section.leaves(company):
            if leaf.kind is DESTINATION or leaf.kind is CHOICE:
                yield Way(origin, leaf.key, str(leaf.value), leaf.kind is DESTINATION)


def _dialled_ways(company: Company) -> Iterator[Way]:
    """What a caller dials, and where a call goes on by itself from what is told, from names and from callbacks."""
    extensions = list(dialled(company))
    for menu in company.menus.values():
        if menu.extensions:
            key = f"{joined('menus', menu.name)}.extensions"
            yield from (Way(f"menu:{menu.name}", key, part, False) for part in extensions)
    yield from (Way("names", joined("people", person), f"person:{person}", False) for person in company.people)
    yield Way("names", "names", BACK, True)
    yield from (Way(f"callback:{name}", joined("queues", name), f"queue:{name}", True) for name in company.queues)
    yield from (Way(f"hours:{name}", joined("hours", name), BACK, True) for name in company.hours)
