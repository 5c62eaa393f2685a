"""What the pages say, in five languages: a file of `texts/` each."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec

LANGUAGES = {"en": "English", "da": "Dansk", "nb": "Norsk", "sv": "Svenska", "de": "Deutsch"}
"""What each calls itself, by code."""
FALLBACK = "en"
_SAME = {"no": "nb", "nn": "nb"}
"""Languages that are served by another one."""
_TEXTS = Path(__file__).with_name("texts")


Fault = Literal[
    "ended",
    "token_missing",
    "token_unknown",
    "token_scope",
    "locked",
    "stale_form",
    "no_such_page",
    "no_such_owner",
    "too_many",
    "too_large",
    "database_away",
    "fault",
]
"""Each a sentence of `Words`."""


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that the pages say in one language; what stands in braces is filled in."""

    title: str
    language: str
    skip: str
    back: str
    # Signing in
    sign_in: str
    sign_in_lead: str
    token: str
    token_hint: str
    sign_out: str
    ended: str
    token_missing: str
    token_unknown: str
    token_scope: str
    locked: str
    # The overview
    lead: str
    find: str
    find_now: str
    shown: str
    recording: str
    dial_inside: str
    dial_outside: str
    dial_both: str
    dial_nowhere: str
    voicemail: str
    voicemail_lead: str
    extension: str
    box: str
    has_pin: str
    has_none: str
    make: str
    remake: str
    remake_sure: str
    withdraw: str
    withdraw_sure: str
    withdrawn: str
    # The new PIN
    fresh: str
    fresh_once: str
    shown_already: str
    how: str
    enter_extension: str
    enter_pin: str
    follow: str
    listen: str
    # What went wrong
    refused: str
    stale_form: str
    no_such_page: str
    no_such_owner: str
    too_many: str
    too_large: str
    database_away: str
    fault: str

    def told(self, fault: Fault, seconds: int = 0) -> str:
        """What went wrong and what to do, where to wait for so long is part of it."""
        sentence: str = getattr(self, fault)
        return sentence.format(seconds=seconds)


def load_words() -> dict[str, Words]:
    """By language."""
    return {
        language: msgspec.toml.decode((_TEXTS / f"{language}.toml").read_bytes(), type=Words) for language in LANGUAGES
    }


def language_of(chosen: Sequence[str], accepted: str) -> str:
    """The first of those chosen that there is, else the one that the browser likes best (RFC 9110 §12.5.4)."""
    for language in chosen:
        if language in LANGUAGES:
            return language
    wanted: list[tuple[float, str]] = []
    for part in accepted.split(","):
        tag, _, weight = part.partition(";")
        language = tag.strip().lower().split("-")[0]
        try:
            quality = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        if quality > 0:
            wanted.append((quality, _SAME.get(language, language)))
    # Sorting keeps the order of equals: it is the browser's.
    known = [language for _, language in sorted(wanted, key=lambda each: -each[0]) if language in LANGUAGES]
    return known[0] if known else FALLBACK
