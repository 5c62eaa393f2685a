"""Where a company's sounds are on disk: `state_directory/sounds/COMPANY/`."""

import re
from dataclasses import dataclass
from pathlib import Path

from lampfield.ownership import hand_over


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

    def make(self) -> None:
        """Have the folders, for their owner alone. Raises OSError."""
        for folder in (self.path.parent, self.path, self.path / "originals"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            hand_over(folder)


def sound_folder(state_directory: Path, company: str) -> SoundFolder:
    return SoundFolder(state_directory / "sounds" / company)
