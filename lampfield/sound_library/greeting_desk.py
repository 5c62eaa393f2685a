"""The desk where a company's greetings are recorded by phone: fulfils `routing.greetings.GreetingDesk`."""

import contextlib
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from lampfield.sound_library.company_sounds import OWN, CompanySounds, NewSound, SoundRefused
from lampfield.sound_library.shelves import CompanyShelf
from media.uploads import UploadRefused, take_in
from routing.greetings import GreetingRefused
from routing.hours import Slot


class RecordedGreetings:
    """One company's. `changed` has the running server take over what was written; `forget_clips` removes
    the clips of a file that is to go."""

    def __init__(
        self,
        sounds: CompanySounds,
        shelf: CompanyShelf,
        folder: Path,
        changed: Callable[[], Awaitable[object]],
        forget_clips: Callable[[Path], Awaitable[None]],
        *,
        longest_seconds: float,
    ) -> None:
        self._sounds = sounds
        self._shelf = shelf
        self._folder = folder
        self._changed = changed
        self._forget_clips = forget_clips
        self._longest_seconds = longest_seconds
        self._count = 0

    @property
    def longest_seconds(self) -> float:
        return self._longest_seconds

    def of_number(self, number: int) -> str | None:
        return self._shelf.of_number(number)

    def new_recording(self, call: str) -> Path:
        self._count += 1
        with _refusing():
            self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder / f"{call}-greeting-{self._count}.wav"

    async def draft(self, recording: Path) -> Path:
        draft = _draft_of(recording)
        try:
            # Silence at the ends makes a recording longer than what is left of it.
            await take_in(recording, draft, longest_seconds=self._longest_seconds + 60.0)
        except UploadRefused as refused:
            raise GreetingRefused(str(refused)) from refused
        return draft

    async def save(self, recording: Path, number: int, person: str) -> str:
        known = self._shelf.of_number(number)
        name = known.removeprefix(OWN) if known is not None else f"greeting-{number}"
        new = NewSound(
            name=name,
            source=recording,
            made_by=person,
            made_at=time.time(),
            number=number,
            original_name="by phone.wav",
        )
        with _refusing():
            await self._sounds.add(new)
            await self._changed()
        return OWN + name

    async def use(self, prompt: str, number: str, slot: Slot) -> None:
        with _refusing():
            await self._sounds.use(number, slot, prompt.removeprefix(OWN))
            await self._changed()

    async def discard(self, recording: Path) -> None:
        with contextlib.suppress(OSError):
            await self._forget_clips(_draft_of(recording))
        for file in (recording, _draft_of(recording)):
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)


def _draft_of(recording: Path) -> Path:
    return recording.with_suffix(".draft.wav")


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    try:
        yield
    except (SoundRefused, UploadRefused, SQLAlchemyError, OSError) as refused:
        raise GreetingRefused(str(refused), caused_by_us=True) from refused
