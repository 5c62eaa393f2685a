"""What the header of a WAV says of its length, which readers pass over where it cannot be true."""

import struct
from pathlib import Path

_UNKNOWN_FROM = 0x7F000000
"""Writers to a pipe cannot know the length and write the largest number, or one near it."""


def promised_seconds(source: Path) -> float:
    """How long the sound is by the header of a WAV; 0 for what is none, or does not say. Raises OSError."""
    with source.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return 0.0
        bytes_a_second = 0
        while len(chunk := file.read(8)) == 8:
            name, size = struct.unpack("<4sI", chunk)
            if name == b"fmt " and len(described := file.read(min(size, 16))) == 16:
                (bytes_a_second,) = struct.unpack_from("<I", described, 8)
                size -= 16
            elif name == b"data":
                return size / bytes_a_second if bytes_a_second and size < _UNKNOWN_FROM else 0.0
            # Chunks begin at even places (Multimedia Programming Interface and Data Specifications 1.0, "RIFF").
            file.seek(size + size % 2, 1)
    return 0.0
