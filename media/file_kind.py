"""What a file is by its first bytes, whatever its name says."""

from pathlib import Path

EXPECTED = "expected a sound file: MP3, WAV, WMA, M4A, OGG or FLAC"

_HEAD = 64 * 1024
"""Bytes looked at."""
_NO_SOUND: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a ZIP archive (or a document of an office program)"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG\r\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"MZ", "a program"),
    (b"\x7fELF", "a program"),
    (b"MThd", "a MIDI file, which holds notes and no sound"),
    (b"#EXTM3U", "a playlist, which only names sound files"),
    (b"[playlist]", "a playlist, which only names sound files"),
    (b"SQLite format 3\0", "a database"),
)
_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<svg", b"<smil", b"<asx")
_ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
"""GUID of the ASF Header Object (Advanced Systems Format specification §10.1)."""
_ASF_ENCRYPTED = (
    bytes.fromhex("fbb31122 23bd d211 b4b7 00a0c955fc6e"),
    bytes.fromhex("14e68a29 2226 174c b935 dae07ee9289c"),
)
"""GUIDs of the Content Encryption Object and the Extended one (ASF specification §3.14, §3.15)."""


def no_sound_in(source: Path) -> str:
    """Why a file can hold no sound that we may read, as a sentence's end; empty when it may. Raises OSError."""
    with source.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        return "the file is empty"
    for begins, what in _NO_SOUND:
        if head.startswith(begins):
            return f"it is {what}, whatever its name says"
    if head.lstrip().lower().startswith(_MARKUP):
        return "it is a page of text, perhaps of a website that wanted a log-in first"
    if head.startswith(_ASF_HEADER) and any(guid in head for guid in _ASF_ENCRYPTED):
        return "it is encrypted (a protected WMA); only who bought it can play it"
    if not head.strip(b"\0"):
        return "it holds nothing but zeros, as an interrupted download leaves behind"
    return ""
