"""How much a company may record and upload."""

import msgspec

from media.uploads import UploadLimits


class SoundLimits(msgspec.Struct, frozen=True):
    """How much a company may keep."""

    sounds: int = 200
    """Greetings and prompts."""
    music_lists: int = 3
    files_in_list: int = 10
    greetings_in_use: int = 4
    """Different ones, on all main numbers together; a company says in its file where it has more."""
    longest_greeting_seconds: float = 180.0
    longest_music_seconds: float = 1800.0
    upload: UploadLimits = UploadLimits()
