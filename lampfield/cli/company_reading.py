"""Reading a company file for a command: checked with the prompts and the music that this server has."""

from pathlib import Path

from lampfield.configuration import Configuration
from media.prompts.library import PromptLibrary, PromptMissing
from provisioning.company_check import check_company
from provisioning.company_file import read_company
from provisioning.problems import Problems
from routing.model import Company


def read_checked_company(source: Path, configuration: Configuration, problems: Problems) -> Company:
    """The company in the file, to be used only if `problems` is empty afterwards."""
    company = read_company(source, problems)
    library = PromptLibrary(configuration.media.prompts)

    def prompt_exists(name: str) -> bool:
        try:
            library.find(name, company.language)
        except PromptMissing:
            return False
        return True

    def music_exists(name: str) -> bool:
        try:
            library.music(name)
        except PromptMissing:
            return False
        return True

    check_company(company, problems, prompt_exists=prompt_exists, music_exists=music_exists)
    return company
