"""What the API needs of the server, as Protocols. `lampfield.web_process` fulfils them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

from call_records.missed_calls import MissedCall
from provisioning.accesses import Access
from provisioning.sound_shelf import SoundEntry, SoundShelf
from provisioning.standing_requests import StandingRequest
from provisioning.tokens import Client
from routing.model import Company


class SignallingAway(Exception):
    """The signalling process does not answer; it is being started anew, or overloaded."""


class DatabaseAway(Exception):
    """The database does not answer."""


class Signalling(Protocol):
    """The process that has calls, queues and messages."""

    async def ask(self, verb: str, arguments: dict[str, str]) -> Any:
        """What it answers. Raises SignallingAway."""
        ...


class Clients(Protocol):
    """Who may use the API."""

    async def find(self, token: str) -> Client | None:
        """Whose token it is. Raises DatabaseAway."""
        ...

    async def named(self, company: str, name: str) -> Client | None:
        """The client of this name, if it has a token still. Raises DatabaseAway."""
        ...


class StandingRequests(Protocol):
    """What clients want to be told of later. Each method raises DatabaseAway."""

    async def keep(self, request: StandingRequest) -> None: ...

    async def drop(self, id: str) -> None: ...


class AccessLog(Protocol):
    """The record of what clients have asked."""

    def put(self, access: Access) -> None:
        """Soon on record."""
        ...

    async def keep(self, access: Access) -> None:
        """On record now. Raises DatabaseAway."""
        ...


class MissedCalls(Protocol):
    """What queues have missed. Each method raises DatabaseAway."""

    async def of(self, company: str, queue: str, since: float) -> list[MissedCall]:
        """Latest first, handled ones as well."""
        ...

    async def handled(self, company: str, queue: str, number: str, by: str, at: float, since: float) -> bool:
        """Note who has seen to it; False where there is nothing to see to."""
        ...


class NoPinOwner(Exception):
    """Nobody of this name can have a PIN; `known` are those who can."""

    def __init__(self, known: Sequence[str]) -> None:
        super().__init__()
        self.known = known


class Pins(Protocol):
    """The PINs of people and boxes, as hashes. Each method raises DatabaseAway, the changing ones NoPinOwner."""

    async def company(self, company: str) -> Company:
        """Whose PINs they are: its people, its boxes, and where they dial."""
        ...

    async def set_at(self, company: str) -> dict[str, float]:
        """Who has one, and since when: UTC epoch seconds."""
        ...

    async def put(self, company: str, owner: str, pin: str) -> str:
        """Set it and tell whose it is: `owner` may be an extension."""
        ...

    async def remove(self, company: str, owner: str) -> str:
        """Take it away, if there is one, and tell whose it was."""
        ...


class Attempts(Protocol):
    """Counts wrong tokens by where they come from, and makes those wait who enter many. `now` is monotonic seconds."""

    def seconds_to_wait(self, name: tuple[str, ...], now: float) -> float:
        """Until the next one is looked at; 0 where it is now."""
        ...

    def tried(self, name: tuple[str, ...], now: float) -> None:
        """One is about to be looked at, and counts as wrong until it is known to be right."""
        ...

    def right(self, name: tuple[str, ...]) -> None: ...


class SoundRefused(Exception):
    """A sound cannot be taken in or away; the text says why."""


class Sounds(Protocol):
    """The sound libraries of companies. Each method raises DatabaseAway, the changing ones SoundRefused."""

    @property
    def most_bytes(self) -> int:
        """The largest file that is taken in."""
        ...

    async def shelf(self, company: str) -> SoundShelf: ...

    async def add(
        self,
        company: str,
        name: str,
        source: Path,
        *,
        made_by: str,
        kind: Literal["greeting", "prompt"],
        number: int | None,
        original_name: str,
    ) -> SoundEntry: ...

    async def remove(self, company: str, name: str) -> None: ...
