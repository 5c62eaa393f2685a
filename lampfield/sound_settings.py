"""The section of the server's configuration that is about companies' own sounds."""

from dataclasses import dataclass

from lampfield.sound_library.limits import SoundLimits
from media.uploads import UploadLimits
from provisioning.kinds import seconds, whole
from provisioning.settings import setting


@dataclass(frozen=True, slots=True)
class OwnSounds:
    """What companies may record and upload: greetings, prompts and music."""

    sounds: int = setting(whole(1, 100_000), 200, "Greetings and prompts of one company.")
    music_lists: int = setting(whole(0, 1000), 3, "Music lists of a company's own, beside the standard one.")
    files_in_list: int = setting(whole(1, 10_000), 10, "Files in one music list.")
    longest_greeting_seconds: float = setting(seconds(5, 3600), 180, "How long a greeting or a prompt may be.")
    longest_music_seconds: float = setting(seconds(10, 3600), 1800, "How long a piece of music may be.")
    upload_megabytes: int = setting(whole(1, 10_000), 100, "The largest file that is taken in.")
    upload_cpu_seconds: int = setting(whole(1, 3600), 60, "Computing that reading one file may take.")
    upload_memory_megabytes: int = setting(whole(256, 65_536), 1024, "Memory that reading one file may take.")

    @property
    def limits(self) -> SoundLimits:
        return SoundLimits(
            sounds=self.sounds,
            music_lists=self.music_lists,
            files_in_list=self.files_in_list,
            longest_greeting_seconds=self.longest_greeting_seconds,
            longest_music_seconds=self.longest_music_seconds,
            upload=UploadLimits(
                bytes=self.upload_megabytes << 20,
                cpu_seconds=self.upload_cpu_seconds,
                memory_bytes=self.upload_memory_megabytes << 20,
            ),
        )
