"""What people have consented to: of each person and purpose the last word, said while the server runs."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from lampfield.api_verbs import Answer, RefusedVerb, one_of, verb_of
from lampfield.call_control.houses import Houses
from lampfield.control_socket import Verb
from lampfield.decoded import decoded
from lampfield.journal import Journal
from lampfield.person_verbs import flag_of, person_of
from routing.house import House
from routing.ports import Clock
from status_adapters.adapter import PURPOSES

logger = logging.getLogger(__name__)

_KIND: Final = "consent"


class Consent(msgspec.Struct, frozen=True):
    """What was said last of one person, by AOR, and one purpose."""

    presentity: str
    purpose: str
    given: bool
    by: str
    """Who has said so."""
    client: str
    """The program that told of it."""
    at: float
    """UTC epoch seconds."""


class Consents:
    """Of all companies' people, on disk and in memory. Where nothing was said, nothing is consented to."""

    def __init__(self, journal: Journal, houses: Houses, clock: Clock) -> None:
        self._journal = journal
        self._houses = houses
        self._clock = clock
        self._consents: dict[str, dict[str, Consent]] = {}
        self._followers: list[Callable[[Consent], None]] = []

    def restore(self) -> None:
        """Take up what is on disk."""
        for consent in decoded(self._journal, _KIND, Consent):
            self._consents.setdefault(consent.presentity, {})[consent.purpose] = consent

    def follow(self, follower: Callable[[Consent], None]) -> None:
        """Tell `follower` of each word from now on."""
        self._followers.append(follower)

    def table(self) -> dict[str, Verb]:
        answers: dict[str, Answer] = {"api-consents": self._tell, "api-consent": self._take}
        return {name: verb_of(self._houses, answer) for name, answer in answers.items()}

    def given(self, presentity: str, purpose: str) -> bool:
        """Whether the person has agreed."""
        return self.of(presentity).get(purpose, False)

    def of(self, presentity: str) -> Mapping[str, bool]:
        """What the person has agreed to or not, by purpose; what nothing was said of is not there."""
        return {purpose: consent.given for purpose, consent in self._consents.get(presentity, {}).items()}

    def _tell(self, house: House, arguments: dict[str, str]) -> Any:
        presentity = f"sip:{person_of(house, arguments).id}@{house.company.domain.lower()}"
        said = self._consents.get(presentity, {})
        return [_told(purpose, said.get(purpose)) for purpose in PURPOSES]

    def _take(self, house: House, arguments: dict[str, str]) -> Any:
        """Note that somebody agrees to a `purpose`, or no more (`given`), `by` whom, as the `client` tells."""
        presentity = f"sip:{person_of(house, arguments).id}@{house.company.domain.lower()}"
        purpose = arguments.get("purpose", "")
        if purpose not in PURPOSES:
            raise RefusedVerb(404, "purpose", purpose, one_of(PURPOSES))
        given = flag_of(arguments, "given")
        by, client = arguments.get("by", ""), arguments.get("client", "")
        consent = Consent(presentity, purpose, given, by, client, self._clock())
        self._consents.setdefault(presentity, {})[purpose] = consent
        self._journal.put(_KIND, f"{presentity} {purpose}", msgspec.msgpack.encode(consent))
        logger.info("%s: %s: consent is %s, says %s", presentity, purpose, "given" if given else "taken back", by)
        for follower in self._followers:
            follower(consent)
        return _told(purpose, consent)


def _told(purpose: str, consent: Consent | None) -> dict[str, Any]:
    if consent is None:
        return {"purpose": purpose, "given": False, "by": "", "client": "", "at": None}
    said = {"given": consent.given, "by": consent.by, "client": consent.client, "at": consent.at}
    return {"purpose": purpose, **said}
