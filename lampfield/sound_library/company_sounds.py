"""The sounds of one company, to look at and to change."""

import asyncio
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
from sqlalchemy import Connection

from lampfield.database_threads import DatabaseThreads
from lampfield.ownership import hand_over
from lampfield.sound_library.folders import SoundFolder, sound_folder
from lampfield.sound_library.limits import SoundLimits
from media.on_disk import put_in_place
from media.uploads import UploadRefused, take_in
from provisioning.sound_shelf import (
    STANDARD,
    SoundEntry,
    SoundKind,
    SoundShelf,
    activate_music,
    delete_sounds,
    load_shelf,
    put_in_use,
    save_sound,
)
from routing.hours import Slot

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
OWN = "own/"
"""A company's own sounds are prompts of this kind: `own/welcome`."""


class SoundRefused(Exception):
    """What was asked cannot be done; the text says why and what to do."""


class NewSound(msgspec.Struct, frozen=True, kw_only=True):
    """A sound to be: what is known before its file was read."""

    name: str
    source: Path
    made_by: str
    made_at: float
    """UTC epoch seconds."""
    kind: SoundKind = "greeting"
    number: int | None = None
    music_list: str | None = None
    original_name: str = ""
    """Empty is the name of `source`."""


class CompanySounds:
    """Adds, removes and uses. What is on disk and in the database agrees: a file is there before its row."""

    def __init__(self, database: DatabaseThreads, state_directory: Path, company: str, limits: SoundLimits) -> None:
        self._database = database
        self._company = company
        self._limits = limits
        self.folder: SoundFolder = sound_folder(state_directory, company)

    async def shelf(self) -> SoundShelf:
        """What there is. Raises SQLAlchemyError, as all of these do when the database is away."""
        return await self._database.ask(lambda connection: load_shelf(connection, self._company))

    async def add(self, new: NewSound, progress: Callable[[float], None] = lambda done: None) -> SoundEntry:
        """Take a sound in, in place of one of the same name. Raises SoundRefused and UploadRefused."""
        shelf = await self.shelf()
        self._refuse(new, shelf)
        known = shelf.sounds.get(new.name)
        limits, music = self._limits, new.kind == "music"
        original_name = new.original_name or new.source.name
        finished, original = self.folder.new_files(new.name)
        try:
            await asyncio.to_thread(self.folder.make)
            made = await take_in(
                new.source,
                finished,
                longest_seconds=limits.longest_music_seconds if music else limits.longest_greeting_seconds,
                music=music,
                limits=limits.upload,
                progress=progress,
            )
            await asyncio.to_thread(shutil.copyfile, new.source, original)
            hand_over(finished, original)
            entry = SoundEntry(
                name=new.name,
                kind=new.kind,
                seconds=made.seconds,
                made_at=new.made_at,
                made_by=new.made_by,
                original_name=original_name,
                original_format=made.format,
                number=known.number if new.number is None and known is not None else new.number,
                music_list=new.music_list,
            )
            in_place = {original: self._original(entry), finished: self.folder.file(new.name)}

            def keep(connection: Connection) -> None:
                """What cannot be written, here or there, leaves callers what they heard before."""
                save_sound(connection, self._company, entry)
                put_in_place(in_place)

            await self._database.change(keep)
        except OSError as error:
            raise SoundRefused(f"{self.folder.path} cannot be written: {error.strerror or error}") from error
        finally:
            for part in (finished, original):
                part.unlink(missing_ok=True)
        if known is not None and self._original(known) != self._original(entry):
            self._original(known).unlink(missing_ok=True)
        return entry

    async def remove(self, name: str) -> None:
        """Take a sound away, its original too. Raises SoundRefused for one in use."""
        shelf = await self.shelf()
        sound = shelf.sounds.get(name)
        if sound is None:
            raise SoundRefused(no_such(name, shelf))
        if uses := shelf.uses_of(name):
            told = ", ".join(f"{number} ({slot})" for number, slot in uses)
            raise SoundRefused(f"{name} is in use: {told}. Put another one in use there first, or none")
        if sound.music_list == shelf.active_music and len(shelf.lists()[shelf.active_music]) == 1:
            raise SoundRefused(
                f"{name} is the last file of {shelf.active_music}, which plays. Activate another list first"
            )
        await self._remove([sound])

    async def remove_music(self, music_list: str, name: str) -> None:
        """Take one file out of a list. Raises SoundRefused."""
        shelf = await self.shelf()
        files = shelf.lists().get(music_list)
        if files is None:
            raise SoundRefused(no_such_list(music_list, shelf))
        if name not in [sound.name for sound in files]:
            told = ", ".join(sound.name for sound in files)
            raise SoundRefused(f"there is no file {name} in {music_list}; there are {told}")
        await self.remove(name)

    async def remove_list(self, music_list: str) -> None:
        """Take a music list away with its files. Raises SoundRefused for the one that plays."""
        shelf = await self.shelf()
        files = shelf.lists().get(music_list)
        if files is None:
            raise SoundRefused(no_such_list(music_list, shelf))
        if shelf.active_music == music_list:
            raise SoundRefused(f"{music_list} plays now. Activate another list first")
        await self._remove(files)

    async def use(self, number: str, slot: Slot, name: str | None) -> None:
        """Greet with a sound on a main number; None leaves it to the company file. Raises SoundRefused."""
        shelf = await self.shelf()
        if name is not None and name not in shelf.sounds:
            raise SoundRefused(no_such(name, shelf))
        if name is not None and shelf.sounds[name].kind == "music":
            raise SoundRefused(f"{name} is music. Only a greeting or a prompt can greet")
        self._refuse_use(shelf, number, slot, name)
        await self._database.change(lambda connection: put_in_use(connection, self._company, number, slot, name))

    def _refuse_use(self, shelf: SoundShelf, number: str, slot: Slot, name: str | None) -> None:
        """Raise SoundRefused where more greetings would be in use than the company may have."""
        others = dict.fromkeys(used for place, used in shelf.in_use.items() if place != (number, slot))
        if name is not None and name not in others and len(others) >= self._limits.greetings_in_use:
            raise SoundRefused(
                f"there are {len(others)} greetings in use already ({', '.join(others)}), the most "
                "(active_greetings of the company's limits). Put one of them out of use first"
            )

    async def activate(self, music_list: str) -> None:
        """Play a list from each caller's next file on. Raises SoundRefused."""
        shelf = await self.shelf()
        if music_list != STANDARD and music_list not in shelf.lists():
            raise SoundRefused(no_such_list(music_list, shelf))
        await self._database.change(lambda connection: activate_music(connection, self._company, music_list))

    def _refuse(self, new: NewSound, shelf: SoundShelf) -> None:
        """Raise SoundRefused where the sound cannot be added, before its file is read."""
        if NAME.fullmatch(new.name) is None:
            raise SoundRefused(f"name = {new.name!r}: must be letters, digits, - and _, at most 63")
        known = shelf.sounds.get(new.name)
        if known is not None and (known.kind == "music") != (new.kind == "music"):
            raise SoundRefused(f"{new.name} is there already, as {known.kind}. Choose another name")
        numbered = shelf.of_number(new.number) if new.number is not None else None
        if numbered is not None and numbered.name != new.name:
            raise SoundRefused(f"number = {new.number}: {numbered.name} has it. Choose another one")
        if new.music_list is not None:
            self._refuse_music(new, new.music_list, shelf)
        elif known is None and sum(sound.kind != "music" for sound in shelf.sounds.values()) >= self._limits.sounds:
            raise SoundRefused(
                f"there are {self._limits.sounds} sounds already, the most that are kept. Remove one first"
            )

    def _refuse_music(self, new: NewSound, music_list: str, shelf: SoundShelf) -> None:
        lists, limits = shelf.lists(), self._limits
        if NAME.fullmatch(music_list) is None or music_list in (STANDARD, "default", "ringback"):
            raise SoundRefused(f"list = {music_list!r}: must be letters, digits, - and _, and no list that is built in")
        known = shelf.sounds.get(new.name)
        if known is not None and known.music_list != music_list:
            raise SoundRefused(f"{new.name} is there already, in the list {known.music_list}. Choose another name")
        if music_list not in lists and len(lists) >= limits.music_lists:
            told = ", ".join(lists)
            raise SoundRefused(f"there are {limits.music_lists} lists already ({told}), the most. Remove one first")
        if known is None and len(lists.get(music_list, ())) >= limits.files_in_list:
            raise SoundRefused(f"{music_list} has {limits.files_in_list} files already, the most. Remove one first")

    async def _remove(self, sounds: list[SoundEntry]) -> None:
        names = [sound.name for sound in sounds]
        await self._database.change(lambda connection: delete_sounds(connection, self._company, names))
        for sound in sounds:
            self.folder.file(sound.name).unlink(missing_ok=True)
            self._original(sound).unlink(missing_ok=True)

    def _original(self, sound: SoundEntry) -> Path:
        return self.folder.original(sound.name, sound.original_name)


def no_such(name: str, shelf: SoundShelf) -> str:
    return f"there is no sound {name}; there are {', '.join(shelf.sounds) or 'none yet'}"


def no_such_list(music_list: str, shelf: SoundShelf) -> str:
    return f"there is no music list {music_list}; there are {', '.join([STANDARD, *shelf.lists()])}"


__all__ = ["CompanySounds", "NewSound", "SoundRefused", "UploadRefused"]
