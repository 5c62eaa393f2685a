"""Structs out of the journal, which an older version may have written."""

import logging
from collections.abc import Iterator
from typing import TypeVar

import msgspec

from lampfield.journal import Journal

logger = logging.getLogger(__name__)

Kept = TypeVar("Kept")


def decoded(journal: Journal, kind: str, struct: type[Kept]) -> Iterator[Kept]:
    """Everything of a kind; what cannot be read any more is forgotten, for phones come back by themselves."""
    for key, value in journal.load(kind).items():
        try:
            yield msgspec.msgpack.decode(value, type=struct)
        except msgspec.DecodeError as error:
            logger.warning("journal: a %s is forgotten, it was written by another version: %s", kind, error)
            journal.delete(kind, key)
