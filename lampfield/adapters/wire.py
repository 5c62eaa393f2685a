"""What adapters and signalling say to each other: msgpack on a Unix socket, each message behind its length.

Batches are numbered and acknowledged one after the other. People come first, in parts, and again when companies change.
"""

import asyncio
from typing import Any, TypeVar

import msgspec

from presence_pidf.status_report import StatusReport
from status_adapters.adapter import Watched
from status_adapters.health import Figures

MOST_BYTES = 4_000_000
"""A message that is longer is a fault."""
PEOPLE_IN_PART = 2000
REPORTS_IN_BATCH = 500


class Hello(msgspec.Struct, frozen=True, tag=True):
    """First from the adapters."""

    tellers: bool
    """Whether an adapter wants to know of people's own states."""


class Batch(msgspec.Struct, frozen=True, tag=True):
    """Reports, and the sources that are there though they have nothing new."""

    number: int
    reports: list[StatusReport]
    heard: list[str] = []


class Standing(msgspec.Struct, frozen=True, tag=True):
    """How all adapters are."""

    adapters: list[Figures]


class People(msgspec.Struct, frozen=True, tag=True):
    """A part of the people to watch; with `last` they are all told, and who was not named is watched no more."""

    people: list[Watched]
    last: bool


class Taken(msgspec.Struct, frozen=True, tag=True):
    """The batch of this number is merged."""

    number: int


class Told(msgspec.Struct, frozen=True, tag=True):
    """What a person does here."""

    presentity: str
    activity: str
    note: str
    since: float


FromAdapters = Hello | Batch | Standing
FromSignalling = People | Taken | Told

M = TypeVar("M")


def packed(message: FromAdapters | FromSignalling) -> bytes:
    """The message with its length before it."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(4, "big") + body


async def read_message(reader: asyncio.StreamReader, decoder: msgspec.msgpack.Decoder[M]) -> M:
    """The next message. Raises EOFError at the end, and ConnectionError for what is no message."""
    length = int.from_bytes(await reader.readexactly(4), "big")
    if length > MOST_BYTES:
        raise ConnectionError(f"a message of {length} bytes")
    try:
        return decoder.decode(await reader.readexactly(length))
    except msgspec.DecodeError as error:
        raise ConnectionError(f"not a message: {error}") from error


from_adapters: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(FromAdapters)
from_signalling: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(FromSignalling)
