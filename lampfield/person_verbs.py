"""What the running server tells of people's wishes for calls, and changes of them: for the API and for commands.

Each verb answers one line, as those of `api_verbs` do.
"""

from typing import Any

import msgspec

from lampfield.api_verbs import Answer, RefusedVerb, one_of, verb_of
from lampfield.call_control.houses import Houses
from lampfield.control_socket import Verb
from lampfield.presence.lamps import Lamps
from routing.forwarding import (
    LONGEST_SECONDS,
    SHORTEST_SECONDS,
    WHEN,
    Forwarding,
    Refused,
    When,
    Wishes,
    dialled_form,
    target,
)
from routing.house import House
from routing.model import Person

_FLAGS = {"true": True, "false": False}


class PersonVerbs:
    """`person` among the arguments is an id or an extension."""

    def __init__(self, houses: Houses, lamps: Lamps) -> None:
        self._houses = houses
        self._lamps = lamps

    def table(self) -> dict[str, Verb]:
        answers: dict[str, Answer] = {
            "api-people": self._people,
            "api-person": self._person,
            "api-do-not-disturb": self._do_not_disturb,
            "api-forwarding": self._forwarding,
        }
        return {name: verb_of(self._houses, answer) for name, answer in answers.items()}

    def _people(self, house: House, _: dict[str, str]) -> Any:
        return [self._told(house, person) for person in house.company.people.values()]

    def _person(self, house: House, arguments: dict[str, str]) -> Any:
        return self._told(house, person_of(house, arguments))

    def _do_not_disturb(self, house: House, arguments: dict[str, str]) -> Any:
        """Turn it `on`: true or false."""
        person = person_of(house, arguments)
        wishes = msgspec.structs.replace(house.wishes.of(person.id), do_not_disturb=flag_of(arguments, "on"))
        return self._changed(house, person, wishes)

    def _forwarding(self, house: House, arguments: dict[str, str]) -> Any:
        """Set a forwarding for calls of one kind (`when`): where `to`, whether `on`, after how many `seconds`."""
        person = person_of(house, arguments)
        when = next((each for each in WHEN if each == arguments.get("when")), None)
        if when is None:
            raise RefusedVerb(404, "when", arguments.get("when", ""), one_of(WHEN))
        wishes = house.wishes.of(person.id)
        known = wishes.forwardings.get(when)
        on = flag_of(arguments, "on")
        dialled = arguments.get("to", "")
        if not dialled and known is None and on:
            raise RefusedVerb(422, "to", "", "an extension, an outside number as it is dialled, or the mailbox code")
        seconds = _seconds(arguments, when, known.seconds if known is not None else 0.0)
        try:
            to = target(house.company, person, dialled) if dialled else None
        except Refused as refused:
            raise RefusedVerb(422 if refused.allowed else 403, "to", dialled, refused.expected) from None
        if to is None and known is not None:
            to = known.to
        forwarding = Forwarding(to, on, seconds) if to is not None else None
        return self._changed(house, person, wishes.with_forwarding(when, forwarding))

    def _changed(self, house: House, person: Person, wishes: Wishes) -> Any:
        house.wishes.change(person.id, wishes)
        return self._told(house, person)

    def _told(self, house: House, person: Person) -> dict[str, Any]:
        wishes = house.wishes.of(person.id)
        state = self._lamps.state(f"sip:{person.id}@{house.company.domain.lower()}")
        return {
            "person": person.id,
            "name": person.name,
            "extension": person.extension,
            "state": state.condition if state is not None else "unregistered",
            "do_not_disturb": wishes.do_not_disturb,
            "forwardings": [
                {
                    "when": when,
                    "on": forwarding.on,
                    "to": dialled_form(house.company, forwarding.to),
                    "destination": str(forwarding.to),
                    "seconds": _told_seconds(house, when, forwarding),
                }
                for when, forwarding in wishes.forwardings.items()
            ],
        }


def person_of(house: House, arguments: dict[str, str]) -> Person:
    """Who is meant by `person`, an id or an extension. Raises RefusedVerb."""
    named = arguments.get("person", "")
    people = house.company.people
    found = next((person for person in people.values() if named and named in (person.id, person.extension)), None)
    if found is None:
        raise RefusedVerb(404, "person", named, one_of(people))
    return found


def flag_of(arguments: dict[str, str], name: str) -> bool:
    """What `true` or `false` means. Raises RefusedVerb."""
    value = arguments.get(name, "")
    if value not in _FLAGS:
        raise RefusedVerb(422, name, value, "true or false")
    return _FLAGS[value]


def _seconds(arguments: dict[str, str], when: When, known: float) -> float:
    given = arguments.get("seconds", "")
    if not given:
        return known
    try:
        seconds = float(given)
    except ValueError:
        seconds = -1.0
    if when != "no-answer":
        raise RefusedVerb(422, "seconds", given, "none: they count for calls that nobody answers")
    if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        raise RefusedVerb(422, "seconds", given, f"between {SHORTEST_SECONDS:g} and {LONGEST_SECONDS:g}")
    return seconds


def _told_seconds(house: House, when: When, forwarding: Forwarding) -> float | None:
    if when != "no-answer":
        return None
    return forwarding.seconds or house.company.calls.forward_after_seconds
