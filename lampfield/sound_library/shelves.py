"""The sounds of all companies as signalling has them in memory: looking one up costs a call nothing."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlalchemy import Engine

from lampfield.sound_library.company_sounds import OWN
from lampfield.sound_library.folders import SoundFolder, sound_folder
from provisioning.sound_shelf import STANDARD, SoundShelf, load_shelves
from routing.hours import Slot
from routing.model import Company

ACTIVE = "default"
"""What queues call the list that plays; the standard one is packaged under the same name."""


class CompanyShelf:
    """One company's. Fulfils `routing.greetings.Greetings`; its content is replaced when something has changed."""

    def __init__(self, folder: SoundFolder) -> None:
        self._folder = folder
        self._shelf = SoundShelf()

    def take(self, shelf: SoundShelf) -> None:
        """Have these from now on."""
        self._shelf = shelf

    def has(self, prompt: str) -> bool:
        """Whether there is a sound of this prompt's name, `own/welcome`."""
        return prompt.startswith(OWN) and prompt.removeprefix(OWN) in self._shelf.sounds

    def file(self, prompt: str) -> Path | None:
        """The file of `own/welcome`; None for what is not the company's own."""
        return self._folder.file(prompt.removeprefix(OWN)) if self.has(prompt) else None

    def music(self, name: str) -> list[Path]:
        """The files of the company's own list of this name, or of the one that is active; empty for a built-in one."""
        wanted = self._shelf.active_music if name == ACTIVE else name
        if wanted == STANDARD:
            return []
        return [self._folder.file(sound.name) for sound in self._shelf.lists().get(wanted, ())]

    def of_number(self, number: int) -> str | None:
        """The prompt of the sound that bears a number."""
        sound = self._shelf.of_number(number)
        return OWN + sound.name if sound is not None else None

    def in_use(self, number: str, slot: Slot) -> str | None:
        name = self._shelf.in_use.get((number, slot))
        return OWN + name if name is not None else None


class Shelves:
    """One shelf for each company, by its domain."""

    def __init__(self, state_directory: Path) -> None:
        self._state_directory = state_directory
        self._shelves: dict[str, CompanyShelf] = {}
        self._known: Mapping[str, SoundShelf] = {}

    @staticmethod
    def load(engine: Engine) -> Mapping[str, SoundShelf]:
        """What the database has, by company id. Raises SQLAlchemyError."""
        with engine.connect() as connection:
            return load_shelves(connection)

    def configure(self, companies: Iterable[Company], shelves: Mapping[str, SoundShelf] | None = None) -> None:
        """Take over the companies as they are now, with what the database has of their sounds."""
        self._known = self._known if shelves is None else shelves
        for company in companies:
            shelf = self._shelves.get(company.domain)
            if shelf is None:
                shelf = CompanyShelf(sound_folder(self._state_directory, company.id))
                self._shelves[company.domain] = shelf
            shelf.take(self._known.get(company.id, SoundShelf()))

    def of(self, domain: str) -> CompanyShelf:
        """The company's; one that is empty for a company that is not known any more."""
        return self._shelves.get(domain) or CompanyShelf(SoundFolder(self._state_directory))
