"""What an adapter is: it logs in somewhere, listens, and reports what it hears of people."""

from collections.abc import Callable, Iterable
from typing import Literal, Protocol, runtime_checkable

import msgspec

from presence_pidf.status_report import StatusReport

PURPOSES = ("reachability", "roaming", "forwarding", "location", "network")
"""What a person may consent to being asked of them."""

Report = Callable[[StatusReport], None]
"""Takes a report at once; what becomes of it is not the adapter's."""


class Watched(msgspec.Struct, frozen=True):
    """A person whom adapters are to know about."""

    presentity: str
    """AOR, e.g. `sip:anna@nordlys.example`."""
    numbers: tuple[str, ...] = ()
    """E.164 with `+`: those by which operators and PBXs know the person."""
    mail: str = ""
    """Address by which computers and calendars know the person."""
    time_zone: str = "UTC"
    """Of the company: what times mean that people write or that come without a zone."""
    language: str = "en"
    """Of the company."""
    consents: dict[str, bool] = {}
    """By purpose, what the person has agreed to or not while the server ran; it goes before any configuration."""


class Finding(msgspec.Struct, frozen=True):
    """One step of a trial: what was tried, whether it went well, and what was seen or is to be done."""

    step: str
    ok: bool
    said: str


class Health(Protocol):
    """Where an adapter tells how it is; the reports count themselves."""

    def logged_in(self) -> None: ...
    def failed(self, error: str) -> None: ...
    def lag(self, seconds: float) -> None: ...

    def wrong(self, what: str, error: str) -> None:
        """Something that came is of no use and was passed over; `what` sorts it for counting, in a word or two."""


class Adapter(Protocol):
    """One source. Raises what it cannot help with: it is then run again, later and later."""

    @property
    def name(self) -> str:
        """Its name in the configuration; the source of its reports is its kind and this: `mobile:telenor`."""

    async def run(self, report: Report, health: Health) -> None:
        """Report until cancelled."""

    def watch(self, people: Iterable[Watched]) -> None:
        """These are the people from now on, also while it runs."""

    async def test(self, person: Watched) -> list[Finding]:
        """Try the log-in and one person, without reporting."""


Direction = Literal["in", "out", "both"]


@runtime_checkable
class Teller(Protocol):
    """An adapter that also tells its source of people's states here."""

    def tell(self, presentity: str, activity: str, note: str, since: float) -> None:
        """A person's own state here is now this; what has not been told when the next comes is passed over."""


@runtime_checkable
class Billed(Protocol):
    """An adapter whose use is billed by the people it watches over."""

    @property
    def monitored_by_month(self) -> dict[str, int]:
        """How many different people were monitored, by month such as `2026-11`: this one and the last."""


@runtime_checkable
class Overhearer(Protocol):
    """An adapter that passes on to its source what others report."""

    def overheard(self, report: StatusReport) -> None:
        """Another adapter has reported this, for the first time or again; it is without its location."""
