"""What a server has that a company may refer to."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from provisioning.problems import nearest

FALLBACK_LANGUAGE = "en"
"""What callers hear where there is no recording in their language."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a company is checked against."""

    spoken: Callable[[str], Collection[str]]
    """The languages in which there is a recording of a prompt."""
    music_exists: Callable[[str], bool]
    trunks: bool
    """Whether the outside can be called at all."""
    secrets: Collection[str]
    """Names of the secrets that sign look-ups."""
    mails: bool
    """Whether there is a mail server to send by."""


def one_of(group: str, name: str, known: Collection[str]) -> str:
    """Continues "must be ...": what there is to name, or what was probably meant."""
    near = nearest(name, known)
    if near is not None:
        return f"one of {group}, did you mean {near}?"
    return f"one of {group}, which are {', '.join(known) if known else 'none'}"
