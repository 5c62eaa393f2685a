"""What members write to take part in their queues, as text messages: `passive sales`, `p sales`, `pause lunch`. Pure.

Words and their short forms in all five languages; capitals make no difference. Behind the word may stand the reason
of a pause, then a queue by name or extension; without a queue all queues of the member are meant.
"""

from typing import Literal

import msgspec

from routing.model import Company

Wanted = Literal["active", "passive", "pause", "resume", "status"]

WORDS: dict[Wanted, tuple[str, ...]] = {
    "active": ("active", "a", "on", "aktiv", "aktivt", "til", "på", "an", "ein"),
    "passive": ("passive", "p", "off", "passiv", "passivt", "fra", "av", "aus"),
    "pause": ("pause", "b", "break", "paus", "pausieren"),
    "resume": ("resume", "r", "back", "tilbage", "tilbake", "tillbaka", "zurück"),
    "status": ("status", "s", "?"),
}
"""The first is told where a word is not known. A short form means the same in every language."""


class TextWish(msgspec.Struct, frozen=True):
    """What somebody wrote."""

    wanted: Wanted
    queues: tuple[str, ...]
    reason: str = ""
    """Of a pause; empty for none."""


def may_write(company: Company, number: str) -> bool:
    """Whether texts from this number, E.164, are taken: from all, unless the company names some."""
    return not company.text_senders or number in company.text_senders


class NotUnderstood(Exception):
    """The text means nothing; the message, to be sent back, says what may be written."""


def member_of(company: Company, number: str) -> str | None:
    """The member who writes from this number, E.164: a person by an own number, or the number itself."""
    for person in company.people.values():
        if number in (person.outside_number, person.mobile):
            return person.id
    return number if any(number in queue.members for queue in company.queues.values()) else None


def understood(company: Company, member: str, text: str) -> TextWish:
    """What the text of a member means. Raises NotUnderstood."""
    own = tuple(name for name, queue in company.queues.items() if member in queue.members)
    first, *others = text.casefold().split() or [""]
    wanted = next((wanted for wanted, words in WORDS.items() if first in words), None)
    if wanted is None:
        raise NotUnderstood(f"{first or 'Nothing'}? Write one of: {', '.join(words[0] for words in WORDS.values())}")
    reason = ""
    if wanted == "pause" and others and _reason(company, others[0]) is not None:
        reason = _reason(company, others.pop(0)) or ""
    if not others:
        return TextWish(wanted, own, reason)
    asked = " ".join(others)
    queue = next((name for name in own if asked in (name.casefold(), _extension(company, name))), None)
    if queue is None:
        reasons = f"; a pause may have a reason: {', '.join(company.pause_reasons)}" if wanted == "pause" else ""
        raise NotUnderstood(f"{asked}? Your queues are {', '.join(own)}{reasons}")
    return TextWish(wanted, (queue,), reason)


def _reason(company: Company, word: str) -> str | None:
    """The reason of a pause by its word, or by its number from 1."""
    for number, reason in enumerate(company.pause_reasons, start=1):
        if word in (reason.casefold(), str(number)):
            return reason
    return None


def _extension(company: Company, queue: str) -> str:
    return next((extension for extension, name in company.queue_extensions.items() if name == queue), "")
