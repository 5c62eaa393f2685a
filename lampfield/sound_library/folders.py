"""Where a company's sounds are on disk: `state_directory/sounds/COMPANY/`."""

import contextlib
import re
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from lampfield.ownership import hand_over

_GIVEN_UP_SECONDS = 86_400.0
"""Nobody works on a file that is as old as this and has no name yet."""


@dataclass(frozen=True, slots=True)
class SoundFolder:
    """The folder of one company. `originals` holds what was given to us, as it was."""

    path: Path

    def file(self, name: str) -> Path:
        """The clean WAV that callers hear."""
        return self.path / f"{name}.wav"

    def original(self, name: str, original_name: str) -> Path:
        suffix = Path(original_name).suffix.lower()
        kept = suffix if re.fullmatch(r"\.[a-z0-9]{1,8}", suffix) else ""
        return self.path / "originals" / f"{name}{kept}"

    def new_files(self, name: str) -> tuple[Path, Path]:
        """Where a sound and its original are made ready, apart from all that are made at the same time."""
        token = secrets.token_hex(4)
        return self.path / f"{name}.{token}.new", self.path / "originals" / f"{name}.{token}.new"

    def make(self) -> None:
        """Have the folders, for their owner alone, without what was killed in the making. Raises OSError."""
        for folder in (self.path.parent, self.path, self.path / "originals"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            hand_over(folder)
        for pattern in ("*.part", "*.plain", "*.*.new", "originals/*.*.new"):
            for left in self.path.glob(pattern):
                with contextlib.suppress(FileNotFoundError):
                    if left.stat().st_mtime < time.time() - _GIVEN_UP_SECONDS:
                        left.unlink()


def sound_folder(state_directory: Path, company: str) -> SoundFolder:
    return SoundFolder(state_directory / "sounds" / company)
