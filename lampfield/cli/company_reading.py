"""Reading a company file for a command: checked with the prompts, the music and the trunks that this server has."""

from collections.abc import Collection
from pathlib import Path

from lampfield.configuration import Configuration
from media.prompts.library import FALLBACK_LANGUAGE, LANGUAGES, PromptLibrary, PromptMissing
from provisioning.check import Surroundings, check_company
from provisioning.company_file import read_company
from provisioning.problems import Problems
from routing.model import Company


def read_checked_company(source: Path, configuration: Configuration, problems: Problems) -> Company:
    """The company in the file, to be used only if `problems` is empty afterwards."""
    company = read_company(source, problems)
    library = PromptLibrary(configuration.media.prompts)

    def music_exists(name: str) -> bool:
        try:
            library.music(name)
        except PromptMissing:
            return False
        return True

    surroundings = Surroundings(
        spoken=lambda prompt: _languages(library, prompt),
        music_exists=music_exists,
        trunks=bool(configuration.trunks),
    )
    check_company(company, problems, surroundings)
    return company


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
