"""Signalling's end of the line to the adapters: merges reports, says whom to watch and what people do here."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from lampfield.adapters.wire import (
    PEOPLE_IN_PART,
    Batch,
    Hello,
    People,
    Standing,
    Taken,
    Told,
    from_adapters,
    packed,
    read_message,
)
from lampfield.control_socket import Outbox
from lampfield.presence.followers import StateChange
from lampfield.presence.lamps import Lamps
from lampfield.private_socket import private_socket
from presence_pidf.merge_rules import kind_of
from presence_pidf.person_state import PersonState
from routing.model import Company, Person
from routing.ports import Clock
from status_adapters.adapter import Watched
from status_adapters.health import Figures

logger = logging.getLogger(__name__)

AT_A_TIME = 50
"""Reports merged before calls have their turn again; a new state takes some 0.1 ms."""
PEOPLE_PAUSE = 0.2
"""Seconds in which changes of consents are gathered before people are told anew."""


class Intake:
    """Serves one line, to the one process that runs adapters. A new one takes the place of the one before."""

    def __init__(
        self,
        path: Path,
        lamps: Lamps,
        clock: Clock,
        wake: Callable[[], None],
        consents: Callable[[str], Mapping[str, bool]],
    ) -> None:
        """`consents` tells of a person, by AOR, what they have agreed to or not."""
        self._path = path
        self._lamps = lamps
        self._clock = clock
        self._wake = wake
        self._consents = consents
        self._soon: asyncio.TimerHandle | None = None
        """When people are told anew."""
        self._companies: tuple[Company, ...] = ()
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._to_tell: dict[str, Told] | None = None
        """By person, what the adapters have not been told yet; None where none of them wants to know."""
        self._telling = asyncio.Event()
        self.adapters: list[Figures] = []
        """How each adapter is, as its process said last."""
        self.became: Counter[str] = Counter()
        """What has become of reports."""

    @property
    def connected(self) -> bool:
        """Whether the process of the adapters is there."""
        return self._writer is not None

    async def start(self) -> None:
        """Listen. Raises OSError."""
        self._lamps.followers.follow(self._changed)
        self._server = await asyncio.start_unix_server(self._serve, sock=private_socket(self._path))

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)
        if self._writer is not None:
            self._writer.close()
        if self._soon is not None:
            self._soon.cancel()

    def configure(self, companies: Iterable[Company]) -> None:
        """Have the people of the companies watched, as they are now."""
        self._companies = tuple(companies)
        if self._writer is not None:
            self._tell_people(self._writer)

    def consents_changed(self) -> None:
        """Tell the adapters soon: many may change at once."""
        if self._soon is None:
            self._soon = asyncio.get_running_loop().call_later(PEOPLE_PAUSE, self._tell_anew)

    def _tell_anew(self) -> None:
        self._soon = None
        if self._writer is not None:
            self._tell_people(self._writer)

    async def verb(self, arguments: dict[str, str], outbox: Outbox) -> None:
        """Answer on the control socket how the adapters are."""
        told = {"connected": self.connected, "adapters": self.adapters, "became": self.became}
        outbox.put(msgspec.to_builtins(told))

    def _tell_people(self, writer: asyncio.StreamWriter) -> None:
        people = list(watched(self._companies, self._consents))
        for first in range(0, max(len(people), 1), PEOPLE_IN_PART):
            part = people[first : first + PEOPLE_IN_PART]
            writer.write(packed(People(part, last=first + PEOPLE_IN_PART >= len(people))))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer = writer
        telling: asyncio.Future[None] | None = None
        try:
            hello = await read_message(reader, from_adapters)
            if not isinstance(hello, Hello):
                raise ConnectionError("it begins without hello")
            self._tell_people(writer)
            if hello.tellers:
                self._to_tell = {}
                self._tell_all()
                telling = asyncio.ensure_future(self._tell(writer))
            logger.info("adapters: connected")
            while True:
                message = await read_message(reader, from_adapters)
                if isinstance(message, Batch):
                    await self._merge(message)
                    writer.write(packed(Taken(message.number)))
                    await writer.drain()
                elif isinstance(message, Standing):
                    self.adapters = message.adapters
        except (EOFError, ConnectionError) as error:
            logger.info("adapters: the line ended%s", f": {error}" if str(error) else "")
        finally:
            if telling is not None:
                telling.cancel()
            if self._writer is writer:
                self._writer = None
                self._to_tell = None
            writer.close()

    async def _merge(self, batch: Batch) -> None:
        for source in batch.heard:
            self._lamps.source_heard(source, self._clock())
        for first in range(0, len(batch.reports), AT_A_TIME):
            now = self._clock()
            for report in batch.reports[first : first + AT_A_TIME]:
                self.became[self._lamps.reported(report, now)] += 1
            self._wake()
            await asyncio.sleep(0)

    # What people do here

    def _changed(self, change: StateChange) -> None:
        if self._to_tell is None:
            return
        presentity = f"sip:{change.person}@{change.domain}"
        self._to_tell[presentity] = own_state(presentity, change.state)
        self._telling.set()

    def _tell_all(self) -> None:
        for company in self._companies:
            for person, state in self._lamps.people(company.domain).items():
                self._changed(StateChange(company.domain.lower(), person, state, state.since))

    async def _tell(self, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while self._to_tell is not None:
                await self._telling.wait()
                self._telling.clear()
                told, self._to_tell = self._to_tell, {}
                for each in told.values():
                    writer.write(packed(each))
                    await writer.drain()


def watched(companies: Iterable[Company], consents: Callable[[str], Mapping[str, bool]]) -> Iterator[Watched]:
    """Whom adapters are to know about: everybody of these companies."""
    for company in companies:
        for person in company.people.values():
            presentity = f"sip:{person.id}@{company.domain.lower()}"
            yield Watched(
                presentity=presentity,
                numbers=_numbers(person),
                mail=person.mail,
                time_zone=company.time_zone,
                language=company.language,
                consents=dict(consents(presentity)),
            )


def _numbers(person: Person) -> tuple[str, ...]:
    return tuple(dict.fromkeys(number for number in (person.mobile, person.outside_number) if number))


def own_state(presentity: str, state: PersonState) -> Told:
    """What is to be told outside of a person: calls here, else what the person has set here. Pure.

    What other sources say is not told: it would come back to who said it, and outlive its cause.
    """
    for source in state.sources:
        if source.name == "calls":
            return Told(presentity, "on-the-phone", "", source.at)
    for source in state.sources:
        if kind_of(source.name) == "manual" and source.says != "unknown" and not source.stale:
            return Told(presentity, source.says, state.note, source.at)
    return Told(presentity, "available", "", state.since)
