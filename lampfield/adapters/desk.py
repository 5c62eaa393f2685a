"""All adapters of the process: made of the configuration, run side by side, asked and told by name."""

import asyncio
import logging
import random
from collections.abc import Callable, Iterable, Mapping

from lampfield.adapters.configured import AdapterSection
from lampfield.adapters.wire import Told
from lampfield.journal import Journal
from presence_pidf.status_report import StatusReport
from status_adapters.adapter import Finding, Watched
from status_adapters.health import AdapterHealth, Figures
from status_adapters.means import Means
from status_adapters.outlet import Outlet
from status_adapters.supervision import Supervised
from status_adapters.turns import working_for

logger = logging.getLogger(__name__)

_REPORTS = "report"
_MEMORY = "memory"
TRIAL_SECONDS = 60.0
"""How long the trial of an adapter may take."""
HEARD_SECONDS = 20.0
"""A source that was heard in these is there."""


class JournalShelf:
    """Fulfils `status_adapters.outlet.Shelf` by the journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def put(self, key: str, value: bytes) -> None:
        self._journal.put(_REPORTS, key, value)

    def delete(self, key: str) -> None:
        self._journal.delete(_REPORTS, key)


class JournalMemory:
    """Fulfils `status_adapters.means.Memory` by the journal; `kept` is what it holds of all adapters."""

    def __init__(self, journal: Journal, name: str, kept: Mapping[str, bytes]) -> None:
        self._journal = journal
        self._prefix = f"{name}\n"
        self._values = {
            key.removeprefix(self._prefix): value for key, value in kept.items() if key.startswith(self._prefix)
        }

    def get(self, key: str) -> bytes | None:
        return self._values.get(key)

    def put(self, key: str, value: bytes) -> None:
        if self._values.get(key) != value:
            self._values[key] = value
            self._journal.put(_MEMORY, self._prefix + key, value)

    def delete(self, key: str) -> None:
        if self._values.pop(key, None) is not None:
            self._journal.delete(_MEMORY, self._prefix + key)


class UnknownAdapter(Exception):
    """There is no adapter of this name; the text says which there are."""


class AdapterDesk:
    """The adapters by name. `outlet` holds what they report until signalling has it."""

    def __init__(
        self,
        sections: Mapping[str, AdapterSection],
        secrets: Mapping[str, str],
        journal: Journal,
        clock: Callable[[], float],
        token: Callable[[], str],
        dice: random.Random,
        *,
        public_url: str = "",
    ) -> None:
        self.ready = asyncio.Event()
        """Set where there is something to take from the outlet."""
        self.outlet = Outlet(JournalShelf(journal), clock, self.ready.set)
        self._journal = journal
        self._clock = clock
        self._secrets = dict(secrets)
        self._people: dict[str, Watched] | None = None
        """None until signalling has told who there is."""
        self._heard_told = 0.0
        kept = journal.load(_MEMORY)
        self._supervised: dict[str, Supervised] = {}
        for name, section in sections.items():
            means = Means(
                clock=clock,
                token=token,
                secret=self._secrets.__getitem__,
                memory=JournalMemory(journal, name, kept),
                hook_url=f"{public_url.rstrip('/')}/hooks/{name}" if public_url else "",
            )
            adapter = section.kind.make(name, section.settings, means)
            health = AdapterHealth(name, section.kind_name, clock, self.masked)
            self._supervised[name] = Supervised(adapter, health, self.outlet.lane(name), clock, dice, self._overheard)
        self.outlet.restore(journal.load(_REPORTS))

    @property
    def tells(self) -> bool:
        """Whether an adapter tells its source of people's states here."""
        return any(each.tells for each in self._supervised.values())

    @property
    def knows_people(self) -> bool:
        """False until it is known who there is: whom a report is about cannot be told before."""
        return self._people is not None

    def masked(self, text: str) -> str:
        """The text without secrets."""
        for value in self._secrets.values():
            if value:
                text = text.replace(value, "***")
        return text

    def named(self, name: str) -> Supervised:
        """Raises UnknownAdapter."""
        found = self._supervised.get(name)
        if found is None:
            raise UnknownAdapter(
                f"one of {', '.join(self._supervised) or 'none, for the configuration has no adapter'}"
            )
        return found

    async def run(self) -> None:
        """Run all adapters, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for each in self._supervised.values():
                group.create_task(each.keep(), name=f"adapter {each.name}")

    def watch(self, people: Iterable[Watched]) -> None:
        """These are the people from now on."""
        known = self._people = {person.presentity: person for person in people}
        for each in self._supervised.values():
            each.watch(known.values())
        self.outlet.retain(known.__contains__)
        logger.info("%d people are watched", len(known))

    def tell(self, told: Told) -> None:
        """Pass on what somebody does here."""
        for each in self._supervised.values():
            each.tell(told.presentity, told.activity, told.note, told.since)

    def _overheard(self, source: Supervised, report: StatusReport) -> None:
        """Let the other adapters know what one has reported."""
        for each in self._supervised.values():
            if each is not source:
                each.overheard(report)

    def figures(self) -> list[Figures]:
        return [each.figures() for each in self._supervised.values()]

    def take_heard(self) -> list[str]:
        """The sources that were there since they were told of last, told of now and then."""
        now = self._clock()
        if now - self._heard_told < HEARD_SECONDS:
            return []
        before, self._heard_told = self._heard_told, now
        return [
            source
            for each in self._supervised.values()
            if each.health.standing == "logged-in" and each.health.heard_at >= before
            for source in each.lane.sources
        ]

    async def on_disk(self) -> None:
        """Return when all that was reported so far is on disk."""
        await asyncio.to_thread(self._journal.flush)

    async def test(self, name: str, person: str) -> list[Finding]:
        """Try an adapter's log-in and one person: `person` is an AOR, or empty for anybody. Raises UnknownAdapter."""
        supervised = self.named(name)
        people = self._people or {}
        if person:
            found = people.get(person if person.startswith("sip:") else f"sip:{person}")
        else:
            found = next(iter(people.values()), None)
        if found is None:
            expected = "somebody of a company, such as anna@nordlys.example"
            return [Finding("person", False, f"{person or 'anybody'}: expected {expected}")]
        try:
            async with asyncio.timeout(TRIAL_SECONDS):
                with working_for(supervised.health):
                    findings = await supervised.adapter.test(found)
        except TimeoutError:
            return [Finding("trial", False, f"no end within {TRIAL_SECONDS:g} s")]
        except Exception as error:
            return [Finding("trial", False, self.masked(f"{type(error).__name__}: {error}"))]
        return [Finding(each.step, each.ok, self.masked(each.said)) for each in findings]
