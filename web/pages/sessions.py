"""Who is signed in at the pages. The browser has a random name of it and nothing else; all of it is in memory."""

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from provisioning.tokens import Client

IDLE_SECONDS = 900.0
"""A session ends when nothing was asked for so long."""
LONGEST_SECONDS = 8 * 3600.0
"""A session ends at the latest after a day's work."""
MOST_OF_ONE = 20
"""Sessions of one client; the one that was idle longest goes."""


class FreshPin(NamedTuple):
    """A PIN that is still to be shown, once."""

    owner: str
    pin: str


@dataclass(slots=True)
class Session:
    """One browser in which a client is signed in; times are of the clock of `Sessions`."""

    client: Client
    begun: float
    seen: float
    fresh: FreshPin | None = None
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a PIN is changed: the one that is shown is the one that counts, however fast somebody clicks."""

    def take_fresh(self, owner: str) -> str | None:
        """The owner's new PIN, the first time it is asked for."""
        fresh, self.fresh = self.fresh, None
        return fresh.pin if fresh is not None and fresh.owner == owner else None


class Sessions:
    """Sessions by name, and the seals of forms."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._sessions: dict[str, Session] = {}

    def begin(self, client: Client) -> str:
        """Sign a client in, and return the name of the session, which is never one that a browser brought."""
        now = self._clock()
        self._sessions = {name: session for name, session in self._sessions.items() if not self._over(session, now)}
        same = [
            name
            for name, session in self._sessions.items()
            if (session.client.company, session.client.name) == (client.company, client.name)
        ]
        if len(same) >= MOST_OF_ONE:
            del self._sessions[min(same, key=lambda name: self._sessions[name].seen)]
        name = new_name()
        self._sessions[name] = Session(client, now, now)
        return name

    def find(self, name: str) -> Session | None:
        """The session of this name, which is not idle as of now; None for one that has ended."""
        session = self._sessions.get(name)
        now = self._clock()
        if session is None or self._over(session, now):
            self.end(name)
            return None
        session.seen = now
        return session

    def end(self, name: str) -> None:
        self._sessions.pop(name, None)

    def seal(self, name: str) -> str:
        """What each form of this browser carries: only who has read a page of ours can send it."""
        return hmac.new(self._key, name.encode(), hashlib.sha256).hexdigest()

    def sealed(self, name: str, seal: str) -> bool:
        """Whether a form with this seal came from a page of ours in this browser."""
        return bool(name) and hmac.compare_digest(self.seal(name).encode(), seal.encode())

    @staticmethod
    def _over(session: Session, now: float) -> bool:
        return now >= session.seen + IDLE_SECONDS or now >= session.begun + LONGEST_SECONDS


def new_name() -> str:
    """A name that nobody guesses, of a session or of a browser that is not signed in."""
    return secrets.token_urlsafe(32)
