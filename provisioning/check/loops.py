"""Ways through a company that a call would follow for ever by itself, with nobody pressing a key."""

from collections.abc import Iterator

from provisioning.check.ways import BACK, places_to_return, ways_of
from routing.model import Company

_Steps = dict[str, list[tuple[str, str]]]
"""Destination in its written form -> (key in the company file, next destination)."""


def endless_ways(company: Company) -> Iterator[tuple[str, list[str]]]:
    """Each loop of time-outs, overflows, calendars and forwardings, once: the key that closes it and the way round.

    What a key is pressed for is no part of it: leading back to an earlier menu is what a caller may choose.
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
    ways = [way for way in ways_of(company) if way.automatic]
    for way in ways:
        # A place in a queue is kept for who pressed a key, so what leads back by itself leads to menus only.
        onward = places_to_return(way.origin, ways, ("menu",)) if way.destination == BACK else [way.destination]
        steps.setdefault(way.origin, []).extend((way.key, destination) for destination in onward)
    return steps
