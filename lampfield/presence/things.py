"""What is on or off and has no lamp until somebody watches it: the keys by which people set what is theirs alone.

A company with a thousand people has six such keys for each, and hardly any is watched.
"""

from collections.abc import Callable
from typing import NamedTuple

from lampfield.presence.addresses import parts_of
from lampfield.presence.member_lamps import address

IsOn = Callable[[str], bool | None]
"""Whether the thing with this AOR is on; None where it is not there, or is somebody else's to tell."""


class OwnKey(NamedTuple):
    """A key whose lamp shows each person something else."""

    dialled: str
    domain: str
    person: str
    """Id of whose key it is."""


def own_key(aor: str) -> OwnKey | None:
    """What an AOR as `member_lamps.for_member` makes it is for; None for one that everybody sees alike."""
    shown = address(aor)
    if shown == aor:
        return None
    dialled, domain = parts_of(shown)
    return OwnKey(dialled, domain, aor.removeprefix(shown).partition("=")[2])


class Things:
    """Asks who knows of such things."""

    def __init__(self) -> None:
        self._known: list[IsOn] = []

    def add(self, is_on: IsOn) -> None:
        """Ask here too from now on."""
        self._known.append(is_on)

    def is_on(self, aor: str) -> bool | None:
        """Whether it is on; None where there is no such thing."""
        return next((on for ask in self._known if (on := ask(aor)) is not None), None)
