"""The order in which one caller hears the files of a music list."""

import random
from collections.abc import Sequence
from pathlib import Path


class Rotation:
    """Random; no file comes again before all have been, and none twice in a row. The list may change at any time."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._played: set[Path] = set()
        self._last: Path | None = None

    def next(self, files: Sequence[Path]) -> Path | None:
        """The next of the list as it is now; None for an empty list."""
        fresh = [file for file in files if file not in self._played]
        if not fresh:
            self._played.clear()
            fresh = [file for file in files if file != self._last] or list(files)
        if not fresh:
            return None
        self._last = self._dice.choice(fresh)
        self._played.add(self._last)
        return self._last
