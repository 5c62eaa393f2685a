"""Where messages lie on disk.

STATE/voicemail/COMPANY/BOX/ID.wav        a message
STATE/voicemail/COMPANY/BOX/ID.json       beside it while it is not accepted yet: who speaks, and to which box
STATE/voicemail/COMPANY/BOX/greeting.wav  what the box's callers hear
"""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import msgspec

from media.on_disk import sync_folder
from routing.voicemail.postbox import Message

GREETING = "greeting.wav"


class Folders:
    """All files of voicemail below one folder. Every method may raise OSError."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def of_box(self, company: str, box: str) -> Path:
        # A person's id is free to be "..", and no name shall lead out of the folder.
        return self._root / _plain(company) / _plain(box)

    def sound(self, message: Message) -> Path:
        return self.of_box(message.company, message.box) / f"{message.id}.wav"

    def greeting(self, company: str, box: str) -> Path:
        return self.of_box(company, box) / GREETING

    def begin(self, message: Message) -> Path:
        """Note that a message is being spoken; returns where its sound is to be."""
        sound = self.sound(message)
        sound.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _note_of(sound).open("xb") as file:
            file.write(msgspec.json.encode(message))
            file.flush()
            os.fsync(file.fileno())
        sync_folder(sound.parent)
        return sound

    def accepted(self, message: Message) -> None:
        """The message is known elsewhere from here on."""
        _note_of(self.sound(message)).unlink(missing_ok=True)

    def remove(self, message: Message) -> None:
        """Remove the sound, and the note if there is one."""
        sound = self.sound(message)
        sound.unlink(missing_ok=True)
        _note_of(sound).unlink(missing_ok=True)

    def begun(self) -> Iterator[Message]:
        """Messages that were being spoken, or not accepted yet, when the process ended."""
        for note in sorted(self._root.glob("*/*/*.json")):
            try:
                yield msgspec.json.decode(note.read_bytes(), type=Message)
            except msgspec.DecodeError:  # cut off while it was written: nobody had begun to speak
                note.unlink(missing_ok=True)


def _note_of(sound: Path) -> Path:
    return sound.with_suffix(".json")


def _plain(name: str) -> str:
    return quote(name, safe="").replace(".", "%2E")
