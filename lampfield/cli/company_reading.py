"""Reading a company file for a command: checked with the prompts, the music and the trunks that this server has."""

import os
from collections.abc import Collection
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from lampfield.configuration import Configuration
from lampfield.database import open_database
from lampfield.sound_library.company_sounds import OWN
from media.prompts.library import FALLBACK_LANGUAGE, LANGUAGES, PromptLibrary, PromptMissing
from provisioning.check import Surroundings, check_company
from provisioning.company_file import read_company
from provisioning.problems import Problems
from provisioning.sound_shelf import SoundShelf, load_shelf
from routing.model import Company


def read_checked_company(source: Path, configuration: Configuration, problems: Problems) -> Company:
    """The company in the file, to be used only if `problems` is empty afterwards."""
    company = read_company(source, problems)
    library = PromptLibrary(configuration.media.prompts)
    shelf = _shelf(configuration, company.id)

    def spoken(prompt: str) -> Collection[str]:
        own = prompt.startswith(OWN) and prompt.removeprefix(OWN) in shelf.sounds
        return LANGUAGES if own else _languages(library, prompt)

    def music_exists(name: str) -> bool:
        try:
            return name in shelf.lists() or bool(library.music(name))
        except PromptMissing:
            return False

    surroundings = Surroundings(
        spoken=spoken,
        music_exists=music_exists,
        trunks=bool(configuration.trunks),
        secrets=configuration.secrets,
        mails=configuration.mail.host is not None,
    )
    check_company(company, problems, surroundings)
    return company


def _shelf(configuration: Configuration, company: str) -> SoundShelf:
    """The company's own sounds; none without a database that can be read, for a file can be checked without one."""
    url = make_url(configuration.database_url)
    if url.get_backend_name() == "sqlite" and not os.path.isfile(url.database or ""):
        return SoundShelf()
    engine = open_database(configuration.database_url)
    try:
        with engine.connect() as connection:
            return load_shelf(connection, company)
    except SQLAlchemyError:
        return SoundShelf()
    finally:
        engine.dispose()


def _languages(library: PromptLibrary, prompt: str) -> Collection[str]:
    """The languages that a prompt is recorded in; where it is not, the library finds what stands in for it."""
    found: dict[str, Path] = {}
    for language in LANGUAGES:
        try:
            found[language] = library.find(prompt, language)
        except PromptMissing:
            continue
    instead = found.get(FALLBACK_LANGUAGE)
    return {language for language, file in found.items() if language == FALLBACK_LANGUAGE or file != instead}
