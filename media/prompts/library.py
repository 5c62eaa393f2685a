"""Finds prompts and music by name: a company's own recording first, else the one that is in the package."""

from pathlib import Path, PurePosixPath

PACKAGED = Path(__file__).parent
LANGUAGES = ("en", "da", "nb", "sv", "de")
"""Languages of the packaged prompts; the first is the one all others fall back to."""
FALLBACK_LANGUAGE = LANGUAGES[0]
HIGHEST_NUMBER = 50
"""`position/1` to `position/50` and `number/0` to `number/50` are whole clips; beyond, `position/many`."""

_SINGLE_CLIPS = (
    "greeting",
    "menu",
    "please-wait",
    "closed",
    "goodbye",
    "invalid-choice",
    "please-choose",
    "busy",
    "unavailable",
    "connecting",
)
_MUSIC = "music"


class PromptMissing(LookupError):
    """No file for a prompt or a music list; the message names it and every folder where it was looked for."""


class PromptLibrary:
    """The packaged prompts, under those of a folder of own recordings.

    `overrides` holds `<language>/<name>.<any audio extension>` and `music/<list>/*`; None for no own recordings.
    """

    def __init__(self, overrides: Path | None = None) -> None:
        self._folders = [PACKAGED] if overrides is None else [overrides, PACKAGED]

    def find(self, name: str, language: str) -> Path:
        """The file of prompt `name` (`greeting`, `position/7`) in `language`, else in English. Raises PromptMissing."""
        languages = dict.fromkeys((language, FALLBACK_LANGUAGE))
        places = [folder / each for each in languages for folder in self._folders]
        if _is_plain(name) and _is_plain(language):
            for place in places:
                if recording := _recording(place, name):
                    return recording
        raise PromptMissing(f"prompt {name!r} in language {language!r}: no such file in {_listed(places)}")

    def music(self, list_name: str) -> list[Path]:
        """The pieces of a music list, by file name; own music replaces a whole list. Raises PromptMissing."""
        places = [folder / _MUSIC / list_name for folder in self._folders]
        if _is_plain(list_name):
            for place in places:
                if pieces := _audio_files(place):
                    return pieces
        raise PromptMissing(f"music {list_name!r}: no files in {_listed(places)}")

    @staticmethod
    def names() -> list[str]:
        """Names of the prompts that every packaged language has."""
        positions = [f"position/{number}" for number in range(1, HIGHEST_NUMBER + 1)]
        numbers = [f"number/{number}" for number in range(HIGHEST_NUMBER + 1)]
        return [*_SINGLE_CLIPS, *positions, "position/many", *numbers]


def _is_plain(name: str) -> bool:
    """False for a name that would lead out of the folder: names come from company files."""
    path = PurePosixPath(name)
    return bool(name) and not path.is_absolute() and ".." not in path.parts and "\0" not in name


def _recording(place: Path, name: str) -> Path | None:
    wanted = place / name
    return next((file for file in _audio_files(wanted.parent, stem=wanted.name)), None)


def _audio_files(folder: Path, stem: str | None = None) -> list[Path]:
    """Audio files of a folder in order; with `stem` only those of that name."""
    if not folder.is_dir():
        return []
    files = (file for file in folder.iterdir() if stem is None or file.stem == stem)
    return sorted(file for file in files if not _is_note(file) and file.is_file())


def _is_note(file: Path) -> bool:
    """Hidden files are what editors and copying leave behind; texts may lie beside recordings."""
    return file.name.startswith(".") or file.suffix.lower() in {".txt", ".md", ".toml", ".py"}


def _listed(places: list[Path]) -> str:
    return ", ".join(str(place) for place in places)
