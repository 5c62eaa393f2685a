"""What people's states are now, company by company, and what has changed since when.

Each change has a number that only grows, also over restarts. The board keeps the last state of each person in the
order of those numbers, so it can tell anybody at any time what they have missed: there is no queue for each client,
a slow one is told the last state of each person, and what was overtaken meanwhile not at all.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Collection, Iterable
from typing import Final

import msgspec

from web.told_state import ToldState

MOST_GONE: Final = 10_000
"""People who are gone that are remembered so that clients are told; one who missed more begins with everybody."""


class Free(msgspec.Struct, frozen=True):
    """Somebody is free for whom a client has waited; `id` is that of the wish."""

    id: str
    client: str
    person: str
    at: float
    """UTC epoch seconds."""


class Entry(msgspec.Struct, frozen=True):
    """The last that is known of something, by key: a person's state, None where they are gone, or that one is free."""

    sequence: int
    key: str
    state: ToldState | None = None
    free: Free | None = None

    @property
    def person(self) -> str:
        """Whom it is about, by id."""
        return self.free.person if self.free is not None else self.key


class TooOld(Exception):
    """What has happened since then is not known any more; everything as it is now is."""


class StateBoard:
    """One company's."""

    def __init__(self, begin: int) -> None:
        """`begin` is larger than any number of an earlier run."""
        self.sequence = self.oldest = begin
        """Of the last change; changes before `oldest` are not known."""
        self._entries: dict[str, Entry] = {}
        self._log: list[Entry] = []
        """By number; those that were overtaken are taken out from time to time."""
        self._by_extension: dict[str, str] = {}
        self._news = asyncio.Event()

    def find(self, person: str) -> Entry | None:
        """A person's state, by id or extension."""
        for key in (person, self._by_extension.get(person, "")):
            entry = self._entries.get(key)
            # An extension may have been theirs once.
            if entry is not None and entry.state is not None and person in (key, entry.state.extension):
                return entry
        return None

    def people(self) -> list[str]:
        """Ids of all people."""
        return [key for key, entry in self._entries.items() if entry.state is not None]

    def show(self, states: Iterable[ToldState]) -> list[ToldState]:
        """Take states; gives those that are others than before."""
        changed = []
        for state in states:
            before = self._entries.get(state.person)
            if before is None or before.state != state:
                self._put(state.person, state=state)
                self._by_extension[state.extension] = state.person
                changed.append(state)
        if changed:
            self.wake()
        return changed

    def keep(self, people: Collection[str]) -> list[str]:
        """Take away everybody but these; gives who is gone."""
        known = set(people)
        gone = [key for key, entry in self._entries.items() if entry.state is not None and key not in known]
        for person in gone:
            self._put(person)
        if gone:
            self.wake()
        return gone

    def tell_free(self, free: Free) -> None:
        """Tell the client that waits for somebody."""
        self._put(f"free/{free.id}", free=free)
        self.wake()

    def after(self, sequence: int, most: int) -> list[Entry]:
        """What is now and was not then, in order, at most so many. Raises TooOld; 0 is the beginning of everything."""
        if sequence and not self.oldest <= sequence <= self.sequence:
            raise TooOld
        found: list[Entry] = []
        for place in range(bisect_right(self._log, sequence, key=_sequence), len(self._log)):
            entry = self._log[place]
            if self._entries.get(entry.key) is entry and (sequence or entry.state is not None):
                found.append(entry)
                if len(found) == most:
                    break
        return found

    async def changed(self, sequence: int) -> None:
        """Wait until there is something after this, or all are woken."""
        if self.sequence <= sequence:
            await self._news.wait()

    def wake(self) -> None:
        """Let all look who wait."""
        self._news.set()
        self._news = asyncio.Event()

    def _put(self, key: str, state: ToldState | None = None, free: Free | None = None) -> None:
        self.sequence += 1
        entry = self._entries[key] = Entry(self.sequence, key, state, free)
        self._log.append(entry)
        if len(self._log) > 2 * len(self._entries) + 100:
            self._compact()

    def _compact(self) -> None:
        """Forget what was overtaken, and the oldest of what is over."""
        self._log = [entry for entry in self._log if self._entries.get(entry.key) is entry]
        over = [entry for entry in self._log if entry.state is None]
        for entry in over[: max(0, len(over) - MOST_GONE)]:
            del self._entries[entry.key]
            self.oldest = entry.sequence
        self._log = [entry for entry in self._log if self._entries.get(entry.key) is entry]


def _sequence(entry: Entry) -> int:
    return entry.sequence
