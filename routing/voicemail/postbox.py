"""What the flows need of a company's voicemail boxes. `lampfield.voicemail` fulfils it with disk and database."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec


class Message(msgspec.Struct, frozen=True):
    """A message that was accepted. Times are UTC epoch seconds."""

    id: str
    company: str
    box: str
    call: str
    """The call in which it was left."""
    at: float
    caller_number: str
    caller_name: str = ""
    seconds: float = 0.0
    heard_at: float | None = None
    deleted_at: float | None = None
    """It can be restored for a while; then it is gone."""
    saved: bool = False
    """Kept for longer than messages that were only heard."""
    text: str = ""
    """What was said, by the transcription."""

    @property
    def is_new(self) -> bool:
        return self.heard_at is None


class Draft(msgspec.Struct, frozen=True):
    """A message that is being spoken: where it is to be recorded. It outlives the process."""

    message: Message
    path: Path


class NotKept(Exception):
    """A message could not be put on disk; the text says why. Its caller must be told."""


class Postbox(Protocol):
    """The boxes of one company. What changes is told to lamps and records by whoever fulfils this."""

    def is_full(self, box: str) -> bool: ...

    def greeting(self, box: str) -> Path | None:
        """What the owner has recorded for callers; None plays the box's standard greeting."""
        ...

    async def begin(self, box: str, *, call: str, caller_number: str, caller_name: str) -> Draft:
        """Prepare for a message, so that it is found even if the process is killed. Raises NotKept."""
        ...

    async def keep(self, draft: Draft) -> Message | None:
        """Accept what was recorded: on disk when this returns. None, and nothing is kept, when it is too short.

        Raises NotKept.
        """
        ...

    async def discard(self, draft: Draft) -> None:
        """Forget what was recorded."""

    def messages(self, box: str) -> Sequence[Message]:
        """New ones first, then those that were heard, each oldest first; without deleted ones."""
        ...

    def file(self, message: Message) -> Path:
        """Its sound."""
        ...

    def heard(self, message: Message, *, call: str, person: str | None) -> Message:
        """It was listened to; the message as it is now, here as below."""
        ...

    def save(self, message: Message) -> Message:
        """Keep it for longer than messages that were only heard."""
        ...

    def delete(self, message: Message, *, call: str, person: str | None) -> Message: ...

    def restore(self, message: Message) -> Message:
        """Take a deletion back."""
        ...

    async def use_greeting(self, box: str, recording: Path) -> None:
        """Take a recording as the box's greeting from now on; the file is moved. Raises NotKept."""

    async def drop_greeting(self, box: str) -> None:
        """Back to the standard greeting."""
