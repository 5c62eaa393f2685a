"""Whom a source means: people by number or mail address. What could be two people is nobody, and is told."""

from collections.abc import Iterable, Mapping

from status_adapters.adapter import Watched

TAIL = 8
"""Digits at the end of a number that tell people apart where a source leaves out the country."""


class Ambiguous(Exception):
    """Several people have this number or address; the text names them."""


class People:
    """Everybody watched, to be found by what sources call them."""

    def __init__(self, people: Iterable[Watched] = ()) -> None:
        self._by_presentity: dict[str, Watched] = {}
        self._by_number: dict[str, list[Watched]] = {}
        self._by_tail: dict[str, list[Watched]] = {}
        self._by_mail: dict[str, list[Watched]] = {}
        for person in people:
            self._by_presentity[person.presentity] = person
            for number in dict.fromkeys(person.numbers):
                self._by_number.setdefault(number, []).append(person)
            for tail in dict.fromkeys(number[-TAIL:] for number in person.numbers):
                self._by_tail.setdefault(tail, []).append(person)
            if person.mail:
                self._by_mail.setdefault(person.mail.casefold(), []).append(person)

    def __len__(self) -> int:
        return len(self._by_presentity)

    def __contains__(self, presentity: str) -> bool:
        return presentity in self._by_presentity

    def all(self) -> Iterable[Watched]:
        return self._by_presentity.values()

    def by_presentity(self, presentity: str) -> Watched | None:
        return self._by_presentity.get(presentity)

    def by_number(self, number: str) -> Watched | None:
        """Who has the number; with a country code (`+47...`, `0047...`) as a whole, else by its last eight digits.

        Raises Ambiguous.
        """
        digits = "".join(sign for sign in number if sign in "0123456789")
        international = number.strip().startswith("+")
        if not international and digits.startswith("00"):
            international, digits = True, digits[2:]
        if international:
            return _one(number, self._by_number, f"+{digits}")
        return _one(number, self._by_tail, digits[-TAIL:]) if len(digits) >= TAIL else None

    def by_mail(self, mail: str) -> Watched | None:
        """Who has the mail address. Raises Ambiguous."""
        return _one(mail, self._by_mail, mail.strip().casefold())


def _one(asked: str, known: Mapping[str, list[Watched]], key: str) -> Watched | None:
    found = known.get(key, ())
    if len(found) > 1:
        raise Ambiguous(f"{asked} could be {', '.join(person.presentity for person in found)}")
    return found[0] if found else None
