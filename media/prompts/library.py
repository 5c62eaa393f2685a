"""Finds prompts and music by name: a company's own recording first, else the one that is in the package.

Numbers, times and dates are put together from these clips (`routing.spoken` does it):

    number/0 ... number/99, number/100, number/200 ... number/900    a number at the end of what is said
    hundreds/1 ... hundreds/9    before the rest: 342 is hundreds/3, number/42
    time/0 ... time/24           on the hour: "five p.m.", "klokken sytten", "siebzehn Uhr"
    hour/0 ... hour/23           before minutes: 17:05 is hour/17, minute/5
    minute/1 ... minute/59
    half-day/am, half-day/pm     after the minutes, in English alone
    weekday/1 ... weekday/7      Monday is the first
    day/1 ... day/31             before the month: "the twenty-fourth of", "den vierundzwanzigsten"
    month/1 ... month/12
    position/1 ... position/50, position/many    whole sentences
    position/number                              before a number above 50
    beep                         the tone before a recording, the same in every language

What `media/prompts/texts` holds beside these, below `[clips]`, are sentences of their own.
"""

from pathlib import Path, PurePosixPath

PACKAGED = Path(__file__).parent
LANGUAGES = ("en", "da", "nb", "sv", "de")
"""Languages of the packaged prompts; the first is the one all others fall back to."""
FALLBACK_LANGUAGE = LANGUAGES[0]
HIGHEST_CLIP = 99
"""Numbers up to here are whole clips."""
HIGHEST_POSITION = 50
"""`position/1` to `position/50` are whole clips."""
HALF_DAYS = ("half-day/am", "half-day/pm")
"""Only English needs them."""
BEEP = "beep"

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
        folder = PACKAGED / FALLBACK_LANGUAGE
        names = (file.relative_to(folder).with_suffix("").as_posix() for file in folder.rglob("*.ogg"))
        return sorted(name for name in names if name != BEEP and name not in HALF_DAYS)


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
