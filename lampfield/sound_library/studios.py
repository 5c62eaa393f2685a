"""Where greetings are recorded by phone, one studio for each company."""

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
from sqlalchemy import Engine

from lampfield.database_threads import DatabaseThreads
from lampfield.sound_library.company_sounds import CompanySounds
from lampfield.sound_library.greeting_desk import RecordedGreetings
from lampfield.sound_library.limits import SoundLimits
from lampfield.sound_library.shelves import Shelves
from routing.greetings import GreetingStudio
from routing.model import Company
from routing.pins import Pins


class Studios:
    """Makes them. `changed` takes over what was written to the database, `forget_clips` removes a file's clips."""

    def __init__(
        self,
        engine: Engine,
        state_directory: Path,
        limits: SoundLimits,
        shelves: Shelves,
        *,
        changed: Callable[[], Awaitable[object]],
        forget_clips: Callable[[Path], Awaitable[None]],
    ) -> None:
        self._database = DatabaseThreads(engine)
        self._state_directory = state_directory
        self._limits = limits
        self._shelves = shelves
        self._changed = changed
        self._forget_clips = forget_clips

    @property
    def _drafts(self) -> Path:
        return self._state_directory / "greeting-drafts"

    def clear(self) -> None:
        """Remove what a run that was killed had recorded and not saved."""
        shutil.rmtree(self._drafts, ignore_errors=True)

    def of(self, company: Company, pins: Pins) -> GreetingStudio:
        """The company's, which `pins` open."""
        limits = msgspec.structs.replace(self._limits, greetings_in_use=company.limits.active_greetings)
        desk = RecordedGreetings(
            CompanySounds(self._database, self._state_directory, company.id, limits),
            self._shelves.of(company.domain),
            self._drafts,
            self._changed,
            self._forget_clips,
            longest_seconds=self._limits.longest_greeting_seconds,
        )
        return GreetingStudio(desk, pins)
