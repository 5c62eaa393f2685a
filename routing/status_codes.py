"""What people dial to say what they do: the code, a status by number, and until when: `*2011230` is lunch until 12:30.

The numbers stand for words that may be written as well (`presence_pidf.status_text`): 1 lunch, 2 meeting, 3 away,
4 vacation, 5 busy; 0 takes back what was said.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import time
from typing import Final, Protocol

from routing import spoken
from routing.feature_codes import UNKNOWN, FeatureCall
from routing.model import Company

WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": ("free", "lunch", "meeting", "away", "vacation", "busy"),
    "da": ("ledig", "frokost", "møde", "ude", "ferie", "optaget"),
    "nb": ("ledig", "lunsj", "møte", "ute", "ferie", "opptatt"),
    "sv": ("ledig", "lunch", "möte", "ute", "semester", "upptagen"),
    "de": ("frei", "Mittag", "Besprechung", "abwesend", "Urlaub", "beschäftigt"),
}
"""By language, in the order of their numbers."""
UNTIL: Final[Mapping[str, str]] = {"en": "until", "da": "til", "nb": "til", "sv": "till", "de": "bis"}
_DIALLED = re.compile(r"([0-5])(?:([01][0-9]|2[0-3])([0-5][0-9]))?", re.ASCII)


class StatusBook(Protocol):
    """Keeps what people of a company say of themselves."""

    def say(self, person: str, text: str) -> None:
        """As if the person had written the text; one that means nothing changes nothing."""
        ...


class SayStatus:
    """What the code does."""

    def __init__(self, company: Company, book: StatusBook) -> None:
        self._company = company
        self._book = book

    async def __call__(self, call: FeatureCall) -> Sequence[str]:
        match = _DIALLED.fullmatch(call.code.digits)
        if match is None:
            return [UNKNOWN]
        language = self._company.language
        status, hour, minute = int(match[1]), match[2], match[3]
        text = WORDS[language][status]
        confirmed = spoken.number(status)
        if hour is not None and status:
            text += f" {UNTIL[language]} {hour}:{minute}"
            confirmed += spoken.clock(time(int(hour), int(minute)), language)
        self._book.say(call.person.id, text)
        return confirmed
