"""The last picture of the database, on disk for a start while the database is away.

file   = header shape digest content
shape  = SHA-256 of what a picture is made of, so that one of another version is known
digest = SHA-256 of the content
content = MessagePack of `_Kept`
"""

import contextlib
import hashlib
import logging
import os
from functools import cache
from pathlib import Path

import msgspec
from sqlalchemy import make_url

from media.on_disk import put_in_place
from provisioning.accounts import Account
from provisioning.picture import Picture
from provisioning.sound_shelf import SoundEntry
from routing.model import Company

logger = logging.getLogger(__name__)

HEADER = b"lampfield picture 1\n"

_DIGEST = hashlib.sha256().digest_size


class _Kept(msgspec.Struct, frozen=True):
    database: str
    """Where it was read, without name and password."""
    at: float
    picture: Picture


class _Useless(Exception):
    """The file is there, and nothing to go by."""


class KeptPicture:
    """One file. What cannot be written or read is told in the log and does no harm."""

    def __init__(self, path: Path, database_url: str) -> None:
        self.path = path
        url = make_url(database_url)
        place = {key: value for key, value in url.query.items() if key in ("host", "port")}
        self._database = url.set(username=None, password=None, query=place).render_as_string()

    def keep(self, picture: Picture, at: float) -> None:
        """Put the picture that was read at `at` (UTC epoch seconds) in place of the one before."""
        content = msgspec.msgpack.encode(_Kept(self._database, at, picture))
        new = self.path.with_name(f"{self.path.name}.new")
        try:
            file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with open(file, "wb") as part:
                part.write(HEADER + _shape() + hashlib.sha256(content).digest() + content)
            put_in_place({new: self.path})
        except OSError as error:
            logger.warning("%s: what a start without the database would go by cannot be written: %s", self.path, error)
            with contextlib.suppress(OSError):
                new.unlink(missing_ok=True)

    def last(self) -> tuple[Picture, float] | None:
        """The last picture and when it was read; None where there is none that can be gone by."""
        try:
            kept = self._read()
        except FileNotFoundError:
            return None
        except (OSError, _Useless, msgspec.DecodeError) as error:
            logger.warning("%s: nothing to begin by: %s", self.path, error)
            return None
        return kept.picture, kept.at

    def _read(self) -> _Kept:
        """Raises OSError, _Useless, msgspec.DecodeError."""
        data = self.path.read_bytes()
        begin = HEADER + _shape()
        if not data.startswith(begin):
            raise _Useless("it is of another version, or damaged")
        digest, content = data[len(begin) : len(begin) + _DIGEST], data[len(begin) + _DIGEST :]
        if hashlib.sha256(content).digest() != digest:
            raise _Useless("it is damaged")
        kept = msgspec.msgpack.decode(content, type=_Kept)
        if kept.database != self._database:
            raise _Useless(f"it is of another database, {kept.database}")
        return kept


@cache
def _shape() -> bytes:
    """What pictures are made of: all names, kinds and defaults."""
    parts = msgspec.json.schema_components([Company, Account, SoundEntry])
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).digest()
