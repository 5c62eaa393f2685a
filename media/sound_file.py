"""Opening a sound file that nobody has looked at yet."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import av
from av.container import InputContainer

_FORMATS = "aac,ac3,aiff,amr,asf,au,avi,caf,flac,matroska,mov,mp3,ogg,wav,w64"
"""Containers that hold their own sound. Playlists, which could name other files or addresses, are not among them."""


class Unreadable(Exception):
    """The file holds no sound that we can read; the text says why."""


@contextlib.contextmanager
def opened(source: Path) -> Iterator[InputContainer]:
    """The file with its sound, which is `streams.audio[0]`. Raises Unreadable; av.FFmpegError when it is damaged."""
    options = {"protocol_whitelist": "file", "format_whitelist": _FORMATS}
    with av.open(f"file:{source}", options=options, metadata_errors="ignore") as container:
        if not container.streams.audio:
            raise Unreadable("there are only pictures in it" if container.streams.video else "there is no sound in it")
        yield container
