"""Ways through a company that a call would follow for ever by itself, with nobody pressing a key."""

from collections.abc import Iterator

from provisioning.problems import joined
from routing.model import Company, Destination

_Steps = dict[str, list[tuple[str, str]]]
"""Destination in its written form -> (key in the company file, next destination)."""


def endless_ways(company: Company) -> Iterator[tuple[str, list[str]]]:
    """Each loop of time-outs, overflows and forwardings, once: the key that closes it and the way round.

    A menu's keys are no part of it: leading back to an earlier menu is what a caller may choose.
    """
    steps = _automatic_steps(company)
    finished: set[str] = set()
    for start in steps:
        yield from _loops_from(start, steps, finished)


def _loops_from(start: str, steps: _Steps, finished: set[str]) -> Iterator[tuple[str, list[str]]]:
    """Depth first: a step back onto the way we came closes a loop."""
    if start in finished:
        return
    way = {start: iter(steps.get(start, []))}
    while way:
        at = next(reversed(way))
        key, onward = next(way[at], ("", ""))
        if not key:
            finished.add(at)
            del way[at]
        elif onward in way:
            places = list(way)
            yield key, [*places[places.index(onward) :], onward]
        elif onward not in finished:
            way[onward] = iter(steps.get(onward, []))


def _automatic_steps(company: Company) -> _Steps:
    steps: _Steps = {}

    def step(origin: str, key: str, destination: Destination | None) -> None:
        if destination is not None:
            steps.setdefault(origin, []).append((key, str(destination)))

    for number in company.main_numbers.values():
        key, origin = joined("main_numbers", number.number), f"number:{number.number}"
        step(origin, f"{key}.open", number.open)
        step(origin, f"{key}.closed", number.closed)
    for menu in company.menus.values():
        step(f"menu:{menu.name}", f"{joined('menus', menu.name)}.timeout_destination", menu.timeout_destination)
    for queue in company.queues.values():
        key, origin = joined("queues", queue.name), f"queue:{queue.name}"
        step(origin, f"{key}.on_full", queue.on_full)
        step(origin, f"{key}.on_no_members", queue.on_no_members)
        step(origin, f"{key}.on_timeout", queue.on_timeout)
    for person in company.people.values():
        key, origin = joined("people", person.id), f"person:{person.id}"
        step(origin, f"{key}.on_busy", person.on_busy)
        step(origin, f"{key}.on_no_answer", person.on_no_answer)
    return steps
