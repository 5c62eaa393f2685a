"""Dialling somebody by name: the caller types its first letters on the keypad and chooses among those it may be."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence

from routing import spoken
from routing.caller_leg import tell
from routing.events import KeyPressed, MenuEntered, MenuSilence
from routing.model import Person
from routing.ports import Caller, Clock, EventSink

MENU = "names"
"""Under this name the events tell of it."""
ATTEMPTS = 3
MOST_TOLD = 8
"""More are not read out: the caller is asked for more letters."""
SILENCE_SECONDS = 5.0
LETTER_SECONDS = 3.0
SETTLED_SECONDS = 1.0
"""How long a letter is awaited when no more are needed: who types the whole name is let finish."""
END_KEY, ANOTHER_KEY = "#", "*"

_KEYS = {
    letter: key
    for key, letters in enumerate(("abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz"), 2)
    for letter in letters
}
_ALIKE = {"æ": "a", "ø": "o", "ð": "d", "þ": "t", "ł": "l", "đ": "d", "œ": "o"}
"""Letters that are not a letter with a mark, on the key where telephones have them (ETSI ES 202 130)."""

_SPELLED_OUT = str.maketrans({"æ": "ae", "ä": "ae", "ø": "oe", "ö": "oe", "ü": "ue", "å": "aa", "ß": "ss"})
"""How such letters are written where there are none, and typed by who has no telephone that shows them."""

HasSound = Callable[[str], bool]
"""Whether the company has a sound of its own of this name, such as `own/name-anna`."""


def no_sounds(name: str) -> bool:
    """HasSound for a company without any."""
    return False


def typed_as(name: str) -> list[str]:
    """What somebody may type for a name: from the beginning of each of its words, as keys."""
    words = ["".join(_key(letter) for letter in word) for word in name.replace("-", " ").split()]
    return ["".join(words[first:]) for first in range(len(words)) if words[first]]


def _both_ways(name: str) -> list[str]:
    spelled_out = unicodedata.normalize("NFC", name).lower().translate(_SPELLED_OUT)
    return typed_as(name) + typed_as(spelled_out)


def _key(letter: str) -> str:
    plain = unicodedata.normalize("NFKD", letter.casefold())[:1]
    key = _KEYS.get(_ALIKE.get(plain, plain))
    return str(key) if key is not None else ""


def candidates(people: Iterable[Person], typed: str) -> list[Person]:
    """Those whose name may be meant, as it is or spelled out, by name."""
    found = [person for person in people if any(keys.startswith(typed) for keys in _both_ways(person.name))]
    return sorted(found, key=lambda person: person.name)


def told_name(person: Person, has_sound: HasSound) -> list[str]:
    """How a person is named to a caller: in their own recording, else by extension."""
    own = f"own/name-{person.id}"
    return [own] if has_sound(own) else ["word/extension", *spoken.digits(person.extension)]


async def dial(
    people: Iterable[Person], has_sound: HasSound, caller: Caller, emit: EventSink, clock: Clock
) -> Person | None:
    """Let an answered caller find somebody; None when they did not. Raises CallerGone."""
    emit(MenuEntered(call=caller.call, at=clock(), menu=MENU))
    reachable = [person for person in people if person.extension or has_sound(f"own/name-{person.id}")]
    for _ in range(ATTEMPTS):
        await tell(caller, ["names/type"], emit, clock, until_key=True)
        typed = await _letters(reachable, caller)
        found = candidates(reachable, typed) if typed else []
        if typed:
            emit(KeyPressed(call=caller.call, at=clock(), menu=MENU, key=typed, valid=bool(found)))
        else:
            emit(MenuSilence(call=caller.call, at=clock(), menu=MENU))
            continue
        caller.clear_keys()
        if not found or len(found) > MOST_TOLD:
            await tell(caller, ["names/many" if found else "names/none"], emit, clock, until_key=True)
            continue
        person = await _chosen(found, has_sound, caller, emit, clock)
        if person is not None:
            return person
    return None


async def _letters(people: Sequence[Person], caller: Caller) -> str:
    """What is typed, to # or to a pause, a shorter one where nobody else can be meant; empty for nothing.

    Raises CallerGone.
    """
    typed, pause = "", SILENCE_SECONDS
    while (key := await caller.read_key(pause)) is not None:
        if key in (END_KEY, ANOTHER_KEY):
            break
        typed += key
        pause = LETTER_SECONDS if len(candidates(people, typed)) > 1 else SETTLED_SECONDS
    return typed


async def _chosen(
    found: Sequence[Person], has_sound: HasSound, caller: Caller, emit: EventSink, clock: Clock
) -> Person | None:
    """Read out who it may be and let the caller choose by key. Raises CallerGone."""
    told = []
    for number, person in enumerate(found, 1):
        told += ["word/press", *spoken.number(number), "word/for", *told_name(person, has_sound)]
    await tell(caller, [*told, "names/another"], emit, clock, until_key=True)
    key = await caller.read_key(SILENCE_SECONDS)
    chosen = found[int(key) - 1] if key is not None and key in "12345678"[: len(found)] else None
    if key is not None:
        emit(KeyPressed(call=caller.call, at=clock(), menu=MENU, key=key, valid=chosen is not None))
    return chosen
