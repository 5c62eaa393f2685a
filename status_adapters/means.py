"""What the process that runs adapters gives each of them to work with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import httpx

SECONDS = 30.0
"""How long a server may take for an answer, where an adapter does not wait longer on purpose."""


class Memory(Protocol):
    """Small values of one adapter that outlive a restart: cursors, entity tags, subscriptions."""

    def get(self, key: str) -> bytes | None: ...

    def put(self, key: str, value: bytes) -> None:
        """Soon on disk. What is accepted and to be kept comes as a report, not here."""

    def delete(self, key: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Means:
    """All that an adapter has of its surroundings."""

    clock: Callable[[], float]
    """UTC epoch seconds."""
    token: Callable[[], str]
    """Something random, for names that nobody can guess."""
    secret: Callable[[str], str]
    """The value of a secret by its name in the configuration."""
    memory: Memory
    hook_url: str = ""
    """Where the outside reaches the adapter's `hooked`; empty where nothing listens."""
    transport: Callable[[], httpx.AsyncBaseTransport | None] = lambda: None
    """What requests go by; None is the network."""

    def client(self, base_url: str = "", *, seconds: float = SECONDS, verify: bool = True) -> httpx.AsyncClient:
        """For requests to the adapter's own server: no proxy, no redirect, no cookie of another. Close it."""
        return httpx.AsyncClient(
            base_url=base_url,
            timeout=seconds,
            verify=verify,
            trust_env=False,
            follow_redirects=False,
            transport=self.transport(),
        )
