"""A company with a database of its own, for the tests of its sounds."""

from pathlib import Path

from sqlalchemy import Engine

from lampfield.database import open_database, upgrade
from lampfield.database_threads import DatabaseThreads
from lampfield.sound_library.company_sounds import CompanySounds, NewSound
from lampfield.sound_library.limits import SoundLimits
from media.prompts.library import PromptLibrary
from media.prompts.sound import RATE, read_audio
from provisioning.company_import import import_company
from provisioning.sound_shelf import SoundKind
from tests.media.sound_files import write
from tests.routing.nordlys import company

COMPANY = company()
NUMBER = "+4533221100"


def database(folder: Path) -> Engine:
    """A database that knows the company."""
    engine = open_database(f"sqlite:///{folder / 'lampfield.sqlite3'}")
    upgrade(engine)
    import_company(engine, COMPANY, new_password=lambda: "a-long-password")
    return engine


def sounds_of(folder: Path, limits: SoundLimits | None = None, engine: Engine | None = None) -> CompanySounds:
    threads = DatabaseThreads(engine or database(folder))
    return CompanySounds(threads, folder / "state", COMPANY.id, limits or SoundLimits())


def sound_file(path: Path, prompt: str = "goodbye") -> Path:
    """Something to upload."""
    return write(path, read_audio(PromptLibrary().find(prompt, "da")), RATE)


def new(
    name: str, source: Path, *, kind: SoundKind = "greeting", number: int | None = None, music_list: str | None = None
) -> NewSound:
    return NewSound(
        name=name, source=source, made_by="ingrid", made_at=1.8e9, kind=kind, number=number, music_list=music_list
    )
