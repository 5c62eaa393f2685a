"""What the commands about sounds have in common."""

import asyncio
import getpass
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy import Engine

from lampfield.cli.choosing import company_of
from lampfield.cli.database import database
from lampfield.cli.running import tell_sounds_changed
from lampfield.cli.terminal import give_up, out
from lampfield.configuration import Configuration
from lampfield.database_threads import DatabaseThreads
from lampfield.sound_library.company_sounds import CompanySounds, NewSound, SoundRefused
from media.uploads import UploadRefused
from provisioning.sound_shelf import SoundEntry, SoundKind, SoundShelf
from routing.model import Company

T = TypeVar("T")


class SoundDesk:
    """The sounds of one company, for a command: what cannot be done ends it with a clear word."""

    def __init__(self, configuration: Configuration, engine: Engine, company: Company) -> None:
        self.company = company
        self._configuration = configuration
        most = company.limits.active_greetings
        limits = msgspec.structs.replace(configuration.own_sounds.limits, greetings_in_use=most)
        self._sounds = CompanySounds(DatabaseThreads(engine), configuration.state_directory, company.id, limits)

    def shelf(self) -> SoundShelf:
        return self.do(self._sounds.shelf())

    def original(self, sound: SoundEntry) -> Path:
        """The file that was given to us."""
        return self._sounds.folder.original(sound.name, sound.original_name)

    def add(
        self,
        source: Path,
        name: str,
        *,
        kind: SoundKind,
        number: int | None = None,
        music_list: str | None = None,
        progress: Callable[[float], None],
    ) -> SoundEntry:
        new = NewSound(
            name=name,
            source=source,
            made_by=getpass.getuser(),
            made_at=time.time(),
            kind=kind,
            number=number,
            music_list=music_list,
        )
        return self.do(self._sounds.add(new, progress))

    @property
    def sounds(self) -> CompanySounds:
        return self._sounds

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """What comes of it; ends the command where it is refused."""
        try:
            return asyncio.run(work)
        except (SoundRefused, UploadRefused) as refused:
            give_up(f"{self.company.id}: {refused}")
        except OSError as error:
            give_up(f"{self.company.id}: the files of the sounds cannot be changed: {error}")

    def tell_running(self) -> None:
        """Have the running server take it over, and tell what it says."""
        out().print(tell_sounds_changed(self._configuration), soft_wrap=True)


@contextmanager
def sound_desk(configuration: Configuration, company: str) -> Iterator[SoundDesk]:
    """The desk for a company; ends the command where there is no such company, or no database."""
    with database(configuration) as engine:
        yield SoundDesk(configuration, engine, company_of(engine, company))


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[float], None]]:
    """A bar on a terminal, nothing elsewhere; call it with what is done, 0 to 1."""
    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not Console(stderr=True).is_terminal,
    ) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda done: bar.update(task, completed=done)


def minutes(seconds: float) -> str:
    """`2:05`."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02}"
